"""What changes only where something that is needed is not there is shown, and makes the verdict."""

import pytest

from policies import Release, load_release
from policies.cards import deck
from policies.closed import closed
from policies.compare import Comparison
from policies.gates import Change
from policies.parts import Parts
from policies.release import release_of
from policies.showing import Showing, showing

CASE = "handout/case/case.rego"
LATER = '\tinput.case.melding == "due"\n\tinput.case.urgency == "acute_danger"\n'
OLD = load_release()
OLD_PARTS = Parts(OLD)
DUE = Change("case.melding", "due", "refuses some", ((), ("melding_missing",)), 2)


def told(old: Release, new: Release) -> Showing:
    """As an officer reads it: with all gates open none of these releases decides anything otherwise, and the
    reasons of the gate are the same before and after.
    """
    anyway = Comparison(old.revision, new.revision, 227500, 0, (), (), ())
    both = (DUE,), (DUE,)
    parts = [OLD_PARTS if one is OLD else Parts(one) for one in (old, new)]
    absent = tuple(closed(parts[0], parts[1], both, anyway, {}))
    return showing(old, new, deck(old, new, anyway), anyway, both, absent=absent)


def ruled(text: str) -> Release:
    source = OLD.files[CASE].decode()
    assert LATER in source
    return release_of({**OLD.files, CASE: source.replace(LATER, text).encode()})


def test_a_rule_that_lets_a_question_through_without_a_melding_is_wider() -> None:
    """In no cell of the table: each case has its melding there. Who reads no Rego sees who may ask what."""
    shown = told(OLD, ruled('\tinput.case.melding == "due"\n'))
    assert shown.verdict == "wider"
    assert shown.head[2].startswith("0 van ")
    assert "Als melding bij Veilig Thuis: volgt nog:" in shown.gates
    assert any("mag Reclassering voortaan ook vragen: nu onder toezicht?" in line for line in shown.gates)


@pytest.mark.parametrize("back", [False, True])
def test_what_is_refused_there_is_shown_too_and_back_again_is_wider(back: bool) -> None:
    """Not only what is let through: officers sign what gets stricter as well."""
    stricter = ruled(f'{LATER}\tinput.case.unsafety == "acute"\n\tinput.requester.partner == "om"\n')
    shown = told(stricter, OLD) if back else told(OLD, stricter)
    assert shown.verdict == ("wider" if back else "different")
    may = "mag Reclassering voortaan ook vragen" if back else "mag Reclassering niet meer vragen"
    assert any(may in line for line in shown.gates)


def test_where_nothing_of_that_changes_nothing_is_said() -> None:
    """A comment in a rule: no fact does anything else."""
    shown = told(OLD, ruled(f"{LATER}\t# as before\n"))
    assert (shown.verdict, shown.gates) == ("different", ())
