"""Everything that differs between two releases stands on a card, and says whom it touches."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import Release, ReleaseError, load_release
from policies.cards import Card, deck
from policies.compare import Comparison, Flip
from policies.difference import differences
from policies.release import CATALOGUE, MATRIX, PARAMETERS, REGIONS, SCENARIOS, release_of
from policies.table import Cell

EVERYBODY = ("om", "politie", "reclassering", "rvdk", "veilig_thuis")
OLD = load_release()
SAME = Comparison("", "", 0, 0, (), (), ())


def changed(file: str, change: Callable[[Any], object]) -> Release:
    data = json.loads(OLD.files[file])
    change(data)
    return release_of({**OLD.files, file: json.dumps(data, ensure_ascii=False).encode()})


def cards(new: Release) -> dict[tuple[str, str], Card]:
    return {(card.kind, card.code): card for card in deck(OLD, new, SAME).cards}


def put(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        assert data[path[-1]] != value
        data[path[-1]] = value

    return change


ALL_SIGN: dict[str, tuple[str, Callable[[Any], object], tuple[str, str]]] = {
    "the time for a notice": (PARAMETERS, put("notice_days", value=27), ("parameter", "notice_days")),
    "AVG 10 and its gap out of a basis": (
        CATALOGUE,
        lambda data: data["legal_bases"]["in_vt_criminal"].update(
            articles=[
                one
                for one in data["legal_bases"]["in_vt_criminal"]["articles"]
                if not one.startswith("AVG 10")
            ]
            or ["Wmo 5.1.6"],
            gap=None,
        ),
        ("basis", "in_vt_criminal"),
    ),
    "now becomes ever": (
        CATALOGUE,
        put("questions", "reclassering.known", "nl", value="ooit bekend bij Reclassering?"),
        ("catalogue", "questions.reclassering.known"),
    ),
    "an obligation that says the opposite": (
        CATALOGUE,
        put("obligations", "inform_subject", "nl", value="informeer de persoon niet"),
        ("catalogue", "obligations.inform_subject"),
    ),
    "the way out of a reason": (
        CATALOGUE,
        put("reasons", "melding_missing", "way_out_nl", value="Vraag het op een andere manier."),
        ("catalogue", "reasons.melding_missing"),
    ),
    "who may ask": (
        MATRIX,
        lambda data: data["asking_roles"]["politie"].append("case_holder"),
        ("matrix", "asking_roles"),
    ),
    "what every permit obliges to": (
        MATRIX,
        lambda data: data["every_permit"].reverse(),
        ("matrix", "every_permit"),
    ),
    "how a region is called": (
        REGIONS,
        put("regions", "utrecht", "nl", value="Stad Utrecht"),
        ("region", "regions.utrecht"),
    ),
    "an open question": (
        CATALOGUE,
        lambda data: data["open_questions"]["Q1"].update(nl="Beantwoord."),
        ("basis", "Q1"),
    ),
}


@pytest.mark.parametrize("name", ALL_SIGN)
def test_what_touches_everybody_is_signed_by_everybody(name: str) -> None:
    """No row shows it and no cell changes: that is why all sign."""
    file, change, key = ALL_SIGN[name]
    found = cards(changed(file, change))
    assert list(found) == [key]
    assert found[key].partners == EVERYBODY


def test_a_rule_in_rego_is_signed_by_everybody() -> None:
    path = "handout/case/case.rego"
    new = release_of({**OLD.files, path: OLD.files[path] + b"# nothing\n"})
    assert {key: card.partners for key, card in cards(new).items()} == {("rules", path): EVERYBODY}


def test_a_row_touches_who_asks_and_who_is_asked_in_it() -> None:
    """Before or after: whoever no longer may ask is touched too."""
    found = cards(changed(MATRIX, lambda data: data["rules"]["A06"]["purposes"].append("interpret")))
    assert {key: card.partners for key, card in found.items()} == {("row", "A06"): ("rvdk", "veilig_thuis")}
    without = cards(changed(MATRIX, lambda data: data["cells"]["politie"]["rvdk.known"].clear()))
    assert {"politie", "rvdk"} <= set(without["row", "J05"].partners)


def test_what_only_a_lawyer_does_is_a_card_of_its_own() -> None:
    reviewed = {"status": "reviewed", "reviewed_by": "een jurist", "reviewed_on": "2026-11-30"}
    found = cards(changed(MATRIX, lambda data: data["rules"]["A06"].update(reviewed)))
    assert list(found) == [("review", "A06")]
    more = changed(MATRIX, lambda data: data["rules"]["A06"].update(reviewed, desk=False))
    assert list(cards(more)) == [("row", "A06")]


def test_a_narrowing_touches_the_partners_of_its_row() -> None:
    one = {"purposes": [], "subjects": [], "ages": [], "answer_codes": [], "conditions": []}
    new = changed(
        REGIONS, put("regions", "twente", "narrowings", value=[{**one, "rule": "A06", "to": "refuse"}])
    )
    found = cards(new)
    assert {key: card.partners for key, card in found.items()} == {
        ("narrowing", "twente"): ("rvdk", "veilig_thuis")
    }


def test_scenarios_touch_whom_their_lines_speak_of() -> None:
    """A line less about RvdK touches RvdK and who asks it; without `nothing_else`, everybody."""
    text = OLD.files[SCENARIOS].decode()
    lines = text.splitlines(keepends=True)
    one = next(line for line in lines if line.startswith("veilig_thuis") and "permit rule=A06" in line)
    all_of_it = next(line for line in lines if ",nothing_else," in line)
    for left_out, touched in ((one, ("rvdk", "veilig_thuis")), (all_of_it, EVERYBODY)):
        new = release_of({**OLD.files, SCENARIOS: text.replace(left_out, "").encode()})
        assert cards(new)["scenarios", SCENARIOS].partners == touched
    with pytest.raises(ReleaseError):
        deck(OLD, release_of({**OLD.files, SCENARIOS: b"not,a,table"}), SAME)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path


EVERY = [
    (file, path)
    for file in (CATALOGUE, MATRIX, PARAMETERS, REGIONS)
    for path in leaves(json.loads(OLD.files[file]))
]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_each_datum_that_differs_stands_on_a_card_and_nothing_else_does(data: st.DataObject) -> None:
    """Whatever is changed, in any number of places: the cards hold exactly the difference."""
    places = data.draw(st.lists(st.sampled_from(EVERY), min_size=1, max_size=4, unique=True))
    files = dict(OLD.files)
    for file, path in places:
        held = json.loads(files[file])
        inner = held
        for key in path[:-1]:
            inner = inner[key]
        was = inner[path[-1]]
        inner[path[-1]] = was + 1 if type(was) is int else f"{was} x" if isinstance(was, str) else was
        files[file] = json.dumps(held).encode()
    new = replace(
        OLD, files=files
    )  # the reader would refuse many of these; what differs differs all the same
    told = {one for card in deck(OLD, new, SAME).cards for one in card.differences}
    assert told == set(differences(OLD, new))


FLIP = Flip(
    "allowed",
    "om",
    "politie",
    "politie.relevant_registrations",
    "A09",
    (),
    (),
    {},
    1,
    Cell(("om",)),
    None,
    None,
)


def test_a_decision_that_no_card_explains_is_a_release_that_nobody_agrees_on() -> None:
    """Only where a card touches everybody may it be shown without one."""
    found = replace(SAME, changed=1, flips=(FLIP,))
    row = changed(MATRIX, lambda data: data["rules"]["A06"]["purposes"].append("interpret"))
    with pytest.raises(ReleaseError, match="nothing in the release explains"):
        deck(OLD, row, found)
    path = "handout/case/case.rego"
    rule = release_of({**OLD.files, path: OLD.files[path] + b"# nothing\n"})
    assert deck(OLD, rule, found).everywhere == (FLIP,)


def test_two_values_that_python_calls_equal_differ() -> None:
    """1 and true are one to Python, and two to whoever reads the release."""
    new = replace(
        OLD,
        files={
            **OLD.files,
            PARAMETERS: OLD.files[PARAMETERS].replace(b'"max_repeats": 2', b'"max_repeats": true'),
        },
    )
    old = replace(
        OLD,
        files={
            **OLD.files,
            PARAMETERS: OLD.files[PARAMETERS].replace(b'"max_repeats": 2', b'"max_repeats": 1'),
        },
    )
    assert [one.place for one in differences(old, new)] == [("max_repeats",)]
