"""Names as they are compared: folded, split, prefixes apart. Pure.

- Folding: NFKD without marks, letters that do not decompose (ø, ł, đ, ı, æ …) spelled out, case dropped, ij =
  y.
- Spelling variants that are one name in practice are one form: doubled letters (Jansen, Janssen; Mohamed,
  Mohammed), ph/f, th/t, ck/k, c/k.
- Prefixes are stripped from a surname and compared apart, also where they were typed into it.
- Titles before a name (mr., drs., ing.) are no name. Letters outside the Latin alphabet fold to nothing: such
  a name is not compared, and is never another one. What of a name was not read so is kept beside it: names
  that differ in it are not known to be equal.
- A double surname is itself and each of its parts; so is a surname with a partner's surname.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from contract.identity import Identity

_SPELLED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ħ": "h"}
    | {"ŧ": "t", "ŋ": "n", "ə": "e", "ĸ": "k", "ȷ": "j", "ſ": "s", "·": "", "‧": "", "・": ""}
)
_APOSTROPHES = re.compile(r"['’‘`´ʼ.]")
_NOT_LETTERS = re.compile(r"[^a-z]+")
_LETTERS = frozenset({"Ll", "Lo", "Lt", "Lu"})  # a modifier (ʻ) only says how the letter before it sounds
_HARD_C = re.compile(r"c(?=[^eiyh]|$)")
_DOUBLED = re.compile(r"(.)\1+")
_DOUBLE_NAME = re.compile(r"\s*[-/–]\s*")
_SKELETON = str.maketrans({"z": "s", "v": "f", "d": "t", **dict.fromkeys("aeiouyh", "")})
_PREFIX_WORDS = """
    van de der den het t ten ter te in op aan bij onder over uit voor von vom zu zum la le lo du des da do dos
    das del della di el al ait ben bin ibn abu abou ould st l d s
"""
_PREFIXES = frozenset(_PREFIX_WORDS.split())
_TITLES = frozenset(
    ["mr", "mrs", "dr", "drs", "ir", "ing", "prof", "jhr", "jkvr", "bc", "ds", "dhr", "mw", "mevr"]
)


def folded(text: str) -> str:
    """Lower-case a-z and single spaces; apostrophes and dots vanish, everything else becomes a space."""
    return _NOT_LETTERS.sub(" ", _plain(text)).strip()


@lru_cache(maxsize=65536)
def unread(text: str) -> str:
    """The letters that `folded` leaves out, in order: those of another script."""
    return "".join(one for one in _plain(text) if not one.isascii() and unicodedata.category(one) in _LETTERS)


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text)).casefold().translate(_SPELLED)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@lru_cache(maxsize=65536)
def spelled(word: str) -> str:
    """One form for the spellings of one name; gets one folded word."""
    form = word.replace("ij", "y").replace("ph", "f").replace("th", "t").replace("ck", "k").replace("dt", "t")
    return _DOUBLED.sub(r"\1", _HARD_C.sub("k", form))


@lru_cache(maxsize=65536)
def skeleton(form: str) -> str:
    """The first letter and the consonants: what near spellings of one name share. For blocking only, never
    for a decision.
    """
    return form[:1] + _DOUBLED.sub(r"\1", form[1:].translate(_SKELETON))


@dataclass(frozen=True)
class Surname:
    """A surname without its prefix, and the prefix. `unread`: what of it stands in another script."""

    form: str
    prefix: str
    unread: str = ""


def _untitled(text: str) -> list[str]:
    words = folded(text).split()
    while len(words) > 1 and words[0] in _TITLES:
        words.pop(0)
    return words


@lru_cache(maxsize=65536)
def surname_of(text: str, prefix: str) -> Surname:
    """One surname with the prefix that belongs to it, as it is compared."""
    words = _untitled(text)
    apart = folded(prefix).split()
    while len(words) > 1 and words[0] in _PREFIXES:
        apart.append(words.pop(0))
    return Surname(spelled("".join(words)), "".join(apart), unread(text))


@lru_cache(maxsize=65536)
def _surnames(text: str, prefix: str, partner: str) -> tuple[Surname, ...]:
    parts = [(part, "") for part in _DOUBLE_NAME.split(text)]
    names = [(text, prefix), *([(parts[0][0], prefix), *parts[1:]] if len(parts) > 1 else [])]
    if partner:
        names += [(part, "") for part in {partner, *_DOUBLE_NAME.split(partner)}]
    forms = dict.fromkeys(surname_of(*name) for name in names)
    return tuple(name for name in forms if name.form)


def surnames(identity: Identity) -> tuple[Surname, ...]:
    """Every surname under which this person may be known; the own one first."""
    return _surnames(identity.surname, identity.prefix, identity.partner_surname)


@lru_cache(maxsize=65536)
def given_names(text: str) -> tuple[str, ...]:
    """The given names in order, each in its one form. Initials ("J.C.") are names of one letter."""
    return tuple(spelled(word) for word in _untitled(text.replace(".", " ")))
