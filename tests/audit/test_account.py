"""What an export says to a data protection officer: counted from the lines, offline, in Dutch."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from audit.account import Account, account_of, told_account
from audit.entry import Entry
from audit.export import export
from audit.kinds import Kind
from audit.report import DAMAGED, WHOLE
from tests.audit.books import AT, Books, played
from tests.audit.test_verify import remade

ASKED = {"requester": "veilig_thuis", "holder": "politie", "question": "politie.relevant_registrations"}
PERMIT = {
    **ASKED,
    "case_ref": "case",
    "purpose": "enrich_referral",
    "rule": "A09",
    "status": "concept",
    "transparency": ["vt_informs"],
}


def filled(books: Books) -> Path:
    """A node's trail with some of everything, exported."""
    entries = [
        Entry(Kind.PERMIT, {**PERMIT, "joint_id": "p1", "joint_at": AT.isoformat()}, subject_ref="man"),
        Entry(Kind.REFUSAL, {**ASKED, "case_ref": "case", "reasons": ["melding_missing", "role_unknown"]}),
        Entry(Kind.ANSWER, {**ASKED, "case_ref": "case", "status": "answered"}),
        Entry(Kind.VIEW, {"user": "u-7", "case_ref": "case"}),
        Entry(Kind.READING, {"user": "fg-1", "purpose": "kwartaalcontrole"}),
        Entry(Kind.READING, {"user": "fg-1", "purpose": "kwartaalcontrole"}),
        Entry(Kind.MISDEED, {"misdeed": "release_step_gone"}),
        Entry(Kind.COMPARISON, {"only_here": ["a"], "only_there": ["b", "c"]}),
        Entry(Kind.ERASURE, {"reason": "request", "by": "fg-1", "erased": []}),
        Entry(Kind.DEFERRAL, {"obligation": "p1", "step": "s", "until": "never"}),
    ]

    async def run() -> None:
        async with books.opened() as trail:
            await trail.append(entries)

    played(run())
    path = books.folder / "export.zip"
    export(books.url, path, [books.vkey])
    return path


def text(found: Account, now: datetime) -> str:
    return "\n".join(told_account(found, now))


def test_everything_is_counted_and_said(sqlite_books: Books) -> None:
    """Asked, refused, answered, who looked and why, who must be told, what went wrong, what is not proven."""
    found = account_of(filled(sqlite_books))
    said = text(found, AT + timedelta(days=1))
    for line in (
        "2 × veilig_thuis → politie: politie.relevant_registrations",
        "1 × veilig_thuis → politie: melding_missing",
        "1 × veilig_thuis → politie: role_unknown",
        "1 × veilig_thuis · politie.relevant_registrations: answered",
        "1 × u-7 keek naar een vraag of een antwoord",
        "2 × fg-1 las in het spoor, grond: kwartaalcontrole",
        "1 × nog te vertellen",
        "0 te laat op ",
        "1 × request, door fg-1",
        "1 × release_step_gone",
        "1 vergelijkingen met een ander spoor, 3 regels die één kant mist",
        "Wat dit niet bewijst:",
        "1 × concept",
    ):
        assert line in said, line


def test_what_is_overdue_is_named_with_its_time_here(sqlite_books: Books) -> None:
    late = text(account_of(filled(sqlite_books)), AT + timedelta(days=30))
    assert "1 te laat op " in late
    assert "casus case: had moeten zijn vóór " in late
    assert "23.59" in late


def test_without_a_moment_it_is_as_of_the_last_line(sqlite_books: Books) -> None:
    """What came after that is not in the export, so nothing is said of it."""
    found = account_of(filled(sqlite_books))
    assert "\n".join(told_account(found)) == text(found, datetime.fromisoformat(found.until))
    assert "0 te laat op 01-01-1970" in "\n".join(told_account(Account()))


def test_a_line_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    found = Account()
    odd: list[dict[str, Any]] = [{"kind": "permit"}, {"kind": "deferral"}, {}, {"kind": 7}, {"at": None}]
    for facts in odd:
        try:
            found.take(0, facts)
        except (KeyError, ValueError, TypeError, AttributeError):
            found.odd += 1
    assert text(found, datetime.now(UTC))


def test_the_command_checks_first_and_needs_no_network(sqlite_books: Books) -> None:
    """Its exit status is that of the check; of a damaged export too it tells what stands there."""
    path = filled(sqlite_books)

    def run() -> tuple[int, str]:
        command = [sys.executable, "-m", "audit", "report", str(path), "--key", sqlite_books.vkey]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    status, said = run()
    assert status == WHOLE
    assert said.startswith("HEEL")
    assert "Wie het moet weten:" in said
    remade(path, lambda m: m.update({"entries.jsonl": m["entries.jsonl"].replace(b"u-7", b"u-8")}))
    status, said = run()
    assert status == DAMAGED
    assert said.startswith("BESCHADIGD")
