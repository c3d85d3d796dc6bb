"""A row decides between its dates; outside them its questions are refused, with its name."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from policies import Decision, EmbeddedPolicy, OpaServerPolicy, PolicyUnavailable, Release
from policies.dates import DatedDecision, decide_on
from policies.engine import Policy
from policies.errors import ReleaseError
from policies.parts import Parts
from policies.release import release_of
from policies.table import Cell, facts
from tests.policies.conftest import asking
from tests.policies.test_matrix import permitted_by_hand

MATRIX, CATALOGUE = "handout/matrix/data.json", "handout/catalogue/data.json"
DAY = date(2026, 7, 1)


def with_dates(release: Release, of: Callable[[str], dict[str, str | None]]) -> Release:
    """The release with other dates, by row."""
    matrix = json.loads(release.files[MATRIX])
    for code, row in matrix["rules"].items():
        row.update(of(code))
    return release_of({**release.files, MATRIX: json.dumps(matrix).encode()})


def decided(release: Release, inputs: list[Any], day: date = DAY) -> list[DatedDecision]:
    async def ask() -> list[DatedDecision]:
        policy = EmbeddedPolicy(release, remember=0)
        try:
            return await decide_on(day, policy, release.catalogue, inputs)
        finally:
            await policy.close()

    return asyncio.run(ask())


def test_with_all_rows_in_2099_nothing_is_permitted_and_each_refusal_names_its_row(release: Release) -> None:
    """Whatever a row permits, anywhere, is refused for that reason alone."""
    later = with_dates(release, lambda _: {"valid_from": "2099-01-01"})
    by_hand = permitted_by_hand()
    decide = Parts(later)

    class ByParts:
        """Each part evaluated once: an engine decides alike, and takes minutes."""

        revision, engine = later.revision, "parts"

        async def decide(self, inputs: Sequence[Mapping[str, object]]) -> list[Decision]:
            return decide.decisions([decide.reader.facts(one) for one in inputs])

        async def verify(self) -> None: ...

        async def close(self) -> None: ...

    asked = [facts(Cell(cell), release.catalogue) for cell in by_hand]
    found = asyncio.run(decide_on(DAY, ByParts(), later.catalogue, asked))
    told = [(one.decision.rule, [reason.code for reason in one.decision.reasons]) for one in found]
    assert told == [(row["rule"], ["rule_not_in_force"]) for row in by_hand.values()]


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [
        ("2026-07-01", None, True),
        ("2026-07-02", None, False),
        ("2026-01-01", "2026-07-01", True),
        ("2026-01-01", "2026-06-30", False),
    ],
    ids=["from today", "from tomorrow", "until today", "until yesterday"],
)
def test_the_first_and_the_last_day_count(
    release: Release, first: str, last: str | None, holds: bool
) -> None:
    dated = with_dates(
        release, lambda code: {"valid_from": first, "valid_until": last} if code == "A02" else {}
    )
    [one] = decided(dated, [asking({})])
    assert one.decision.permitted == holds
    assert one.given == asking({"rule.in_force": holds})


def test_another_row_is_not_touched(release: Release) -> None:
    """One call: the question of the row that waits is refused, the other is answered, in their order."""
    later = with_dates(release, lambda code: {"valid_from": "2099-01-01"} if code == "A02" else {})
    asked = [asking({}), asking({"question": "reclassering.known"}), asking({"subject.role": "victim"})]
    found = [(one.decision.permitted, one.decision.rule) for one in decided(later, asked)]
    assert found == [(False, "A02"), (True, "A01"), (False, "A04")]


def test_what_was_recorded_is_decided_again_the_same(release: Release) -> None:
    """The fact is in the input: replay needs no clock."""
    later = with_dates(release, lambda _: {"valid_from": "2099-01-01"})
    [one] = decided(later, [asking({})])
    [again] = asyncio.run(EmbeddedPolicy(later).decide([one.given]))
    assert again == one.decision


def test_both_engines_say_so(release: Release, opa_url: str) -> None:
    async def both() -> list[list[DatedDecision]]:
        served = await OpaServerPolicy.open(opa_url, release.revision, release.catalogue, timeout_s=30)
        engines: list[Policy] = [served, EmbeddedPolicy(release)]
        found = [
            await decide_on(date(2025, 12, 31), engine, release.catalogue, [asking({}), asking({})])
            for engine in engines
        ]
        await served.close()
        return found

    server, embedded = asyncio.run(both())
    assert server == embedded
    assert [reason.code for reason in server[0].decision.reasons] == ["rule_not_in_force"]


def test_a_row_that_ends_before_it_begins_is_refused(release: Release) -> None:
    with pytest.raises(ReleaseError, match="valid_until is before valid_from"):
        with_dates(release, lambda code: {"valid_until": "2025-12-31"} if code == "A02" else {})


def test_a_release_whose_rows_cannot_be_outside_their_dates_is_refused(release: Release) -> None:
    catalogue = json.loads(release.files[CATALOGUE])
    for section in ("vocabulary", "facts"):
        del catalogue[section]["rule.in_force"]
    with pytest.raises(ReleaseError, match=r"lacks what a decision is asked with: rule\.in_force"):
        release_of({**release.files, CATALOGUE: json.dumps(catalogue).encode()})


def test_rules_that_do_not_mind_the_fact_permit_nothing_outside_the_dates(release: Release) -> None:
    source = release.files["handout/matrix/matrix.rego"].decode()
    deaf = source.replace("if not input.rule.in_force == true", "if input.rule.in_force == 3")
    assert deaf != source
    other = release_of({**release.files, "handout/matrix/matrix.rego": deaf.encode()})
    with pytest.raises(PolicyUnavailable, match="permitted all the same"):
        decided(other, [asking({})], date(2025, 12, 31))
