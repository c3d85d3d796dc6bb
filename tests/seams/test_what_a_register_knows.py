"""A register says only what it knows: the same for files, a database and a service. Nothing that cannot be
read is taken for the harmless value, and absent data never for an absent person.
"""

import asyncio
import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from adapters.partners import adapter_for
from adapters.partners.adapter import Asked, Finding
from adapters.registers import reading
from adapters.registers.blocks import BLOCKS_VERSION
from adapters.registers.reading import MarkUnreadable, Odd, brp_date, iso_date, mark
from adapters.registers.register import Record, RegisterUnavailable
from adapters.registers.thresholds import read_thresholds
from contract.identity import Identity
from contract.working_days import working_days_since
from demo.population import CastMember, MemberFacts, build
from tests.rvdk_service import answering

TODAY = date(2026, 3, 10)  # a Tuesday
HOME = {"postcode": "9991ZX", "house_number": "14a"}
ODD, OTHER = (Identity("Zoekma", name, "1988-07-23", **HOME) for name in ("Emine", "Wout"))
NOBODY = Identity("Nergensma", "Wout Pieter", "1977-05-19", postcode="9990ZX", house_number="2")
MARKS = ("Ja", "j", "1", "true", "X", "J ", "", "None", "y")


def found(partner: str, url: str, question: str, *who: Identity, today: date = TODAY) -> list[Finding]:
    role = "suspected_perpetrator"

    async def ask() -> list[Finding]:
        adapter = adapter_for(partner, url, thresholds=read_thresholds(), today=lambda: today)
        try:
            return await adapter.look_up([Asked(question, one, role, "adult") for one in who])
        finally:
            await adapter.close()

    return asyncio.run(ask())


# ── files ──


class Extract:
    """The police's files of a night, to be changed as another program might write them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        records = frozenset({Record("violence", "suspect", date(2025, 9, 1))})
        cast = [CastMember("odd", ODD, {"politie": MemberFacts(records)})]
        cast += [CastMember("other", OTHER, {"politie": MemberFacts(records)})]
        build("politie", self.folder, seed=1, size=30, today=TODAY, cast=cast)

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def rows(self, file: str) -> list[dict[str, str]]:
        return [*csv.DictReader(io.StringIO((self.folder / file).read_text(encoding="utf-8")))]

    def write(self, file: str, rows: list[dict[str, str]], heading: list[str] | None = None) -> None:
        """With a manifest that goes with it."""
        out = io.StringIO()
        writer = csv.DictWriter(out, heading or list(rows[0]), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        (self.folder / file).write_text(out.getvalue(), encoding="utf-8")
        self.state(file, len(rows))

    def state(self, file: str, rows: int, **more: Any) -> None:
        content = (self.folder / file).read_bytes()
        stated = json.loads((self.folder / "extract.json").read_text())
        stated["files"][file] |= {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "rows": rows,
            **more,
        }
        (self.folder / "extract.json").write_text(json.dumps(stated))

    def change(self, file: str, column: str, value: str | None, key: str = "C000000") -> None:
        rows = self.rows(file)
        for row in rows:
            if row["sleutel"] == key:
                row[column] = value or ""
        self.write(file, rows)

    def ask(self, *who: Identity, today: date = TODAY) -> list[Finding]:
        return found("politie", self.url, "politie.relevant_registrations", *who, today=today)


@pytest.fixture
def extract(tmp_path: Path) -> Extract:
    return Extract(tmp_path / "politie")


def test_a_file_as_it_should_be(extract: Extract) -> None:
    """What the changes below start from."""
    assert [one.codes for one in extract.ask(ODD, OTHER, NOBODY)] == [
        ("shareable", "violence"),
        ("shareable", "violence"),
        ("none_shareable",),
    ]


@pytest.mark.parametrize("value", MARKS)
@pytest.mark.parametrize("column", ["afgeschermd", "overleden", "in_onderzoek"])
def test_a_mark_in_a_file_is_true_or_false(extract: Extract, column: str, value: str) -> None:
    """Anything else makes the register unreadable, and says where; never what stands there."""
    extract.change("personen.csv", column, value)
    with pytest.raises(RegisterUnavailable, match=rf"personen.csv line 2: the mark {column}"):
        extract.ask(OTHER)


@pytest.mark.parametrize("file", ["personen.csv", "registraties.csv"])
def test_a_mark_that_is_not_there_is_not_false(extract: Extract, file: str) -> None:
    """A column that was left out, or renamed."""
    rows = extract.rows(file)
    extract.write(file, rows, [name for name in rows[0] if name != "afgeschermd"])
    with pytest.raises(RegisterUnavailable, match=f"{file} line 2: the mark afgeschermd"):
        extract.ask(OTHER)


@pytest.mark.parametrize(
    ("file", "column", "value"),
    [
        ("registraties.csv", "soort", "Stalking"),
        ("registraties.csv", "soort", "huiselijk geweld"),
        ("registraties.csv", "soort", ""),
        ("registraties.csv", "rol", "dader"),
        ("registraties.csv", "datum", "01-09-2025"),
        ("registraties.csv", "datum", ""),
        ("personen.csv", "geboortedatum", "23-07-1988"),
        ("personen.csv", "geboortedatum", "19880723"),
        ("personen.csv", "geboortedatum", "1988/07/23"),
        ("personen.csv", "geboortedatum", "1988-07-23T00:00:00"),
        ("personen.csv", "geboortedatum", ""),
        ("personen.csv", "geboortedatum", "1988-02-30"),
    ],
)
def test_what_is_odd_of_one_person_touches_nobody_else(
    extract: Extract, file: str, column: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind outside the list, a date in another form: a person looks at this one; operators hear where."""
    extract.change(file, column, value)
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(reading, "log", lambda _, **fields: told.append(fields))
    odd, other, nobody = extract.ask(ODD, OTHER, NOBODY)
    assert (odd.codes, odd.doubtful) == (("not_determinable",), True)
    assert (other.codes, nobody.codes) == (("shareable", "violence"), ("none_shareable",))
    [place] = told
    assert place["file"] == file
    assert place["line"] >= 2
    assert place["column"] in {None, column}


