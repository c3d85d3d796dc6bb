"""Letters and overviews: everything that must be in them, nothing of anybody else, readable and printable."""

import itertools
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.node.informing.letters import Contact, Letter, Overview, html, pdf
from adapters.node.informing.letters.laws import in_words
from adapters.node.informing.letters.letter import told_of
from adapters.node.informing.letters.overview import AskedAbout
from adapters.node.informing.letters.words import Organisation, day
from adapters.node.informing.telling import Circumstance, Recipient, channels, recipients
from contract.codes import AgeBand, PurposeCode
from demo.cast import cast
from party.letterforms import printable
from party.pdf import PdfUnavailable
from policies import load_release
from tests.pdf import inflated, printing

CATALOGUE = load_release().catalogue

DAY = date(2026, 12, 3)
BASES = ("Wmo 5.2.6", "AVG 6(1)(e)")


RECLASSERING = Organisation("reclassering", "Reclassering Noord")
VEILIG_THUIS = Organisation("veilig_thuis", "Veilig Thuis Noord")
RAAD = Organisation("rvdk", "Raad Noord")


def letter(**chosen: object) -> Letter:
    told = {
        "name": "Anna Voorbeeld",
        "reference": "3f1c2a9e-0000-4000-8000-000000000009",
        "recipient": "self",
        "age_band": "adult",
        "sender": "veilig_thuis",
        "sender_name": "Veilig Thuis Midden (DEMO)",
        "desk": "Loket Veilig Thuis",
        "phone": "030 000 00 00",
        "hours": "op werkdagen van 9 tot 17 uur",
        "receiver": "veilig_thuis",
        "written_on": DAY,
        "told": told_of([(RECLASSERING, "enrich_referral", BASES, date(2026, 11, 23))]),
        "contact": Contact(),
    }
    return Letter(**{**told, **chosen})  # type: ignore[arg-type]


