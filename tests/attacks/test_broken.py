"""What must work is broken for real, one part at a time: 503, nothing has left, nothing counts as permitted
or answered; and when it is mended, the same question goes through.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from contract.codes import BROKER
from demo.play import Play, decide_standing
from policies import load_release
from tests.attacks.insider import Door, Insider, code_of, trail_sizes
from tests.attacks.test_chain import chair_asks, holder_that, refusal, states
from tests.opa import opa_server
from tests.world import LocalWorld, local_world

NO_POLICY = (503, "policy_unavailable")
NO_TRAIL = (503, "trail_unavailable")


@contextmanager
def policy_broken(chain: LocalWorld, party: str) -> Iterator[None]:
    """The engine of this party is gone; the party starts anew when the block ends."""
    state = chain.apps[chain.address(party)].state
    hand_outs = state.broker._hand_outs if party == BROKER else state.node.hand_outs
    policy = hand_outs._opened[-1].policy
    chain.do(policy.close())
    try:
        yield
    finally:
        chain.stop(party)
        chain.start(party)


@contextmanager
def trail_broken(chain: LocalWorld, party: str) -> Iterator[None]:
    """The database of this party refuses every entry, as with a full disk."""
    _run(
        chain,
        party,
        "CREATE TRIGGER full BEFORE INSERT ON trail_entries BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    try:
        yield
    finally:
        _run(chain, party, "DROP TRIGGER full")


def _run(chain: LocalWorld, party: str, statement: str) -> None:
    with closing(sqlite3.connect(chain.folder / party / "trail.sqlite", timeout=10)) as database:
        database.execute(statement)
        database.commit()


def rows(chain: LocalWorld, party: str, table: str) -> int:
    with closing(sqlite3.connect(chain.folder / party / "trail.sqlite", timeout=10)) as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def broker_of(chain: LocalWorld) -> Any:
    return chain.apps[chain.address(BROKER)].state.broker


def sent_by(chain: LocalWorld, before: int) -> list[str]:
    """The paths that parties sent to each other since."""
    return [path for _, _, path, _ in chain.wire.sent[before:]]


def tried_again(chain: LocalWorld) -> None:
    """The broker's next round, ten seconds later."""
    chain.clock.ahead += timedelta(seconds=10)
    chain.do(broker_of(chain).deliver_due())


# ── the hand-out cannot be applied ──


def test_a_broker_without_policy_lets_nothing_through(chain: LocalWorld, vt: Insider) -> None:
    """503; no entry, no row, nothing to any holder. Mended, the same inquiry is answered."""
    asked = vt.inquiry(vt.case())
    with policy_broken(chain, BROKER):
        before, kept = Door(chain), rows(chain, BROKER, "inquiries")
        assert code_of(vt.present(asked)) == NO_POLICY
        assert before.quiet()
        assert rows(chain, BROKER, "inquiries") == kept
    assert states(vt.present(asked)) == ["answered"]


def test_a_broker_without_policy_is_a_problem_to_the_chair(chain: LocalWorld) -> None:
    """She hears that it was not asked; her node keeps that nothing was."""
    with policy_broken(chain, BROKER):
        before = len(chain.wire.sent)
        assert refusal(lambda: chair_asks(chain)) == NO_POLICY
        assert sent_by(chain, before) == ["/v1/cases", "/v1/inquiries"]