@pytest.mark.parametrize("surname", [".", "-", "王", ""])
def test_a_name_that_folds_to_nothing_is_open(extract: Extract, surname: str) -> None:
    """No crash, and no other answer for anybody else."""
    extract.change("personen.csv", "geslachtsnaam", surname)
    odd, other = extract.ask(ODD, OTHER)
    assert odd.codes == ("not_determinable",)
    assert other.codes == ("shareable", "violence")


def test_a_row_that_is_cut_off_is_for_a_person(extract: Extract) -> None:
    """An end that is not there any more is not "no end"."""
    lines = (extract.folder / "registraties.csv").read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if "C000000" in line)
    lines[place] = lines[place].rpartition(",")[0]
    (extract.folder / "registraties.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    extract.state("registraties.csv", len(lines) - 1)
    [odd] = extract.ask(ODD)
    assert odd.codes == ("not_determinable",)


def test_an_extract_in_another_shape_answers_nothing(extract: Extract) -> None:
    """One odd row is a person's work; all of them are another file."""
    rows = extract.rows("personen.csv")
    for row in rows:
        row["geboortedatum"] = "-".join(reversed(row["geboortedatum"].split("-")))
    extract.write("personen.csv", rows)
    with pytest.raises(
        RegisterUnavailable, match=r"rows of the register are odd; the first: personen\.csv line 2"
    ):
        extract.ask(OTHER)


def _empty(extract: Extract) -> None:
    for file in ("personen.csv", "registraties.csv"):
        (extract.folder / file).write_bytes(b"")
        extract.state(file, 0, rows_before=0)


def _headings(extract: Extract) -> None:
    for file in ("personen.csv", "registraties.csv"):
        extract.write(file, [], list(extract.rows(file)[0]))
        extract.state(file, 0, rows_before=0)


def _orphans(extract: Extract) -> None:
    rows = extract.rows("registraties.csv")
    rows[-1]["sleutel"] = "P999999"
    extract.write("registraties.csv", rows)


def _without_person(extract: Extract) -> None:
    extract.write(
        "personen.csv", [row for row in extract.rows("personen.csv") if row["sleutel"] != "C000000"]
    )


def _half(extract: Extract) -> None:
    rows = extract.rows("registraties.csv")
    extract.write("registraties.csv", rows[: len(rows) // 2])


def _twice(extract: Extract) -> None:
    rows = extract.rows("personen.csv")
    extract.write("personen.csv", [*rows, {**rows[0], "afgeschermd": "N"}])


def _miscounted(extract: Extract) -> None:
    extract.state("personen.csv", 3)


def _uncounted(extract: Extract) -> None:
    stated = json.loads((extract.folder / "extract.json").read_text())
    del stated["files"]["personen.csv"]["rows"]
    (extract.folder / "extract.json").write_text(json.dumps(stated))


def _deep(extract: Extract) -> None:
    (extract.folder / "extract.json").write_text("[" * 100_000)


@pytest.mark.parametrize(
    "harm",
    [_empty, _headings, _orphans, _without_person, _half, _twice, _miscounted, _uncounted, _deep],
    ids=lambda one: one.__name__.strip("_"),
)
def test_absent_data_are_no_absent_persons(extract: Extract, harm: Callable[[Extract], None]) -> None:
    """Files whose digests are right, and which lack what was there, are refused: nobody gets a no."""
    harm(extract)
    with pytest.raises(RegisterUnavailable):
        extract.ask(NOBODY)


@pytest.mark.parametrize(
    ("today", "answers"),
    [
        (date(2026, 3, 10), True),
        (date(2026, 3, 12), True),
        (date(2026, 3, 13), False),
        (date(2026, 3, 9), False),  # of a day that is yet to come
    ],
)
def test_an_extract_has_an_age_in_working_days(extract: Extract, today: date, answers: bool) -> None:
    if answers:
        assert extract.ask(OTHER, today=today)[0].as_of == TODAY
    else:
        with pytest.raises(RegisterUnavailable):
            extract.ask(OTHER, today=today)


def test_an_extract_of_friday_counts_on_monday() -> None:
    """And over Easter: Good Friday and Easter Monday are no working days."""
    days = [(6, 6, 0), (6, 7, 0), (6, 9, 1), (6, 10, 2)]
    for day, until, expected in days:
        assert working_days_since(date(2026, 3, day), date(2026, 3, until)) == expected
    assert working_days_since(date(2026, 4, 2), date(2026, 4, 7)) == 1


def test_doubt_that_could_change_the_answer_makes_it_doubtful(extract: Extract) -> None:
    """A registration in doubt that is too old to count, by its doubtful date."""
    rows = extract.rows("registraties.csv")
    for row in rows:
        if row["sleutel"] == "C000000":
            row |= {"datum": "2009-09-01", "in_onderzoek": "J"}
    extract.write("registraties.csv", rows)
    assert extract.ask(ODD)[0].codes == ("not_determinable",)


# ── a database ──


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'reclassering.sqlite'}"
    running = frozenset({Record("conditional_sentence", "client", date(2025, 9, 1))})
    cast = [
        CastMember(name, who, {"reclassering": MemberFacts(running)})
        for name, who in (("a", ODD), ("b", OTHER))
    ]
    build("reclassering", url, seed=1, size=30, today=TODAY, cast=cast)
    return url


def changed(url: str, statement: str, **values: Any) -> None:
    engine = create_engine(url)
    with engine.begin() as store:
        store.execute(text(statement), values)
    engine.dispose()


def asked(url: str, *who: Identity, today: date = TODAY) -> list[Finding]:
    return found("reclassering", url, "reclassering.under_supervision", *who, today=today)


@pytest.mark.parametrize("value", [*(one for one in MARKS if one != "1"), 2, -1, 1.5, b"\x01"])
@pytest.mark.parametrize("column", ["shielded", "in_doubt"])
def test_a_mark_in_a_database_is_true_or_false(database: str, column: str, value: object) -> None:
    """Whatever a column will hold: the register is unreadable, and says which mark."""
    changed(database, f"UPDATE clients SET {column} = :value WHERE id = 'C000000'", value=value)
    with pytest.raises(RegisterUnavailable, match=f"the mark {column} is neither"):
        asked(database, ODD)


@pytest.mark.parametrize("column", ["shielded", "in_doubt", "suspended", "contact_ban"])
def test_a_mark_of_a_record_is_too(database: str, column: str) -> None:
    changed(database, f"UPDATE supervisions SET {column} = 'Ja' WHERE client = 'C000000'")
    with pytest.raises(RegisterUnavailable, match=f"the mark supervision_{column}"):
        asked(database, ODD)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE supervisions SET kind = 'taakstraf' WHERE client = 'C000000'",
        "UPDATE supervisions SET kind = 'advies' WHERE client = 'C000000'",
        "UPDATE supervisions SET kind = '' WHERE client = 'C000000'",
        "UPDATE clients SET birth_date = '23-07-1988' WHERE id = 'C000000'",
        "UPDATE clients SET birth_date = '19880723' WHERE id = 'C000000'",
        "UPDATE clients SET surname = '.' WHERE id = 'C000000'",
        "UPDATE supervisions SET in_doubt = 1, ends_on = '2025-12-31' WHERE client = 'C000000'",
    ],
)
def test_what_is_odd_of_one_in_a_database_touches_nobody_else(database: str, change: str) -> None:
    """A kind outside the list is no supervision and no "no"; doubt about an end is doubt."""
    changed(database, change)
    odd, other, nobody = asked(database, ODD, OTHER, NOBODY)
    assert (odd.codes, odd.doubtful) == (("not_determinable",), True)
    assert (other.codes, nobody.codes) == (("yes",), ("no",))


