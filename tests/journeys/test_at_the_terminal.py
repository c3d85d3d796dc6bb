"""A holder's people at a terminal: open, let an answer go with all that the rule asks, and review urgency."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.node.command import app
from demo.play import Play, decide_standing
from tests.journeys.test_duties import ANTECEDENTS, KIND
from tests.journeys.watching import STATED, URGENT, WAITS, ask
from tests.world import LocalWorld, local_world


@pytest.fixture
def world(tmp_path: Path, registers: Path) -> Iterator[LocalWorld]:
    """A chain on addresses of this machine, as a command reaches it."""
    with local_world(tmp_path, registers=registers, http=True) as made:
        decide_standing(Play(made))
        yield made


def grondslag_node(world: LocalWorld, party: str, role: str, *said: str) -> str:
    """What the command prints; it must end well."""
    token = world.token(party, role, sub=f"{party}-{role}")
    where = ["--node", world.address(party), "--token", token]
    done = CliRunner().invoke(app, [*said, *where])
    assert done.exit_code == 0, done.output
    return done.output


def test_an_answer_goes_with_all_that_the_rule_asks(world: LocalWorld) -> None:
    """By word of mouth, with a prosecutor who agreed; in words; and urgency is reviewed by another."""
    play = Play(world)
    spoken = ask(play, ANTECEDENTS, purpose="interpret")
    urgent = ask(play, KIND, **URGENT)
    for party, asked, codes in (("om", spoken, "in_meeting"), ("reclassering", urgent, "none")):
        [question] = play.caller(party, "official").get("/v1/questions")
        where = question["inquiry"], str(question["index"])
        assert question["question"] in grondslag_node(world, party, "official", "desk", "list")
        opened = grondslag_node(world, party, "official", "desk", "open", *where)
        now = world.clock().isoformat()
        beside = {
            "om": [
                *("--prosecutor", f"ovj-0117 prosecutor {now}"),
                *("--told", f"parket-0042 meeting {now} de voorzitter van Veilig Thuis"),
            ],
            "reclassering": ["--stated", f"state_safety_relevance={STATED}"],
        }[party]
        assert ("--stated state_safety_relevance" in opened) == (party == "reclassering")
        said = grondslag_node(world, party, "official", "desk", "answer", *where, codes, *beside)
        assert said.startswith("Vrijgegeven.")
        path = f"/v1/enrichments/{asked['id']}"
        [item] = play.chair.until(path, lambda now: now["items"][0]["status"] not in WAITS)["items"]
        assert item["answer"]["codes"] == [codes]
    for party, side in (("veilig_thuis", "door ons gevraagd"), ("reclassering", "aan ons gevraagd")):
        assert side in grondslag_node(world, party, "manager", "urgency", "list")
        why = ["--justified", "--why", "De dreiging bleek uit de melding van die avond."]
        inquiry = question["inquiry"]
        assert grondslag_node(world, party, "manager", "urgency", "review", inquiry, *why) == "Getoetst.\n"
        assert side not in grondslag_node(world, party, "manager", "urgency", "list")