def test_a_holder_without_policy_answers_nothing(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """503 to the broker; no entry at the holder, and the question stays open. Mended, it is answered at
    the next try.
    """
    asked = vt.inquiry(vt.case())
    with policy_broken(chain, "reclassering"):
        entries = trail_sizes(chain)["reclassering"]
        assert states(vt.present(asked)) == ["sent"]
        assert code_of(broker.show_permit("reclassering", broker.permit(asked).token, asked)) == NO_POLICY
        assert trail_sizes(chain)["reclassering"] == entries
        assert rows(chain, "reclassering", f"inbox WHERE jti = '{asked.signed.document.jti}'") == 0
    tried_again(chain)
    assert states(vt.present(asked)) == ["answered"]


def test_a_requester_without_policy_cannot_even_try(chain: LocalWorld) -> None:
    """A dry run is a decision too."""
    play = Play(chain)
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
    with policy_broken(chain, "veilig_thuis"):
        before = Door(chain)
        assert refusal(lambda: play.ask(play.chair, case, [man], dryRun=True)) == NO_POLICY
        assert before.quiet()


def test_an_opa_server_that_dies_lets_nothing_through(tmp_path: Path, registers: Path) -> None:
    """Broker and nodes on one OPA server, which ends: 503 at both, nothing sent, nothing recorded."""
    with ExitStack() as server:
        url = server.enter_context(opa_server(load_release()))
        with local_world(tmp_path, registers=registers, opa_url=url) as chain:
            decide_standing(Play(chain))
            vt, broker = Insider(chain, "veilig_thuis"), Insider(chain, "broker")
            assert states(vt.present(vt.inquiry(vt.case()))) == ["answered"]
            asked = vt.inquiry(vt.case(unsafety="acute"))
            permit = broker.permit(
                asked, case=broker.permit(asked).document.case.model_copy(update={"unsafety": "acute"})
            )
            server.close()
            before = Door(chain)
            assert code_of(vt.present(asked)) == NO_POLICY
            assert code_of(broker.show_permit("reclassering", permit.token, asked)) == NO_POLICY
            assert before.quiet()


# ── nothing can be recorded ──


def test_a_broker_that_cannot_record_lets_nothing_through(chain: LocalWorld, vt: Insider) -> None:
    """503; nothing to any holder, no row of an inquiry. Mended, the same inquiry is answered."""
    asked = vt.inquiry(vt.case())
    with trail_broken(chain, BROKER):
        before, kept = Door(chain), rows(chain, BROKER, "inquiries")
        assert code_of(vt.present(asked)) == NO_TRAIL
        assert before.quiet()
        assert (rows(chain, BROKER, "inquiries"), rows(chain, BROKER, "trail_entries")) == (
            kept,
            trail_sizes(chain)[BROKER],
        )
    assert states(vt.present(asked)) == ["answered"]


def test_a_broker_that_cannot_record_takes_no_statement_and_no_reply(chain: LocalWorld, vt: Insider) -> None:
    """503, and neither counts."""
    statement = vt.statement()
    with trail_broken(chain, BROKER):
        before = Door(chain)
        assert code_of(vt.post(BROKER, "/v1/cases", {"statement": statement.token})) == NO_TRAIL
        assert before.quiet()
    assert vt.post(BROKER, "/v1/cases", {"statement": statement.token}).status == 201


def test_an_answer_that_the_broker_cannot_record_does_not_pass(chain: LocalWorld, vt: Insider) -> None:
    """The trail breaks while the holder answers: the question counts as sent, and no reply leaves. Mended,
    the same answer comes.
    """
    asked = vt.inquiry(vt.case())
    address = chain.address("reclassering")
    real = chain.apps[address]
    broken: list[Any] = []

    def answers_and_breaks(body: Any) -> Any:
        async def answer() -> Any:
            told = await real.state.node.answering.answer(body["permit"], body["inquiry"], body["identities"])
            broken.append(trail_broken(chain, BROKER))
            broken[0].__enter__()
            return {"reply": told}

        return answer()

    with holder_that(chain, "reclassering", answers_and_breaks):
        response = vt.present(asked)
    assert states(response) == ["sent"]
    assert json.loads(response.body)["inquiries"][0]["replies"] == []
    broken[0].__exit__(None, None, None)
    assert states(vt.present(asked)) == ["sent"]
    tried_again(chain)
    assert states(vt.present(asked)) == ["answered"]


def test_a_holder_that_cannot_record_answers_nothing(chain: LocalWorld, vt: Insider, broker: Insider) -> None:
    """503 to the broker without a reply; no row in the inbox. Mended, it is answered at the next try."""
    asked = vt.inquiry(vt.case())
    with trail_broken(chain, "reclassering"):
        assert states(vt.present(asked)) == ["sent"]
        response = broker.show_permit("reclassering", broker.permit(asked).token, asked)
        assert code_of(response) == NO_TRAIL
        assert b"reply" not in response.body
        assert rows(chain, "reclassering", f"inbox WHERE jti = '{asked.signed.document.jti}'") == 0
    tried_again(chain)
    assert states(vt.present(asked)) == ["answered"]


def test_an_official_whose_node_cannot_record_releases_nothing(chain: LocalWorld, vt: Insider) -> None:
    """Neither looking nor letting go: both are entries first."""
    asked = vt.inquiry(vt.case(), "politie.relevant_registrations")
    assert states(vt.present(asked)) == ["waits_for_person"]
    official, place = chain.caller("politie", "official"), f"/v1/questions/{asked.signed.document.jti}/0"
    calls: list[Callable[[], Any]] = [
        lambda: official.post(f"{place}/views"),
        lambda: official.post(f"{place}/answers", {"codes": ["shareable"]}),
    ]
    for call in calls:
        with trail_broken(chain, "politie"):
            before = Door(chain)
            assert refusal(call) == NO_TRAIL
            assert before.quiet()
        call()


def test_a_requester_that_cannot_record_asks_nothing(chain: LocalWorld) -> None:
    """503 before anything is sent, be it a case or a question."""
    play = Play(chain)
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
    with trail_broken(chain, "veilig_thuis"):
        before = Door(chain)
        assert refusal(lambda: play.case(play.chair)) == NO_TRAIL
        assert refusal(lambda: play.ask(play.chair, case, [man])) == NO_TRAIL
        assert before.quiet()
    assert play.ask(play.chair, case, [man])["items"][0]["status"] == "answered"


def test_an_answer_that_the_requester_cannot_record_is_not_shown(chain: LocalWorld) -> None:
    """Her own trail breaks while the others answer: 503 without an answer. Mended, she finds it at her
    next look.
    """
    play = Play(chain)
    case = play.case(play.chair)
    man = play.subject("stalking.man", "suspected_perpetrator", ["reclassering.known"])
    broken: list[Any] = []

    def breaks(method: str, address: str, path: str) -> None:
        if path == "/v1/permits" and not broken:
            broken.append(trail_broken(chain, "veilig_thuis"))
            broken[0].__enter__()

    chain.wire.cut = breaks  # type: ignore[assignment]
    try:
        response = _raw(chain, {"caseRef": case, "purpose": "enrich_referral", "subjects": [man]})
    finally:
        chain.wire.cut = lambda method, address, path: None
    assert code_of(response) == NO_TRAIL
    assert b"yes" not in response.body
    broken[0].__exit__(None, None, None)
    chain.clock.ahead += timedelta(minutes=1)
    asking = chain.apps[chain.address("veilig_thuis")].state.node.asking
    chain.do(asking.follow_due(100))
    assert _answered_in(chain, case) == ["yes"]


def _raw(chain: LocalWorld, body: Any) -> Any:
    return chain.caller("veilig_thuis", "chair").raw("POST", "/v1/enrichments", json.dumps(body).encode())


def _answered_in(chain: LocalWorld, case: str) -> list[str]:
    """The codes that the chair finds in this case."""
    with closing(sqlite3.connect(chain.folder / "veilig_thuis" / "trail.sqlite", timeout=10)) as database:
        found = database.execute("SELECT id FROM enrichments WHERE case_ref = ?", [case]).fetchall()
    [(enrichment,)] = found
    shown = chain.caller("veilig_thuis", "chair").get(f"/v1/enrichments/{enrichment}")
    return [code for item in shown["items"] for code in item["answer"]["codes"]]


# ── the register ──


def test_a_register_that_does_not_answer_says_nothing(
    chain: LocalWorld, vt: Insider, broker: Insider
) -> None:
    """503, not "no": nothing recorded, and asked again later."""
    register = chain.folder / "register" / "reclassering.sqlite"
    asked = vt.inquiry(vt.case())
    with closing(sqlite3.connect(register, timeout=10)) as database:
        tables = [
            name
            for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            )
        ]
        for name in tables:
            database.execute(f'ALTER TABLE "{name}" RENAME TO "away_{name}"')
        database.commit()
        try:
            assert states(vt.present(asked)) == ["sent"]
            response = broker.show_permit("reclassering", broker.permit(asked).token, asked)
            assert code_of(response) == (503, "register_unavailable")
            assert rows(chain, "reclassering", f"inbox WHERE jti = '{asked.signed.document.jti}'") == 0
        finally:
            for name in tables:
                database.execute(f'ALTER TABLE "away_{name}" RENAME TO "{name}"')
            database.commit()
    tried_again(chain)
    assert states(vt.present(asked)) == ["answered"]
