"""Who reads what of a partner's trail, that reading is recorded, and exports made in the background."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.node.trail import exports
from adapters.node.trail.exports import KEPT_S
from audit.report import WHOLE
from audit.verify import verify
from demo.caller import DemoCaller, Refused
from demo.play import Play, decide_standing
from tests.journeys.test_informing import asked, deferral, owed, step
from tests.journeys.watching import SUPERVISED, ask
from tests.world import AsgiCaller, LocalWorld, local_world

FG, PRIVACY, SECURITY = "data_protection_officer", "privacy_officer", "security_officer"
WHY = {"purpose": "internal_control"}


@pytest.fixture
def world(tmp_path: Path, registers: Path) -> Iterator[LocalWorld]:
    """A chain in which Veilig Thuis makes exports."""
    (tmp_path / "chain").mkdir()
    folder = str(tmp_path / "exports")
    settings = {"veilig_thuis": {"exports": folder}}
    with local_world(tmp_path / "chain", registers=registers, settings=settings) as made:
        yield made


@pytest.fixture
def play(world: LocalWorld) -> Play:
    made = Play(world)
    decide_standing(made)
    return made


def reader(world: LocalWorld, role: str, **claims: Any) -> DemoCaller:
    return AsgiCaller(world, "veilig_thuis", world.token("veilig_thuis", role, **claims))


def read(caller: DemoCaller, **selection: Any) -> list[dict[str, Any]]:
    return caller.post("/v1/entries/_search", {**WHY, "selection": selection})["lines"]  # type: ignore[no-any-return]


def kinds(lines: list[dict[str, Any]]) -> set[str]:
    return {line["facts"]["kind"] for line in lines}


def test_each_role_reads_what_it_may(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    everything = read(reader(world, FG))
    assert kinds(everything) >= {"started", "case", "inquiry", "subject", "permit", "answer"}
    # names are there for the own FG and privacy officer, and for nobody else
    assert any("identity" in (line["part"] or {}) for line in everything)
    assert any(line["part"] for line in read(reader(world, PRIVACY)))
    technical = read(reader(world, SECURITY))
    assert kinds(technical) == {"started", "reading", "release"}
    assert not any(line["part"] for line in technical)
    case = next(line["facts"]["case_ref"] for line in everything if line["facts"]["kind"] == "case")
    of_case = play.chair.post("/v1/entries/_search", {**WHY, "selection": {"cases": [case]}})["lines"]
    assert kinds(of_case) == {"case", "permit"}
    assert not any(line["part"] for line in of_case)


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("manager", {}, {}),
    ("official", {}, {}),
    ("participant", {}, {}),
    ("unheard_of", {}, {}),
    (FG, {"mandated": False}, {}),
    (SECURITY, {}, {"kinds": ["subject"]}),
    ("chair", {}, {}),
    ("chair", {}, {"cases": ["0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10"]}),
    ("case_holder", {}, {"kinds": ["answer"]}),
]


def test_who_may_not_read_reads_nothing(world: LocalWorld) -> None:
    """Somebody else's case and one that is not there look alike; a try that is refused reads nothing."""
    trail = world.apps[world.address("veilig_thuis")].state.node.trail
    before = trail.size()
    for role, claims, selection in REFUSED:
        with pytest.raises(Refused, match="not_allowed"):
            read(reader(world, role, **claims), **selection)
    tried = [line["facts"] for line in read(reader(world, FG), kinds=["attempt"])]
    assert trail.size() == before + len(REFUSED) + 1  # with this reading
    assert {one["operation"] for one in tried} == {"POST /entries/_search"}
    assert [one["roles"] for one in tried] == [[role] if role != "unheard_of" else [] for role, *_ in REFUSED]


def test_grounds_are_for_who_may_read_what_is_sealed(play: Play, world: LocalWorld) -> None:
    """The chair sees that a notice waits; why, stands in the sealed part."""
    case = asked(play, "stalking.man")
    [one] = owed(play, case)
    step(play, one, **deferral(world))
    [line] = read(play.chair, cases=[case], kinds=["deferral"])
    assert line["part"] is None
    [whole] = read(reader(world, FG), cases=[case], kinds=["deferral"])
    assert whole["part"]["ground"] == "safety_of_involved"


def test_somebody_elses_case_is_not_read(play: Play, world: LocalWorld) -> None:
    case = play.case(play.chair)
    with pytest.raises(Refused, match="not_allowed"):
        read(world.caller("veilig_thuis", "chair", 7), cases=[case])