class _Text(HTMLParser):
    """The words of a page, a block a line."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = [""]
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden = tag == "style" or (self._hidden and tag not in {"body"})
        if tag in {"p", "li", "h1", "h2", "td", "th", "caption", "title", "br"}:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.blocks[-1] += data


def blocks(document: Letter | Overview) -> list[str]:
    parser = _Text()
    parser.feed(html(document, CATALOGUE))
    return [" ".join(block.split()) for block in parser.blocks if block.strip()]


RECIPIENTS = [
    ("self", "adult"),
    ("self", "from_16_to_17"),
    ("child_and_representative", "from_12_to_15"),
    ("representative", "under_12"),
    ("special_guardian", "under_12"),
]

ITEMS = {
    "who is responsible": "is verantwoordelijk voor deze brief",
    "how to reach them": "030 000 00 00",
    "and the FG": "functionaris gegevensbescherming",
    "which partner was asked": "Bij de Reclassering is gevraagd of",
    "purpose": "om te weten wie al betrokken is",
    "legal basis": "De afspraken noemen: Wet maatschappelijke ondersteuning 2015, artikel 5.2.6. "
    "Algemene verordening gegevensbescherming, artikel 6, lid 1, onder e",
    "what to quote": "Kenmerk: 3f1c2a9e-0000-4000-8000-000000000009",
    "categories": "Soort gegevens: begeleiding en toezicht",
    "recipients by name": "Dat was Veilig Thuis, als er een antwoord was",
    "source": "Het begon met een melding",
    "retention": "vijf jaar",
    "access": "Inzage",
    "correction": "Correctie",
    "destruction": "Vernietiging",
    "restriction": "Beperking",
    "objection": "Bezwaar",
    "complaint at the sender": "bij ons een klacht",
    "complaint at the authority": "Autoriteit Persoonsgegevens",
    "confidant": "vertrouwenspersoon",
    "what a computer does": "Wat er daarna gebeurt, beslissen mensen",
    "concept": "concept",
}


@pytest.mark.parametrize(("recipient", "age_band"), RECIPIENTS)
@pytest.mark.parametrize("item", ITEMS)
def test_every_item_of_the_hand_out_is_in_it(recipient: str, age_band: str, item: str) -> None:
    assert ITEMS[item].lower() in " ".join(blocks(letter(recipient=recipient, age_band=age_band))).lower()


@pytest.mark.parametrize(("recipient", "age_band"), RECIPIENTS)
def test_it_is_plain_dutch(recipient: str, age_band: str) -> None:
    """Short sentences, and no words of the trade (B1)."""
    document = letter(recipient=recipient, age_band=age_band)
    sentences = [
        sentence
        for block in blocks(document)
        if "Dat staat in" not in block and "Waarom" not in block
        for sentence in re.split(r"(?<=[.?:])\s", block)
    ]
    lengths = [len(sentence.split()) for sentence in sentences if sentence]
    assert max(lengths) <= 20
    assert sum(lengths) / len(lengths) <= 10
    text = " ".join(blocks(document)).lower()
    for word in (
        "betrokkene",
        "verwerkingsverantwoordelijke",
        "conform",
        "middels",
        "derhalve",
        "casus",
        "hand-out",
    ):
        assert word not in text


def test_an_adult_is_u_and_a_child_is_je() -> None:
    adult = " ".join(blocks(letter()))
    child = " ".join(blocks(letter(age_band="from_16_to_17")))
    assert re.search(r"\bu\b", adult)
    assert not re.search(r"\b(je|jij|jou)\b", adult)
    assert re.search(r"\b(je|jij|jou)\b", child)
    assert not re.search(r"\b[uU]\b|\b[uU]w\b", child)
    stands_in = " ".join(blocks(letter(recipient="representative", age_band="under_12")))
    assert "de ouder of voogd van Anna Voorbeeld" in stands_in
    assert "of uw kind bekend is" in stands_in


FAMILY = {name: member.identity for name, member in cast(date(2026, 11, 23)).items()}
_holders = st.sampled_from(sorted(CATALOGUE.partners))
_purposes = st.sampled_from(get_args(PurposeCode))
_rows = st.lists(
    st.tuples(
        _holders.map(lambda kind: Organisation(kind, f"Proef {kind}")),
        _purposes,
        st.just(BASES),
        st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    ),
    min_size=1,
    max_size=8,
)
_who = st.sampled_from(sorted(FAMILY))


def named(who: str) -> str:
    identity = FAMILY[who]
    return " ".join(part for part in (identity.given_names, identity.prefix, identity.surname) if part)


@given(
    who=_who,
    rows=_rows,
    kind=st.sampled_from(RECIPIENTS),
    receiver=st.sampled_from(sorted(CATALOGUE.partners)),
)
def test_nothing_of_anybody_else_is_in_a_letter(
    who: str,
    rows: list[tuple[Organisation, str, tuple[str, ...], date]],
    kind: tuple[str, str],
    receiver: str,
) -> None:
    """No name, birth date, address or number of any other member of any family; no answer; no reporter."""
    document = letter(
        name=named(who), recipient=kind[0], age_band=kind[1], told=told_of(rows), receiver=receiver
    )
    page = html(document, CATALOGUE)
    own = FAMILY[who]
    for other, identity in FAMILY.items():
        if other == who:
            continue
        for value in (identity.surname, identity.birth_date, identity.postcode):
            if value and value not in {own.surname, own.birth_date, own.postcode}:
                assert value not in page.replace(named(who), "")
    assert own.postcode not in page
    assert own.birth_date not in page
    text = " ".join(blocks(document)).lower()
    for word in (
        "slachtoffer",
        "verdachte",
        "dader",
        "pleger",
        "onder toezicht staat",
        "afgeschermd",
        "buur",
    ):
        assert word not in text
    # of every question only that it was asked whether the person is known there
    assert len(re.findall(r"is gevraagd of", text)) == len({row[0] for row in rows})


def test_who_heard_an_answer_afterwards_is_named_and_nobody_where_there_is_none() -> None:
    also = "Wij vertelden een antwoord daarna ook aan: Politie (DEMO); Raad (DEMO)."
    assert also in html(letter(passed_to=("Politie (DEMO)", "Raad (DEMO)")), CATALOGUE)
    assert "daarna ook aan" not in html(letter(), CATALOGUE)


@given(rows=_rows, receiver=_holders)
def test_two_letters_about_the_same_questions_are_the_same_whoever_reported_and_whatever_was_answered(
    rows: list[tuple[Organisation, str, tuple[str, ...], date]], receiver: str
) -> None:
    """A letter is made of who was asked, why, when, by which article, and who heard it; nothing else."""
    one, other = (html(letter(told=told_of(rows), receiver=receiver), CATALOGUE) for _ in range(2))
    assert one == other
    assert set(Letter.__dataclass_fields__) == {
        "name",
        "reference",
        "recipient",
        "age_band",
        "sender",
        "sender_name",
        "desk",
        "phone",
        "hours",
        "receiver",
        "written_on",
        "told",
        "passed_to",
        "circumstances",
        "contact",
    }


@pytest.mark.parametrize(
    ("recipient", "age_band", "to", "about"),
    [
        ("self", "adult", "Aan: Anna Voorbeeld", "over u"),
        ("self", "from_12_to_15", "Aan: Anna Voorbeeld", "over jou"),  # alone: a parent may be the suspect
        (
            "child_and_representative",
            "from_12_to_15",
            "Aan: Anna Voorbeeld, en de ouder of voogd",
            "over jou",
        ),
        ("representative", "under_12", "Aan: de ouder of voogd van Anna Voorbeeld", "over uw kind"),
        ("special_guardian", "under_12", "Aan: de bijzondere curator van Anna Voorbeeld", "over het kind"),
        ("representative", "adult", "Aan: de vertegenwoordiger van Anna Voorbeeld", "u vertegenwoordigt"),
    ],
)
def test_each_reader_has_own_words(recipient: str, age_band: str, to: str, about: str) -> None:
    found = blocks(letter(recipient=recipient, age_band=age_band))
    assert to in found
    assert next(block for block in found if block.startswith("Wij vroegen informatie op over")).endswith(
        about
    )


def test_who_is_detained_or_needs_an_interpreter_reads_how() -> None:
    plain = " ".join(blocks(letter(circumstances=("address_shared",))))
    assert "tolk" not in plain
    assert "inrichting" not in plain
    both = " ".join(blocks(letter(circumstances=("detained", "interpreter_needed"))))
    assert "Deze brief gaat naar de inrichting." in both
    assert "Wij regelen een tolk." in both


def test_what_our_own_data_leave_open_is_not_said_to_be_sure() -> None:
    """Of a basis with a gap or an open question the letter says so; of one without, nothing."""
    gap = told_of([(RECLASSERING, "enrich_referral", ("out_reclassering",), DAY)])
    sure = told_of([(RECLASSERING, "enrich_referral", ("in_politie",), DAY)])
    unsure = "Over deze afspraak hebben wij nog een vraag aan juristen."
    assert unsure in " ".join(blocks(letter(told=gap)))
    assert unsure not in " ".join(blocks(letter(told=sure)))
    twice = told_of([(RECLASSERING, "enrich_referral", ("in_vt", "in_vt_criminal"), DAY)])
    laws = [block for block in blocks(letter(told=twice)) if block.endswith("artikel 5.1.6.")]
    assert len(laws) == 1  # two bases name it


@pytest.mark.parametrize(
    ("sender", "law", "objects"),
    [
        ("veilig_thuis", "Wet maatschappelijke ondersteuning 2015", True),
        ("reclassering", "Algemene verordening gegevensbescherming", True),
        ("politie", "Wet politiegegevens", False),
        ("om", "Wet justitiële en strafvorderlijke gegevens", False),
    ],
)
def test_rights_are_those_of_the_senders_law(sender: str, law: str, objects: bool) -> None:
    text = " ".join(blocks(letter(sender=sender)))
    assert f"Voor ons geldt daarbij de {law}." in text
    assert ("Bezwaar: zeggen" in text) is objects
    assert ("vijftien jaar" in text) is (sender == "veilig_thuis")


def test_whom_to_write_to_is_in_it_where_the_party_says_so() -> None:
    told = Contact("Postbus 1, 3500 AA Utrecht", "fg@vt.example", "Zorgbelang, 088 000 00 00")
    text = " ".join(blocks(letter(contact=told)))
    for words in (told.postal_address, told.officer, told.confidential_adviser):
        assert words in text


def test_concept_is_what_the_release_says() -> None:
    reviewed = html(letter(), replace(CATALOGUE, status="reviewed"))
    assert "oncept" in html(letter(), CATALOGUE)
    assert "oncept" not in reviewed.split("</style>")[1]


@pytest.mark.parametrize(
    ("article", "words"),
    [
        ("Wmo 5.3.3(3)", "Wet maatschappelijke ondersteuning 2015, artikel 5.3.3, lid 3"),
        (
            "Wmo 4.1.1(2)(b)-(c)",
            "Wet maatschappelijke ondersteuning 2015, artikel 4.1.1, lid 2, onder b tot en met c",
        ),
        (
            "Wjsg 39f(1)(a),(f)",
            "Wet justitiële en strafvorderlijke gegevens, artikel 39f, lid 1, onder a en f",
        ),
        ("Wpg 6b", "Wet politiegegevens, artikel 6b"),
        ("BW 1:238(3)", "Burgerlijk Wetboek, artikel 1:238, lid 3"),
        ("Aanwijzing Wjsg III.2", "Aanwijzing Wet justitiële en strafvorderlijke gegevens, onderdeel III.2"),
        ("Regeling JKJ", "Regeling justitiële keteninformatisering Jeugdwet"),
        ("Proefwet 3", "Proefwet, artikel 3"),
    ],
)
def test_an_article_in_words(article: str, words: str) -> None:
    assert in_words([article, article]) == (words,)


def test_a_name_without_a_font_is_no_empty_box() -> None:
    """It is printed, or refused with what to install; never boxes, and never with the name."""
    assert printed(letter(name="Łukasz Дмитрий محمد Ŋə"))
    lacking = "\U0001e900\U0001e901"  # a script for which few machines have a font
    if not printable(lacking):
        with pytest.raises(PdfUnavailable) as refused:
            pdf(letter(name=lacking), CATALOGUE)
        assert "fonts" in str(refused.value)
        assert lacking not in str(refused.value)


def overview(*asked: AskedAbout) -> Overview:
    return Overview(
        name="Anna Voorbeeld",
        reference="3f1c2a9e-0000-4000-8000-000000000001",
        sender="veilig_thuis",
        sender_name="Veilig Thuis Midden (DEMO)",
        desk="Loket",
        phone="030 000 00 00",
        hours="op werkdagen",
        written_on=DAY,
        asked=asked,
        size=81,
        root="ab" * 32,
        contact=Contact(),
    )


def test_an_overview_says_what_may_be_known_and_always_that_there_may_be_more() -> None:
    row = AskedAbout(date(2026, 11, 23), VEILIG_THUIS, RAAD, "interpret", "A06", BASES, told=True)
    text = " ".join(blocks(overview(row)))
    for words in (
        "23 november 2026",
        "Veilig Thuis",
        "Raad Noord",
        CATALOGUE.purposes["interpret"].why,
        "A06",
    ):
        assert words in text
    later = "Soms mag iets pas later."
    assert later in text
    assert later in " ".join(blocks(overview()))
    assert "Niet gevonden met deze gegevens" in " ".join(blocks(overview()))


def printed(document: Letter | Overview) -> bytes:
    with printing():
        return pdf(document, CATALOGUE)


@pytest.mark.parametrize("document", [letter(), overview()], ids=["letter", "overview"])
def test_it_prints_as_pdf_that_a_screen_reader_can_read(document: Letter | Overview) -> None:
    """PDF/UA-1: tagged, titled, in Dutch, with its fonts in it; always the same bytes."""
    raw = printed(document)
    assert raw.startswith(b"%PDF-1.")
    assert raw == printed(document)
    streams = b"".join(inflated(raw))
    whole = raw + streams
    assert b"/MarkInfo" in whole
    assert b"/StructTreeRoot" in whole
    assert re.search(rb"/Lang\s*\(nl\)", whole)
    assert re.search(rb"pdfuaid:part[^0-9]{1,8}1", whole)
    assert b"/DisplayDocTitle true" in whole
    fonts = re.findall(rb"/FontDescriptor", whole)
    assert fonts
    assert b"/FontFile" in whole
    assert b"Voorbeeld" not in re.findall(rb"/Title[^\n]{0,80}", whole)[0]  # no name where a list shows it


# ── who is told, and how ──


@pytest.mark.parametrize("age_band", get_args(AgeBand))
def test_nobody_is_told_through_a_representative_who_is_the_suspect(age_band: AgeBand) -> None:
    found = recipients(age_band, ["representative_is_suspect"])
    assert found
    if age_band != "unknown":
        assert not found & {"representative", "child_and_representative"}


def test_who_is_told_by_age() -> None:
    expected = {
        "under_12": {"representative"},
        "from_12_to_15": {"child_and_representative"},
        "from_16_to_17": {"self"},
        "adult": {"self"},
        "unknown": set(get_args(Recipient)),
    }
    assert {age: set(recipients(age, [])) for age in expected} == expected  # type: ignore[arg-type]
    assert recipients("adult", ["guardianship"]) == {"self", "representative"}


def test_there_is_always_a_safe_way_and_never_an_unsafe_one() -> None:
    """Whatever comes together, somebody can speak with the person."""
    every = get_args(Circumstance)
    for count in range(len(every) + 1):
        for circumstances in itertools.combinations(every, count):
            found = channels(circumstances)
            assert "conversation" in found
            if {"address_shared", "detained", "low_literacy"} & set(circumstances):
                assert "letter" not in found
            if "device_shared" in circumstances:
                assert not found & {"phone", "secure_mail"}


def test_days_are_written_as_people_do() -> None:
    assert day(date(2026, 3, 1)) == "1 maart 2026"
