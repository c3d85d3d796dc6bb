"""One partner that wants more than the others agreed to: what it brings comes in force for nobody."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contract.codes import ReleaseReason
from contract.documents import ReleaseStep
from policies import EmbeddedPolicy, Release, load_release
from policies.cards import deck
from policies.compare import Comparison, Flip
from policies.effect import Limits, effect, effect_apart
from policies.errors import ReleaseError
from policies.release import CATALOGUE, MATRIX, PARAMETERS, REGIONS, SCENARIOS, release_of
from policies.showing import showing
from policies.table import Cell
from tests.policies.conftest import asking

OLD = load_release()
EVERYBODY = tuple(sorted(OLD.catalogue.partners))
SAME = Comparison("", "", 0, 0, (), (), ())
CASE = "handout/case/case.rego"


def with_data(file: str, change: Callable[[Any], object]) -> Release:
    data = json.loads(OLD.files[file])
    change(data)
    return release_of({**OLD.files, file: json.dumps(data).encode()})


def with_rules(path: str, wanted: str, instead: str) -> Release:
    source = OLD.files[path].decode()
    assert wanted in source
    return release_of({**OLD.files, path: source.replace(wanted, instead).encode()})


WEAKENED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "melding": (
        "reasons contains _melding_problem if {\n",
        'reasons contains _melding_problem if {\n\tinput.case.kind == "anonymous"\n',
        {"case.melding": "none"},
    ),
    "criteria": (
        'reasons contains "criterion_relevance_missing" if {\n',
        'reasons contains "criterion_relevance_missing" if {\n\tinput.case.kind == "anonymous"\n',
        {"case.criteria": "factors_only"},
    ),
    "anonymous": (
        'reasons contains "case_anonymous" if not input.case.kind == "named"',
        'reasons contains "case_anonymous" if not input.case.kind in {"named", "anonymous"}',
        {"case.kind": "anonymous"},
    ),
}
"""What the rules ask for no longer; what then would be answered."""


def decided(release: Release, changes: Mapping[str, Any]) -> bool:
    async def ask() -> bool:
        policy = EmbeddedPolicy(release)
        [decision] = await policy.decide([asking(changes)])
        await policy.close()
        return decision.permitted

    return asyncio.run(ask())


@pytest.mark.parametrize("name", WEAKENED)
def test_rules_that_no_longer_ask_for_a_melding_or_criteria_are_signed_by_everybody(name: str) -> None:
    """No cell of the table changes by it, for there every gate is open; the rules differ, and that counts."""
    wanted, instead, changes = WEAKENED[name]
    weakened = with_rules(CASE, wanted, instead)
    assert not decided(OLD, changes)
    assert decided(weakened, changes)
    assert deck(OLD, weakened, SAME).partners == EVERYBODY


@pytest.mark.long
def test_rules_that_no_longer_ask_for_criteria_are_unfit_whoever_signs(tables: Path) -> None:
    """The certificate may say what it likes: everybody works out that a gate stands open."""
    weakened = with_rules(CASE, *WEAKENED["criteria"][:2])
    with pytest.raises(ReleaseError, match=r"case\.criteria = factors_only"):
        effect(OLD, weakened, tables)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("notice_days", 280),
        ("human_deadline_working_days", 60),
        ("melding_due_hours", 2400),
        ("deferral_max_days", 15),
        ("police_lookback_years", 50),
    ],
)
def test_a_limit_beyond_the_law_is_unfit_at_once(name: str, value: int) -> None:
    """Nothing need be worked out for it, and nobody can sign it."""
    wider = with_data(PARAMETERS, lambda data: data.update({name: value}))
    with pytest.raises(ReleaseError, match=f"{name} = {value}"):
        effect(OLD, wider)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data["legal_bases"]["in_vt_criminal"].update(gap=None),
        lambda data: data["questions"]["reclassering.known"].update(nl="ooit bekend bij Reclassering?"),
        lambda data: data["obligations"]["inform_subject"].update(nl="vertel het de persoon niet"),
    ],
    ids=["a gap that is gone", "now becomes ever", "a duty that says the opposite"],
)
def test_a_text_that_says_something_else_is_signed_by_everybody(change: Callable[[Any], object]) -> None:
    """No decision changes by it, and it is what people sign, read and act on."""
    dealt = deck(OLD, with_data(CATALOGUE, change), SAME)
    assert [card.partners for card in dealt.cards] == [EVERYBODY]
    assert all(card.differences for card in dealt.cards)


def test_a_row_is_not_dressed_as_a_review() -> None:
    """A purpose more beside a reviewer: the card is the row's, with the purpose on it."""
    reviewed = {"status": "reviewed", "reviewed_by": "x", "reviewed_on": "2026-11-30"}

    def change(data: Any) -> None:
        data["rules"]["A06"].update(reviewed)
        data["rules"]["A06"]["purposes"].append("interpret")

    [card] = deck(OLD, with_data(MATRIX, change), SAME).cards
    assert (card.kind, card.code) == ("row", "A06")
    assert ("rules", "A06", "purposes") in {one.place for one in card.differences}


FEWER = Flip("refused", "veilig_thuis", "om", "om.measure", "A13", (), (), {}, 1, Cell(("x",)), None, None)
AGREED = {
    "rule": "A06",
    "purposes": [],
    "subjects": ["child"],
    "ages": [],
    "to": None,
    "answer_codes": [],
    "conditions": ["weighty_interest"],
}