def test_reading_is_recorded_with_who_and_why(play: Play, world: LocalWorld) -> None:
    ask(play, SUPERVISED)
    fg = reader(world, FG, sub="fg-7")
    found = read(fg, kinds=["permit"])
    [reading] = read(fg, kinds=["reading"])
    facts = reading["facts"]
    assert (facts["user"], facts["purpose"], facts["lines"]) == ("fg-7", "internal_control", len(found))
    assert facts["selection"] == {"kinds": ["permit"]}
    with pytest.raises(Refused, match="request_invalid"):
        fg.post("/v1/entries/_search", {"purpose": "judge_staff"})


def test_long_trails_are_read_in_turns(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(play, SUPERVISED)
    fg = reader(world, FG)
    whole = [line["position"] for line in read(fg)]
    for name, most in (("MOST_READ", 3), ("_LOOKED_AT", 4)):
        with monkeypatch.context() as patch:
            patch.setattr(f"adapters.node.trail.reading.{name}", most)
            found: list[int] = []
            after: int | None = 0
            while after is not None and after <= whole[-1]:  # beyond stands what this reading left
                turn = fg.post("/v1/entries/_search", {**WHY, "after": after})
                found += [line["position"] for line in turn["lines"]]
                after = turn["nextAfter"]
            assert found[: len(whole)] == whole, name


# ── exports ──


def ended(fg: DemoCaller, export: dict[str, Any]) -> dict[str, Any]:
    for _ in range(200):
        now: dict[str, Any] = fg.get(f"/v1/exports/{export['id']}")
        if now["state"] != "running":
            return now
        time.sleep(0.05)
    raise AssertionError("it runs for ever")


def fetch(world: LocalWorld, fg: AsgiCaller, export_id: str, **headers: str) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(world.apps[world.address("veilig_thuis")])
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            told = {"Authorization": f"Bearer {fg._token}", "Accept": "application/zip", **headers}
            return await client.get(f"/v1/exports/{export_id}/file", headers=told)

    return world.do(get())  # type: ignore[no-any-return]


def test_an_export_is_made_and_holds(play: Play, world: LocalWorld, tmp_path: Path) -> None:
    ask(play, SUPERVISED)
    fg = reader(world, FG)
    asked = fg.post("/v1/exports", {**WHY, "selection": {"kinds": ["permit", "answer"]}})
    done = ended(fg, asked)
    assert (done["state"], done["lines"]) == ("done", 2)
    assert isinstance(fg, AsgiCaller)
    response = fetch(world, fg, asked["id"])
    out = tmp_path / "export.zip"
    out.write_bytes(response.content)
    report = verify(out)
    assert (report.outcome, report.selected, report.entries) == (WHOLE, True, 2)
    rest = fetch(world, fg, asked["id"], Range="bytes=100-")
    assert (rest.status_code, rest.content) == (206, response.content[100:])
    fetched = [line["facts"] for line in read(fg, kinds=["reading"]) if "export" in line["facts"]]
    assert [facts["export"] for facts in fetched] == [asked["id"]] * 2  # who took a copy is recorded
    [entry] = read(fg, kinds=["export"])
    assert entry["facts"]["sums"] == done["digest"]
    # for the FG alone, and for a day
    with pytest.raises(Refused, match="not_allowed"):
        reader(world, PRIVACY).get(f"/v1/exports/{asked['id']}")
    folder = world.apps[world.address("veilig_thuis")].state.node.exports
    world.do(folder.sweep())
    assert fg.get(f"/v1/exports/{asked['id']}")["state"] == "done"
    real = folder._signatory.now
    folder._signatory.now = lambda: real() + timedelta(seconds=KEPT_S + 60)
    world.do(folder.sweep())
    folder._signatory.now = real
    assert fg.get(f"/v1/exports/{asked['id']}")["state"] == "gone"
    assert fetch(world, fg, asked["id"]).status_code == 404
    assert [*(tmp_path / "exports").iterdir()] == []


def test_an_export_of_long_ago_is_forgotten_and_one_of_this_month_is_not(
    play: Play, world: LocalWorld
) -> None:
    """What was asked and why stays for a month after its file is gone; then nothing is known of it here."""
    ask(play, SUPERVISED)
    fg = reader(world, FG)
    asked = fg.post("/v1/exports", {**WHY, "selection": {"kinds": ["permit"]}})
    assert ended(fg, asked)["state"] == "done"
    folder = world.apps[world.address("veilig_thuis")].state.node.exports
    for days, state in ((2, "gone"), (29, "gone"), (31, None)):
        world.clock.ahead = timedelta(days=days)
        world.do(folder.sweep())
        with sqlite3.connect(world.settings("veilig_thuis")["database"].removeprefix("sqlite:///")) as store:
            rows = store.execute("SELECT state FROM exports WHERE id = ?", (asked["id"],)).fetchall()
        assert rows == ([] if state is None else [(state,)])
    with pytest.raises(Refused, match="not_found"):
        reader(world, FG).get(f"/v1/exports/{asked['id']}")


class Held:
    """Stops an export while it runs, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        real = exports.export

        def held(*args: Any, **kwargs: Any) -> Any:
            told = kwargs["progress"]

            def progress(done: int, total: int) -> bool:
                self.reached.set()
                self.go.wait(10)
                return bool(told(done, total))

            return real(*args, **{**kwargs, "progress": progress})

        monkeypatch.setattr(exports, "export", held)


def test_an_export_can_be_canceled(
    play: Play, world: LocalWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    fg = reader(world, FG)
    asked = fg.post("/v1/exports", WHY)
    assert held.reached.wait(10)
    assert fg.get(f"/v1/exports/{asked['id']}")["state"] == "running"
    threading.Timer(0.2, held.go.set).start()
    fg.call("DELETE", f"/v1/exports/{asked['id']}", None)
    assert ended(fg, asked)["state"] == "canceled"
    assert [*(tmp_path / "exports").iterdir()] == []
    assert read(fg, kinds=["export"]) == []


def test_a_stop_in_the_middle_begins_it_anew(
    play: Play, world: LocalWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    asked = reader(world, FG).post("/v1/exports", WHY)
    assert held.reached.wait(10)
    threading.Timer(0.2, held.go.set).start()
    world.stop("veilig_thuis")
    monkeypatch.undo()
    world.start("veilig_thuis")
    fg = reader(world, FG)
    assert ended(fg, asked)["state"] == "done"
    assert len(read(fg, kinds=["export"])) == 1
    assert [file.name for file in (tmp_path / "exports").iterdir()] == [f"{asked['id']}.zip"]


def test_a_folder_that_cannot_be_written_is_a_named_end(
    play: Play, world: LocalWorld, tmp_path: Path
) -> None:
    fg = reader(world, FG)
    (tmp_path / "exports").rmdir()
    asked = fg.post("/v1/exports", WHY)
    assert ended(fg, asked)["state"] == "failed"
    assert read(fg, kinds=["export"]) == []


def test_whatever_goes_wrong_an_export_ends(
    play: Play, world: LocalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(exports, "export", broken)
    fg = reader(world, FG)
    assert ended(fg, fg.post("/v1/exports", WHY))["state"] == "failed"


def test_what_is_done_can_be_taken_away(play: Play, world: LocalWorld, tmp_path: Path) -> None:
    fg = reader(world, FG)
    asked = fg.post("/v1/exports", WHY)
    assert ended(fg, asked)["state"] == "done"
    fg.call("DELETE", f"/v1/exports/{asked['id']}", None)
    assert fg.get(f"/v1/exports/{asked['id']}")["state"] == "canceled"
    assert [*(tmp_path / "exports").iterdir()] == []


NO_CODES: list[dict[str, Any]] = [
    {"partners": ["Anna Voorbeeld, 1984"]},
    {"cases": ["999999990"]},
    {"questions": ["rvdk.known; en verder"]},
    {"rules": ["A2x"]},
    {"kinds": ["permit" * 20]},
    {"releases": ["sha256:x"]},
]


def test_no_text_about_a_person_gets_into_a_leaf(world: LocalWorld) -> None:
    """What is asked for stands in the entry of the reading, for years: only codes and references."""
    fg = reader(world, FG)
    trail = world.apps[world.address("veilig_thuis")].state.node.trail
    before = trail.size()
    for selection in NO_CODES:
        for path in ("/v1/entries/_search", "/v1/exports"):
            with pytest.raises(Refused, match="request_invalid"):
                fg.post(path, {**WHY, "selection": selection})
    assert trail.size() == before


def test_a_part_that_does_not_open_is_shown_as_damaged(play: Play, world: LocalWorld) -> None:
    """It stops nobody from reading the rest: the FG must see it."""
    ask(play, SUPERVISED)
    database = world.settings("veilig_thuis")["database"].removeprefix("sqlite:///")
    with sqlite3.connect(database) as store:
        store.execute(
            "UPDATE trail_parts SET sealed = x'00' WHERE position = (SELECT min(position) FROM trail_parts)"
        )
    found = read(reader(world, FG))
    assert [line["damaged"] for line in found].count(True) == 1
    assert any(line["part"] for line in found)


def test_a_node_without_a_folder_makes_none(play: Play, world: LocalWorld) -> None:
    om = AsgiCaller(world, "om", world.token("om", FG))
    with pytest.raises(Refused, match="404"):
        om.post("/v1/exports", WHY)
