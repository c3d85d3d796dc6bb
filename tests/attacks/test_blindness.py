"""The centre is blind: identities and answers are planted and looked for in the broker's files, log,
memory and in every address.
"""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.answers import Answer, envelope
from contract.days import day_of
from demo.cast import cast
from demo.leaks import _stands, found_in_files, found_in_memory, markers
from demo.play import Play, decide_standing
from demo.world import World, running_world
from tests.attacks.test_chain import chair_asks
from tests.world import LocalWorld

PLANTED = {
    "surname": "Onzichtbaarsma",
    "givenNames": "Quirijntje Xandra",
    "birthDate": "1971-07-13",
    "postcode": "9981ZX",
    "houseNumber": "4077",
}
REASON = "Kenmerkende-reden-van-de-voorzitter"
ANSWER = b'"codes":["'  # so begins an answer in the clear; "answer_codes" of a permit does not hold it


def planted() -> set[bytes]:
    """What was asked about a person who exists nowhere, and about one of the story whom the police know."""

    texts = [*PLANTED.values(), *PLANTED["givenNames"].split(), REASON, "13-07-1971", "19710713"]
    own = {text.encode() for text in texts if len(text) > 4}
    everyone = cast(day_of(datetime.now(UTC)))
    return own | markers([everyone["stalking.man"]])


def enrich(play: Play) -> dict[str, Any]:
    """Asks about both by machine and by hand, and has the police let an answer go."""
    case = play.case(play.chair)
    questions = [
        {"question": question, "necessity": REASON, "subsidiarity": REASON, "weightyInterest": REASON}
        for question in ("reclassering.known", "politie.relevant_registrations")
    ]
    nobody = {
        "role": "suspected_perpetrator",
        "consent": "not_asked_unsafe",
        "identity": PLANTED,
        "questions": questions,
    }
    known = play.subject(
        "stalking.man", "suspected_perpetrator", [str(one["question"]) for one in questions], weighty=True
    )
    asked = play.ask(play.chair, case, [nobody, known])
    by_hand = "politie.relevant_registrations"
    assert play.release("politie", asked["items"], by_hand, ["shareable", "stalking"]) == 2

    def answered(now: dict[str, Any]) -> bool:
        return all(item["status"] == "answered" for item in now["items"])

    return play.chair.until(f"/v1/enrichments/{asked['id']}", answered)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[str, Any]]]:
    """The whole chain, each party its own process, after an enrichment with planted persons was answered."""
    with running_world(tmp_path_factory.mktemp("processes"), lambda _: None, size=0.003) as world:
        play = Play(world)
        decide_standing(play)
        yield world, enrich(play)


def test_the_planted_enrichment_was_answered(processes: tuple[World, dict[str, Any]]) -> None:
    """Else there would be nothing to find: four answers, two by machine and two by hand."""
    _, shown = processes
    answers = sorted("+".join(item["answer"]["codes"]) for item in shown["items"])
    assert answers == ["no", "shareable+stalking", "shareable+stalking", "yes"]


def test_the_brokers_memory_holds_no_person_and_no_answer(processes: tuple[World, dict[str, Any]]) -> None:
    """Every writable byte of its process."""
    world, _ = processes
    assert found_in_memory(world.running["broker"].pid, planted() | {ANSWER}) == 0


def test_the_brokers_files_hold_no_person_and_no_answer(processes: tuple[World, dict[str, Any]]) -> None:
    """Database, write-ahead log, keys, settings, log lines: every byte."""
    world, _ = processes
    paths = [*(world.folder / "broker").rglob("*"), world.folder / "broker.log", world.folder / "broker.toml"]
    assert (world.folder / "broker" / "trail.sqlite").stat().st_size > 10_000
    assert found_in_files(paths, planted() | {ANSWER}) == 0


def test_no_log_of_any_party_holds_a_person(processes: tuple[World, dict[str, Any]]) -> None:
    """The nodes know them, and do not write them down; nor does any log hold an answer."""
    world, _ = processes
    helpers = {"issuer", "rvdk_register", "stamp_authority"}
    logs = [path for path in world.folder.glob("*.log") if path.stem not in helpers]
    assert len(logs) == 1 + len(world.parties)
    assert found_in_files(logs, planted() | {ANSWER}) == 0


def test_the_search_finds_what_is_there(processes: tuple[World, dict[str, Any]]) -> None:
    """The same search finds persons where they must be: in the register, and in the memory of who read it.
    And so an answer looks in the clear.
    """
    world, _ = processes
    assert found_in_files((world.folder / "register").rglob("*"), planted()) > 0
    assert found_in_memory(world.running["reclassering"].pid, planted()) > 0
    answer = Answer(codes=("yes",), as_of=world.today, source="register")
    oin, inquiry = "9" * 20, "00000000-0000-4000-8000-000000000000"
    assert ANSWER in envelope(oin=oin, inquiry=inquiry, slots=1, answers={0: answer})


def test_no_node_keeps_a_person_or_an_answer_in_the_clear(processes: tuple[World, dict[str, Any]]) -> None:
    """In the databases of the nodes, who it is about and what was answered stand only sealed."""
    world, _ = processes
    for party in ("veilig_thuis", "politie", "reclassering"):
        assert found_in_files((world.folder / party).rglob("*"), planted() | {ANSWER}) == 0


def test_no_address_holds_anything_of_a_person(chain: LocalWorld) -> None:
    """Every path that any party sent to another: words of ours and random references."""
    before = len(chain.wire.sent)
    shown = chair_asks(chain)
    chain.clock.ahead += timedelta(seconds=10)
    chain.do(chain.apps[chain.address("veilig_thuis")].state.node.asking.follow_due(100))
    assert shown["items"]
    paths = " ".join(path for _, _, path, _ in chain.wire.sent[before:])
    assert paths
    assert not [marker for marker in planted() if marker.decode("utf-8", "replace") in paths]
    words = "/v1/cases /v1/inquiries /v1/permits /v1/replies ?version="
    for path in paths.split():
        rest = path.partition("?")[0]
        assert any(rest == word or rest.startswith(word + "/") for word in words.split()), rest


def test_what_leaves_the_asker_for_the_centre_holds_no_person(chain: LocalWorld) -> None:
    """Every byte that any party sent to another, also unfolded from base64."""
    before = len(chain.wire.sent)
    chair_asks(chain)
    bodies = [body for _, _, _, body in chain.wire.sent[before:]]
    assert len(bodies) >= 4
    for body in bodies:
        said = json.dumps(json.loads(body)) if body else ""
        unfolded = [base64.urlsafe_b64decode(part + "==="[: -len(part) % 4]) for part in _long(said)]
        for text in (said.encode(), *unfolded):
            assert not [marker for marker in planted() | {ANSWER} if marker in text]


def _long(said: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9_-]{24,}", said)


def test_a_number_within_a_longer_one_is_another_number() -> None:
    """Also as Python keeps text with wide letters, and at the edge of what was read."""
    birth, address = "20240901", "web/20240901160821/"
    for coding in ("ascii", "utf-16-le"):
        wanted = birth.encode(coding)
        assert not _stands(wanted, address.encode(coding))
        assert not _stands(wanted, f"1{birth}".encode(coding))
        assert _stands(wanted, f"x{birth} ".encode(coding))
        assert _stands(wanted, wanted)
