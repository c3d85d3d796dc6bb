"""A region, and what was agreed there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic.dataclasses import dataclass as read_dataclass

from policies.catalogue.parameters import Parameters
from policies.catalogue.strict import STRICT, Codes, Count, Once, Row, Text

Regime = Literal["bilateral", "zvh"]
"""How partners work together in a region: two by two, or in a Zorg- en Veiligheidshuis (WGS 2.31, D18)."""


@read_dataclass(frozen=True, config=STRICT)
class Narrowing:
    """What an arrondissement or region agreed for one row: refused, or by a person (`to`), without some
    answer codes, or with further conditions. Empty purposes, subjects or ages: all of them.
    """

    rule: Text
    purposes: Codes
    subjects: Codes
    ages: Codes
    to: Literal["human", "refuse"] | None
    answer_codes: Codes
    conditions: Codes


@dataclass(frozen=True)
class Region:
    """A region, with the narrowings that hold in it: its arrondissement's and its own."""

    code: str
    nl: str
    arrondissement: str
    regime: Regime
    narrowings: tuple[Narrowing, ...]
    parameters: Parameters


class _Tightened(Row):
    """Limits that a region may lower."""

    melding_due_hours: Count | None = None
    max_subjects_per_case: Count | None = None
    max_repeats: Count | None = None
    answer_fresh_days: Count | None = None


class _ArrondissementRow(Row):
    nl: Text
    narrowings: Annotated[tuple[Narrowing, ...], Once]


class _RegionRow(Row):
    nl: Text
    arrondissement: Text
    regime: Regime
    narrowings: Annotated[tuple[Narrowing, ...], Once]
    parameters: _Tightened


class RegionsFile(Row):
    """`regions/data.json`."""

    arrondissements: Mapping[str, _ArrondissementRow]
    regions: Mapping[str, _RegionRow]
