"""The operational log: closed events, closed fields, nothing about a person."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from party import events
from party.events import Event, FieldNotAllowed, catalogue, log

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    stream = io.BytesIO()
    events.configure(party="om", strict=False, stream=stream)
    yield stream
    events.configure(party="om", strict=True)


def test_a_line_is_one_json_object_with_party_time_and_event(lines: io.BytesIO) -> None:
    """As an operator's tools read it."""
    log(Event.PARTNER_UNREACHABLE, partner="rvdk")
    line = json.loads(lines.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "partner_unreachable", "level": "warning", "party": "om", "partner": "rvdk"}


def test_a_field_outside_the_list_is_dropped_and_counted(lines: io.BytesIO) -> None:
    """In production an operator loses a field, not the event, and no person's data gets out."""
    count = {"event": "partner_unreachable"}
    before = REGISTRY.get_sample_value("grondslag_log_fields_dropped_total", count) or 0
    log(Event.PARTNER_UNREACHABLE, partner="rvdk", surname="Testenburg")
    assert b"Testenburg" not in lines.getvalue()
    assert json.loads(lines.getvalue())["partner"] == "rvdk"
    assert REGISTRY.get_sample_value("grondslag_log_fields_dropped_total", count) == before + 1


@pytest.mark.parametrize(
    "value", ["Jan Testenburg", "1984-03-01", "19840301", 19840301, 999990019, "a\nb", "", "x" * 200, "é"]
)
def test_a_value_that_could_be_a_persons_does_not_fit(lines: io.BytesIO, value: str | int) -> None:
    """Should the wrong variable be passed: full names, birth dates, numbers of a person, free text."""
    log(Event.PARTNER_UNREACHABLE, partner=value)
    assert "partner" not in json.loads(lines.getvalue())


@pytest.mark.parametrize(
    "value",
    [
        "rvdk",
        "/v1/inquiries/{id}",
        "sha256:" + "12345678" * 8,
        "00000000-1234-4000-8000-123456781234",
        "opa 1.22.2",
    ],
)
def test_codes_templates_and_digests_fit(lines: io.BytesIO, value: str) -> None:
    """What operators need is short and has one form."""
    log(Event.PARTNER_UNREACHABLE, partner=value)
    assert json.loads(lines.getvalue())["partner"] == value


def test_while_strict_a_wrong_field_is_an_error() -> None:
    """So that it is found in a test, not in production."""
    events.configure(party="om", strict=True, stream=io.BytesIO())
    with pytest.raises(FieldNotAllowed) as caught:
        log(Event.PARTNER_UNREACHABLE, surname="Testenburg")
    assert "Testenburg" not in str(caught.value)
    events.configure(party="om", strict=True)


def test_the_texts_of_libraries_are_not_kept(lines: io.BytesIO) -> None:
    """Who spoke and the kind of exception are; the text and the exception's text may quote anything."""
    try:
        raise KeyError("Testenburg")
    except KeyError:
        logging.getLogger("uvicorn.error").exception("about %s", "Testenburg")
    line = json.loads(lines.getvalue())
    assert (line["event"], line["logger"], line["error"]) == ("library_spoke", "uvicorn.error", "KeyError")
    assert b"Testenburg" not in lines.getvalue()


def test_the_catalogue_in_the_documentation_is_that_of_the_code() -> None:
    """Run `python -m party.events > docs/events.md` after a change."""
    assert (ROOT / "docs" / "events.md").read_text(encoding="utf-8") == catalogue()


def test_every_event_is_told_somewhere() -> None:
    """An operator who watches for one that never comes watches for nothing."""
    packages = ("adapters", "audit", "contract", "gateway", "party", "policies")
    source = "".join(
        path.read_text(encoding="utf-8") for package in packages for path in (ROOT / package).rglob("*.py")
    )
    told = set(re.findall(r"\bEvent\.([A-Z_]+)", source))
    assert [event.name for event in Event if event.name not in told] == []


def test_no_event_has_a_field_about_a_person_or_a_case() -> None:
    """The allow-list itself is held to the rule."""
    never = {
        "name",
        "surname",
        "given_names",
        "birth_date",
        "bsn",
        "address",
        "subject",
        "subject_ref",
        "case",
    }
    never |= {"case_ref", "answer", "identity", "person", "inquiry", "url", "path", "query"}
    for event in Event:
        assert not never & set(event.fields), event
