"""Articles of law as people read them: "AVG 6(1)(e)" becomes the name of the law, the article, its paragraph
and its letter. Pure.
"""

import re
from collections.abc import Iterable, Mapping

_LAWS: Mapping[str, str] = {
    "Wmo": "Wet maatschappelijke ondersteuning 2015",
    "AVG": "Algemene verordening gegevensbescherming",
    "UAVG": "Uitvoeringswet Algemene verordening gegevensbescherming",
    "Wpg": "Wet politiegegevens",
    "Bpg": "Besluit politiegegevens",
    "Wjsg": "Wet justitiële en strafvorderlijke gegevens",
    "BW": "Burgerlijk Wetboek",
    "Awb": "Algemene wet bestuursrecht",
    "Politiewet": "Politiewet 2012",
    "Reclasseringsregeling": "Reclasseringsregeling 1995",
    "Aanwijzing Wjsg": "Aanwijzing Wet justitiële en strafvorderlijke gegevens",
    "Regeling JKJ": "Regeling justitiële keteninformatisering Jeugdwet",
}
"""What is not here is written as it is."""

_PLACE = re.compile(r"([0-9][0-9a-z.:]*)((?:[-,]?\([0-9a-z]+\))*)")
_GROUP = re.compile(r"([-,]?)\(([0-9a-z]+)\)")


def in_words(articles: Iterable[str]) -> tuple[str, ...]:
    """Each of them once, in their order."""
    return tuple(dict.fromkeys(_in_words(article) for article in articles))


def law_of(basis: str) -> str:
    """The name of the first law in a text such as "Wpg 25, 27, 28"."""
    return _name(basis)[0]


def _in_words(article: str) -> str:
    law, place = _name(article)
    if not place:
        return law
    found = _PLACE.fullmatch(place)
    if found is None:
        return f"{law}, onderdeel {place}"
    words = f"{law}, artikel {found[1]}"
    for sign, one in _GROUP.findall(found[2]):
        kind = "lid" if one.isdigit() else "onder"
        words += {"": f", {kind} {one}", ",": f" en {one}", "-": f" tot en met {one}"}[sign]
    return words


def _name(article: str) -> tuple[str, str]:
    """The law's name, and what is left."""
    for short in sorted(_LAWS, key=len, reverse=True):
        if article == short or article.startswith(f"{short} "):
            return _LAWS[short], article[len(short) :].strip()
    law, _, place = article.partition(" ")
    return law, place