def test_a_house_number_may_be_a_number(database: str) -> None:
    """And then it is one person still."""
    changed(database, "UPDATE clients SET house_number = 14 WHERE id = 'C000000'")
    assert asked(database, replace(ODD, house_number="14"))[0].codes == ("yes",)


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE blocks_made SET version = {BLOCKS_VERSION - 1}",
        "DELETE FROM blocks_made",
        "UPDATE blocks_made SET as_of = '2019-01-01'",
        "UPDATE blocks_made SET as_of = '2062-01-01'",
    ],
)
def test_blocks_of_other_code_or_of_long_ago_answer_nothing(database: str, change: str) -> None:
    """They would find nobody, or say what was so once."""
    changed(database, change)
    with pytest.raises(RegisterUnavailable):
        asked(database, NOBODY)


def test_a_copy_says_of_which_day_it_is(database: str) -> None:
    changed(database, "UPDATE blocks_made SET as_of = '2026-03-09'")
    assert asked(database, OTHER)[0].as_of == date(2026, 3, 9)
    assert asked(database, OTHER, today=date(2026, 3, 11))[0].as_of == date(2026, 3, 9)


# ── a service ──


def person(**changes: Any) -> dict[str, Any]:
    file = {
        "soort": "straf",
        "rol": "verdachte",
        "geopend": "2025-09-01",
        "gesloten": None,
        "maatregelGeadviseerd": False,
        "maatregel": None,
        "afgeschermd": False,
        "inOnderzoek": False,
    }
    whole = {
        "nummer": "1",
        "naam": {
            "voornamen": ODD.given_names,
            "voorvoegsel": "",
            "geslachtsnaam": ODD.surname,
            "geslachtsnaamPartner": "",
        },
        "geboorte": {"datum": {"type": "Datum", "datum": ODD.birth_date}},
        "verblijfplaats": {"postcode": ODD.postcode, "huisnummer": ODD.house_number},
        "overleden": False,
        "afgeschermd": False,
        "inOnderzoek": False,
        "dossiers": [{**file, **changes.pop("file", {})}],
    }
    without = changes.pop("without", ())
    return {name: value for name, value in {**whole, **changes}.items() if name not in without}


