"""From the four data files of a release to its catalogue."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from policies.catalogue.catalogue import Catalogue
from policies.catalogue.parameters import Parameters
from policies.catalogue.partner import PartnerKind
from policies.catalogue.question import QuestionRow
from policies.catalogue.references import require, verify_references
from policies.catalogue.region import Region, RegionsFile
from policies.catalogue.rule import RuleRow
from policies.catalogue.strict import Codes, Row, Text, Values
from policies.catalogue.texts import Fact, LegalBasis, Named, PermitObligation, Purpose, ReasonText
from policies.errors import ReleaseError

_T = TypeVar("_T")


class _CatalogueFile(Row):
    """`catalogue/data.json`."""

    partners: Mapping[str, PartnerKind]
    vocabulary: Mapping[str, Values]
    facts: Mapping[str, Fact]
    purposes: Mapping[str, Purpose]
    questions: Mapping[str, QuestionRow]
    reasons: Mapping[str, ReasonText]
    legal_bases: Mapping[str, LegalBasis]
    open_questions: Mapping[str, Named]
    obligations: Mapping[str, PermitObligation]
    transparency: Mapping[str, Named]
    retention: Mapping[str, Named]
    conditions: Mapping[str, Named]
    modes: Mapping[str, Named]
    requester_roles: Mapping[str, Named]
    subject_roles: Mapping[str, Named]
    age_bands: Mapping[str, Named]
    answer_codes: Mapping[str, Named]
    statuses: Mapping[str, Named]
    secrecy: Mapping[str, Text]


class _ByUrgency(Row):
    obligations: Codes
    deadline: Literal["human_deadline", "fast_deadline"] | None = None


class _Refused(Row):
    transparency: Codes
    retention: Codes


class _MatrixFile(Row):
    """`matrix/data.json`."""

    status: Text
    cells: Mapping[str, Mapping[str, Codes]]
    rules: Mapping[str, RuleRow]
    every_rule: Codes
    every_permit: Codes
    by_mode: Mapping[str, Codes]
    by_urgency: Mapping[str, _ByUrgency]
    receivers: Mapping[str, Codes]
    refused: _Refused
    asking_roles: Mapping[str, Codes]
    urgent_asking_roles: Codes
    no_automatic_regimes: Codes


_PLAIN = {"vocabulary", "secrecy"}
"""Sections of the catalogue whose keys are no code of what they hold."""


def parse_catalogue(catalogue: object, matrix: object, parameters: object, regions: object) -> Catalogue:
    """The four data documents of a release, checked. Raises ReleaseError: the place and what is wrong."""
    texts = _read(_CatalogueFile, "catalogue", _coded(catalogue))
    rows = _read(_MatrixFile, "matrix", matrix)
    limits = _read(Parameters, "parameters", parameters)
    cells: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for partner, questions in rows.cells.items():
        for question, codes in questions.items():
            for code in codes:
                cells[code].add((partner, question))
    unknown = sorted(cells.keys() - rows.rules.keys())
    require(not unknown, "matrix.cells", f"names rows that do not exist: {', '.join(unknown)}")
    for code, row in rows.rules.items():
        require(row.id == code, f"matrix.rules.{code}", "has another id than its key")
    read = Catalogue(
        vocabulary=texts.vocabulary,
        facts=texts.facts,
        partners=texts.partners,
        questions={code: row.question() for code, row in texts.questions.items()},
        purposes=texts.purposes,
        reasons=texts.reasons,
        legal_bases=texts.legal_bases,
        open_questions=texts.open_questions,
        obligations=texts.obligations,
        transparency=texts.transparency,
        retention=texts.retention,
        statuses=texts.statuses,
        secrecy=texts.secrecy,
        conditions=texts.conditions,
        modes=texts.modes,
        requester_roles=texts.requester_roles,
        subject_roles=texts.subject_roles,
        age_bands=texts.age_bands,
        answer_codes=texts.answer_codes,
        rules={code: row.rule(frozenset(cells[code])) for code, row in rows.rules.items()},
        status=rows.status,
        receivers=rows.receivers,
        asking_roles=rows.asking_roles,
        urgent_asking_roles=rows.urgent_asking_roles,
        every_rule=rows.every_rule,
        every_permit=rows.every_permit,
        by_mode=rows.by_mode,
        by_urgency={urgency: row.obligations for urgency, row in rows.by_urgency.items()},
        parameters=limits,
        regions=_regions(_read(RegionsFile, "regions", regions), limits),
    )
    verify_references(read)
    return read


def _regions(file: RegionsFile, national: Parameters) -> Mapping[str, Region]:
    found = {}
    for code, row in file.regions.items():
        place = f"regions.regions.{code}"
        above = file.arrondissements.get(row.arrondissement)
        if above is None:
            raise ReleaseError(f"{place} is in no arrondissement.")
        lower = row.parameters.model_dump(exclude_unset=True)
        for name, value in lower.items():
            require(
                value is not None and value <= getattr(national, name),
                f"{place}.parameters.{name}",
                "is looser than nationally",
            )
        found[code] = Region(
            code,
            row.nl,
            row.arrondissement,
            row.regime,
            above.narrowings + row.narrowings,
            replace(national, **lower),
        )
    return found


def _coded(catalogue: object) -> object:
    """With each code inside what it is the key of, and inside the names of a fact's values and of a gap."""
    if not isinstance(catalogue, dict):
        return catalogue
    return {
        name: section if name in _PLAIN or not isinstance(section, dict) else _keyed(section)
        for name, section in catalogue.items()
    }


