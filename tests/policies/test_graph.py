"""Which facts the rules read: seen in the rules themselves, and refused when it cannot be seen."""

from dataclasses import replace

import pytest

from policies import Release, ReleaseError
from policies.parts import Parts

SPREAD = {  # fields that more than one rule of the decision reads, and why that is right
    "holder": "the row; Veilig Thuis stays closed (D03)",
    "purpose": "the row; the stage that fits it",
    "requester.partner": "the row; who may ask; Veilig Thuis stays closed (D03)",
    "requester.role": "who may ask; the urgent role needs acute danger (D05)",
    "case.stage": "the case is closed; the purpose that fits",
    "case.urgency": "acute danger, its deadline and its obligations",
    "case.melding": "the melding and what may follow it",
    "case.regime": "acceptance (C22) and no automatic answers (D18)",
    "subject.role": "the row; third persons (D07)",
    "subject.age_band": "the row; an age that is missing",
    "subject.dual_role": "the row (C17); the fact itself",
    "subject.re_roled": "by a person (D07); the fact itself",
}


def with_rule(release: Release, source: str) -> Release:
    """The release with one more rule in the package of the case."""
    path = "handout/case/case.rego"
    changed = release.files[path] + f"\n{source}\n".encode()
    return replace(release, files={**release.files, path: changed})


def test_every_fact_of_the_vocabulary_is_read(release: Release) -> None:
    """A fact that no rule reads would be a promise that nobody keeps."""
    read = {name for node in Parts(release).nodes for name in node.fields}
    assert read == set(release.catalogue.vocabulary)


def test_a_fact_is_read_in_one_place_unless_said_here(release: Release) -> None:
    """So that a gate adds its own reason and can change nothing else."""
    readers: dict[str, set[str]] = {}
    for node in Parts(release).nodes:
        for name in node.fields:
            readers.setdefault(name, set()).add(node.path)
    assert {name for name, paths in readers.items() if len(paths) > 1} == set(SPREAD)


def test_the_decision_itself_reads_no_fact(release: Release) -> None:
    """It only puts together what the rules say: so equal parts give equal decisions."""
    *_, decision = Parts(release).nodes
    assert (decision.path, decision.fields) == ("data.handout.decision", ())


@pytest.mark.parametrize(
    "rule",
    [
        'reasons contains "case_anonymous" if object.get(input, "kind", "") == ""',
        'reasons contains "case_anonymous" if input.case == {}',
        'reasons contains "case_anonymous" if input.case[_] == "x"',
        'reasons contains "case_anonymous" if input.person.name == "x"',
        'reasons contains "case_anonymous" if "case_closed" in data.handout.subject',
        'reasons contains "case_anonymous" if count(data.handout.reason_codes) > 5',
    ],
    ids=["whole input", "whole group", "computed name", "unknown fact", "whole package", "circle"],
)
def test_a_rule_whose_reading_cannot_be_seen_is_refused(release: Release, rule: str) -> None:
    with pytest.raises(ReleaseError):
        Parts(with_rule(release, rule))


def test_what_a_function_reads_counts_for_its_caller(release: Release) -> None:
    """`_lifted` and `_speaks_of` look at the dual role; they have no value of their own."""
    reads = {node.path: node.fields for node in Parts(release).nodes}
    assert "subject.dual_role" in reads["data.handout.matrix._refusing"]
    assert "subject.dual_role" in reads["data.handout.matrix._for_role"]
    assert not any(path.endswith(("_lifted", "_speaks_of")) for path in reads)