@pytest.fixture
def service() -> Callable[..., list[Finding]]:
    def ask(said: dict[str, Any], **more: Any) -> list[Finding]:
        result = {"personen": [said], "teVeel": False}
        whole = {
            "type": "ZoekMetStatutaireSet",
            "peildatum": TODAY.isoformat(),
            "resultaten": [result],
            **more,
        }
        with answering(json.dumps(whole)) as url:
            return found("rvdk", url, "rvdk.known", ODD)

    return ask


def test_a_service_as_it_should_be(service: Callable[..., list[Finding]]) -> None:
    assert service(person())[0].codes == ("yes",)


@pytest.mark.parametrize("value", ["Ja", "true", "", None, 1, 0, [], {}])
@pytest.mark.parametrize("name", ["afgeschermd", "overleden", "inOnderzoek"])
def test_a_mark_of_a_service_is_true_or_false(
    service: Callable[..., list[Finding]], name: str, value: object
) -> None:
    """Of a person; also when it is left out."""
    for said in (person(**{name: value}), person(without=[name])):
        with pytest.raises(RegisterUnavailable):
            service(said)


@pytest.mark.parametrize("file", [{"afgeschermd": "Ja"}, {"afgeschermd": None}, {"inOnderzoek": "1"}])
def test_a_mark_of_a_file_at_a_service_is_too(
    service: Callable[..., list[Finding]], file: dict[str, Any]
) -> None:
    with pytest.raises(RegisterUnavailable):
        service(person(file=file))