def _keyed(section: Mapping[str, object]) -> dict[str, object]:
    return {code: _with_code(code, value) for code, value in section.items()}


def _with_code(code: str, value: object) -> object:
    if not isinstance(value, dict):
        return value
    if "code" in value:
        raise ReleaseError(f"{code} in the catalogue has unknown fields: code.")
    coded = {"code": code, **value}
    if isinstance(coded.get("values"), dict):
        coded["values"] = _keyed(coded["values"])
    if "gap" in coded:
        coded["gap"] = _with_code(code, coded["gap"])
    return coded


def _read(kind: type[_T], file: str, content: object) -> _T:
    """Raises ReleaseError, with the first place that is wrong and all that is wrong there."""
    try:
        # of text, for only there is a list a tuple and a word a date to a strict reader
        return TypeAdapter(kind).validate_json(json.dumps(content))
    except ValidationError as error:
        raise ReleaseError(_sentence(file, error.errors(include_url=False))) from None


def _sentence(file: str, errors: list[ErrorDetails]) -> str:
    first = errors[0]
    if first["type"] not in {*_MISSING, *_EXTRA}:
        return f"{_place(file, first['loc'])} {_problem(first)}."
    kinds = _MISSING if first["type"] in _MISSING else _EXTRA
    beside = [
        str(one["loc"][-1]) for one in errors if one["type"] in kinds and one["loc"][:-1] == first["loc"][:-1]
    ]
    said = "lacks" if kinds is _MISSING else "has unknown fields:"
    return f"{_place(file, first['loc'][:-1])} {said} {', '.join(beside)}."


def _place(file: str, where: tuple[int | str, ...]) -> str:
    parts = [str(part) for part in where if part != "[key]"]
    if parts[:1] == ["rules"] and len(parts) > 2:
        del parts[2]  # the mode, by which the reader chose
    return ".".join((file, *parts))


_MISSING = ("missing",)
_EXTRA = ("extra_forbidden", "unexpected_keyword_argument")
_PROBLEMS = {
    "string_type": "is no text",
    "string_too_short": "is empty",
    "int_type": "is no positive whole number",
    "greater_than": "is no positive whole number",
    "bool_type": "is neither true nor false",
    "date_type": "is no date (YYYY-MM-DD)",
    "date_parsing": "is no date (YYYY-MM-DD)",
    "date_from_datetime_parsing": "is no date (YYYY-MM-DD)",
    "tuple_type": "is no list",
    "dict_type": "is no object",
    "mapping_type": "is no object",
    "model_type": "is no object",
    "model_attributes_type": "is no object",
    "dataclass_type": "is no object",
    "union_tag_not_found": "has no mode",
}


def _problem(error: ErrorDetails) -> str:
    known: dict[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            return f"is none of {known['expected']}"
        case "union_tag_invalid":
            return f"has a mode that is none of {known['expected_tags']}"
        case "value_error":
            return str(known["error"])
        case other:
            return _PROBLEMS.get(other, f"is wrong: {error['msg']}")
