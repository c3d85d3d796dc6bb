"""Problems: one code each, Dutch for people, never a value of the sender's."""

import re

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract import problems
from contract.problems import Problem, by_code, invalid_params

PLANTED = "Wilhelmina"


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=3)
    notes: dict[int, str] = {}


@pytest.mark.parametrize("kind", by_code().values(), ids=list(by_code()))
def test_each_problem_is_complete(kind: type[Problem]) -> None:
    """Every class with a code can be raised as it is, has its texts, and stands in the drawn tree."""
    body = kind().body(instance="urn:uuid:0", trace_id="0")
    assert re.fullmatch(r"[a-z_]{4,40}", kind.code)
    assert 400 <= kind.status <= 599
    for text in (body["title"], body["detail"]):
        assert isinstance(text, str)
        assert text.endswith(".")
        assert all(len(sentence.split()) <= 20 for sentence in text.split(".")), "B1: short sentences"
    assert re.search(rf"── {kind.__name__}\b", problems.__doc__ or "")
    assert (kind.status == 401) == ("WWW-Authenticate" in kind().headers)


def test_codes_are_unique() -> None:
    """A program tells problems apart by their code alone."""
    kinds = [kind for kind in vars(problems).values() if isinstance(kind, type) and issubclass(kind, Problem)]
    codes = [kind.code for kind in kinds if "code" in vars(kind)]
    assert sorted(codes) == sorted(set(codes)) == sorted(by_code())


def test_the_problems_of_documents_have_the_statuses_and_words_of_the_hand_out() -> None:
    """Hand-out section 9, documents refused before any decision."""
    expected = {
        "document_malformed": (400, "Dit bericht klopt niet."),
        "document_expired": (400, "Dit bericht is te oud."),
        "document_replayed": (409, "Dit bericht is al verwerkt."),
        "signature_invalid": (401, "De handtekening klopt niet."),
        "sender_unknown": (401, "Deze afzender doet niet mee."),
        "addressee_wrong": (400, "Dit bericht is voor een ander."),
        "revision_unknown": (409, "Deze versie van de hand-out is niet bekend."),
    }
    assert {code: (by_code()[code].status, by_code()[code].title) for code in expected} == expected


def test_a_mistake_is_named_by_its_place_and_never_by_its_value() -> None:
    """Neither the value, nor a field or key that the sender made up, is in what is said back."""
    wrong = {"name": PLANTED, PLANTED: PLANTED, "notes": {PLANTED: PLANTED}}
    with pytest.raises(ValidationError) as caught:
        Person.model_validate(wrong)
    rows = invalid_params(caught.value)
    assert rows == [
        {"name": "name", "code": "string_too_long"},
        {"name": "notes", "code": "int_parsing"},
        {"name": "", "code": "extra_forbidden"},
    ]
    problem = problems.RequestInvalid(invalid_params=rows)
    body = str(problem.body(instance="urn:uuid:0", trace_id="0"))
    assert PLANTED not in body + str(problem) + repr(problem)
    assert "Deze tekst is te lang." in body


def test_no_more_than_twenty_mistakes_are_listed() -> None:
    """A document of a million mistakes gets a short reply."""
    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"name": "a"} | {f"field{n}": 1 for n in range(1000)})
    assert len(invalid_params(caught.value)) == 20


def test_who_is_too_early_hears_when_to_come_back() -> None:
    """Retry-After stands on 429 and on a 503 by business."""
    assert problems.TooManyRequests(retry_after_s=7).headers["Retry-After"] == "7"
    assert int(problems.TooBusy().headers["Retry-After"]) >= 1