@pytest.mark.parametrize(
    "said",
    [
        person(file={"soort": "advies"}),
        person(file={"rol": "opa"}),
        person(file={"geopend": None}),
        person(file={"geopend": "01-09-2025"}),
        person(geboorte={"datum": {"type": "Datum", "datum": "23-07-1988"}}),
        person(dossiers=None),
    ],
)
def test_what_is_odd_of_one_at_a_service_is_for_a_person(
    service: Callable[..., list[Finding]], said: dict[str, Any]
) -> None:
    assert service(said)[0].codes == ("not_determinable",)


@pytest.mark.parametrize("of", ["2019-01-01", "2062-01-01", "gisteren", None])
def test_a_service_that_is_not_of_today_answers_nothing(
    service: Callable[..., list[Finding]], of: str
) -> None:
    """Neither of years ago nor of a day to come."""
    with pytest.raises(RegisterUnavailable):
        service(person(), peildatum=of)


# ── the readers ──


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        (iso_date, "1984-06-17", "1984-06-17"),
        (iso_date, "1984-00-00", "1984-00-00"),
        (iso_date, "0000-00-00", "0000-00-00"),
        (brp_date, "19840617", "1984-06-17"),
        (brp_date, "19840000", "1984-00-00"),
        (brp_date, "00000000", "0000-00-00"),
        (iso_date, "19840617", None),
        (brp_date, "1984-06-17", None),
        (iso_date, "1984-00-17", None),
        (iso_date, "0000-06-17", None),
        (iso_date, "1984-13-01", None),
        (brp_date, "19840230", None),
        (iso_date, "１９８４-06-17", None),
    ],
)
def test_a_birth_date_has_the_declared_form(
    form: Callable[[str], str], text: str, expected: str | None
) -> None:
    if expected is not None:
        assert form(text) == expected
        return
    with pytest.raises(Odd):
        form(text)


@pytest.mark.parametrize("value", [*MARKS, None, 2, 1.0, "J", "N"])
def test_a_mark_is_read_as_the_shape_says(value: object) -> None:
    """As a boolean, or as exactly one of two texts."""
    with pytest.raises(MarkUnreadable):
        mark({"m": value}, "m")
    if value in {"J", "N"}:
        assert mark({"m": value}, "m", yes="J", no="N") is (value == "J")
    else:
        with pytest.raises(MarkUnreadable):
            mark({"m": value}, "m", yes="J", no="N")