def agreed(data: Any, *narrowings: Any) -> None:
    data["regions"]["utrecht"]["narrowings"] = [{**AGREED, **one} for one in narrowings]


@pytest.mark.parametrize(
    ("file", "before", "change", "verdict"),
    [
        (MATRIX, None, lambda data: data["rules"]["A12"].update(conditions=[]), "wider"),
        (MATRIX, None, lambda data: data["rules"]["A12"].update(valid_from="2025-01-01"), "wider"),
        (MATRIX, None, lambda data: data["rules"]["A12"].update(valid_until="2027-01-01"), "stricter"),
        (MATRIX, None, lambda data: data["rules"]["A04"].update(valid_from="2025-01-01"), "stricter"),
        (REGIONS, lambda data: agreed(data, {}), agreed, "wider"),
        (REGIONS, lambda data: agreed(data, {}), lambda data: agreed(data, {"ages": ["adult"]}), "wider"),
        (REGIONS, lambda data: agreed(data, {}), lambda data: agreed(data, {"to": "refuse"}), "stricter"),
        (REGIONS, lambda data: agreed(data, {}), lambda data: agreed(data, {"subjects": []}), "stricter"),
    ],
    ids=[
        "a condition of a row",
        "from an earlier day",
        "until a day",
        "a refusal from an earlier day",
        "a condition of a region",
        "of fewer ages",
        "refused there",
        "of all subjects",
    ],
)
def test_less_is_asked_beside_something_that_is_refused(
    file: str, before: Any, change: Any, verdict: str
) -> None:
    """No cell shows a condition or a day, so the verdict would be that of the refusal: stricter, nothing more
    than now.
    """
    old = OLD if before is None else with_data(file, before)
    new = with_data(file, change)
    found = replace(SAME, changed=1, flips=(FEWER,))
    dealt = deck(old, new, SAME)
    assert showing(old, new, dealt, found, ((), ()), absent=()).verdict == verdict


def test_a_row_of_fewer_purposes_is_stricter() -> None:
    """What stays refused, and now for one reason more, is nothing that may."""
    new = with_data(MATRIX, lambda data: data["rules"]["A02"]["purposes"].remove("immediate_safety"))
    also = replace(FEWER, kind="other_reasons")
    for flips, verdict in (((FEWER, also), "stricter"), ((also,), "different")):
        found = replace(SAME, changed=1, flips=flips)
        assert showing(OLD, new, deck(OLD, new, SAME), found, ((), ()), absent=()).verdict == verdict


NEW_LINE, RETURN = "\n", "\r"
HIDING = {
    "it writes over what stands above": "\x1b[2J\x1b[H",
    "it turns the line round": "\u202e",
    "it begins a line": "\n",
    "it is not seen": "\u200b",
    "it is struck out": "\u0336",
    "it looks like another letter": "\u0410",
}


@pytest.mark.parametrize("sign", HIDING.values(), ids=HIDING)
@pytest.mark.parametrize("place", ["a text", "a name", "the scenarios"])
def test_what_an_officer_reads_hides_nothing(sign: str, place: str) -> None:
    """Signs that a terminal or a page acts on, or shows as something else, stand in no release."""
    texts: dict[str, Callable[[], Release]] = {
        "a text": lambda: with_data(MATRIX, lambda data: data["rules"]["A06"].update(source=f"6{sign}")),
        "a name": lambda: with_data(CATALOGUE, lambda data: data["statuses"].update({sign: {}})),
        "the scenarios": lambda: release_of(
            {**OLD.files, SCENARIOS: OLD.files[SCENARIOS] + f'"x{sign.replace(NEW_LINE, RETURN)}"'.encode()}
        ),
    }
    with pytest.raises(ReleaseError, match="has a sign that"):
        texts[place]()


@pytest.mark.parametrize("sign", ["\x1b[2J", "\u202e", "\u200b", "\r", "\u2028"])
def test_a_reason_hides_nothing_either(sign: str) -> None:
    """It stands above the cards, and at a terminal: what its author wrote is all that is read."""
    reason = TypeAdapter(ReleaseReason)
    written = "De Raad mag ook bij het duiden laten weten of hij iemand kent.\n– één vraag meer"
    assert reason.validate_python(written) == written
    with pytest.raises(ValidationError):
        reason.validate_python(written + sign)
    step = {"step": "propose", "changelog": written + sign}
    with pytest.raises(ValidationError, match="changelog"):
        ReleaseStep.model_validate(step)


ENDLESS = """
_big := [1 | some _ in [{0}]; some _ in [{0}]; some _ in [{0}]; some _ in [{0}]; some _ in [{0}]]

reasons contains "case_closed" if count(_big) == 1
""".format(", ".join(str(number) for number in range(100)))


@pytest.mark.parametrize(
    "within",
    [Limits(cpu_s=4), Limits(cpu_s=300, memory_bytes=300 * 1024 * 1024)],
    ids=["time", "memory"],
)
def test_rules_without_end_take_no_more_than_they_may(within: Limits, tmp_path: Path) -> None:
    """The process that examines ends; what came is no release, and is not called unavailable."""
    endless = release_of({**OLD.files, CASE: OLD.files[CASE] + ENDLESS.encode()})
    with pytest.raises(ReleaseError):
        asyncio.run(effect_apart(OLD, endless, tmp_path, within))
