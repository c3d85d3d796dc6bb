"""Parties die, hundreds of times, while people work: no answer without an entry, and nothing stuck."""

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.codes import BROKER
from demo.members import PARTIES
from demo.play import Play, decide_standing
from tests.crash.chain import CrashChain, crash_chain, until
from tests.crash.ledger import open_books, stuck, wrong
from tests.crash.load import Work, people_at_work

STEPS: dict[str, tuple[str, ...]] = {
    BROKER: (
        "before case",
        "within case",
        "after case",
        "before inquiry",
        "within inquiry",
        "after inquiry",
        "sending POST /v1/permits",
        "sent POST /v1/permits",
        "before reply",
        "within reply",
        "after reply",
        "leaving inquiries",
        "leaving reply",
        "within change",
        "after change",
    ),
    "reclassering": (
        "before inquiry",
        "within inquiry",
        "after inquiry",
        "leaving permit",
    ),
    "politie": (
        "within inquiry",
        "after inquiry",
        "within view",
        "after view",
        "before answer",
        "within answer",
        "after answer",
        "sending POST /v1/replies",
        "sent POST /v1/replies",
        "within change",
        "after change",
    ),
    "veilig_thuis": (
        "within case",
        "after case",
        "before inquiry",
        "within inquiry",
        "after inquiry",
        "sending POST /v1/inquiries",
        "sent POST /v1/inquiries",
        "within permit",
        "after permit",
        "sent GET /v1/inquiries",
        "within answer",
        "after answer",
        "within change",
    ),
}
"""Where each party is killed: before and after everything that it makes durable or lets go."""

AT_STEPS = 2
"""Killed at the first and at the second time that a step is reached."""
AT_RANDOM = 100
LIVES = 0.7
"""How often a party is up again before the next one is killed; else it may die while it starts."""
REACHED_WITHIN_S = 20
QUIET_WITHIN_S = 40
ENOUGH_S = 60
"""No second round, or no more kills, after so long: a busy machine kills less often."""
PASSES_S = 2.0
"""So much passes at each kill, for retries to come while others die."""

ANSWERED_AT_LEAST = 20

HOLDERS = ("politie", "reclassering", "rvdk")


@pytest.fixture
def chain(registers: Path) -> Iterator[CrashChain]:
    """A running chain, its databases in memory if the machine has that: a kill loses no page of a file."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        with crash_chain(folder / "chain", registers, settings={BROKER: {"retry_every_s": 0.2}}) as made:
            for party in (BROKER, *PARTIES):
                made.start(party)
            for party in (BROKER, *PARTIES):
                made.wait_ready(party)
            decide_standing(Play(made))
            yield made
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("party", STEPS)
def test_killed_at_each_step(party: str, chain: CrashChain) -> None:
    """A party that dies at any named step leaves no answer without an entry and nothing stuck."""
    never, ends = [], time.monotonic() + ENOUGH_S
    with people_at_work(chain) as work:
        for times in range(1, AT_STEPS + 1):
            if times > 1 and time.monotonic() > ends:
                break
            for step in STEPS[party]:
                chain.kill(party)
                chain.start(party, step, times)
                if until(lambda: died_meanwhile(chain, party), REACHED_WITHIN_S):
                    chain.kills += 1
                else:
                    never.append(step)
                chain.start(party)
                chain.shared.pass_s(PASSES_S)
    assert never == []
    must_hold(chain, work)


def test_killed_at_random(chain: CrashChain) -> None:
    """Parties that die at random, also two at a time, leave no answer without an entry and nothing stuck."""
    seed, ends = random.randrange(2**32), time.monotonic() + ENOUGH_S / 2
    chance = random.Random(seed)
    parties = (BROKER, BROKER, "veilig_thuis", *HOLDERS)
    with people_at_work(chain) as work:
        while chain.kills < AT_RANDOM and time.monotonic() < ends:
            dead = {chance.choice(parties), chance.choice(parties)}
            for party in dead:
                chain.kill(party)
            for party in dead:
                chain.start(party)
            chain.shared.pass_s(PASSES_S)
            if chance.random() < LIVES:
                for party in dead:
                    chain.wait_ready(party)
            time.sleep(chance.uniform(0, 0.8))
    must_hold(chain, work, f"seed {seed}")


def died_meanwhile(chain: CrashChain, party: str) -> bool:
    """Whether it is dead; a second of the chain's time passes, for retries to come."""
    chain.shared.pass_s(1)
    return chain.died(party, 0.2)


def must_hold(chain: CrashChain, work: Work, *told: str) -> None:
    """Waits until the chain is quiet, stops it, and looks into everybody's books."""
    for party in (BROKER, *PARTIES):
        chain.wait_ready(party)
    ends = time.monotonic() + QUIET_WITHIN_S
    while time.monotonic() < ends:
        chain.shared.pass_s(20)
        time.sleep(0.3)
        if not stuck(open_books(chain)):
            break
    for party in (BROKER, *PARTIES):
        chain.stop(party)
    books = open_books(chain)
    answered = sum(item.state == "answered" for _, sent in books.sent() for item in sent.items)
    print(f"{chain.kills} kills; {work}; {len(books.asked)} enrichments, {answered} answers", *told)
    assert wrong(books) == [], told
    assert answered > ANSWERED_AT_LEAST, "too little work was done to say anything"


def test_killed_while_its_tables_are_made(registers: Path, tmp_path: Path) -> None:
    """A first start that dies in the middle of a migration leaves nothing that hinders the next."""
    with crash_chain(tmp_path / "chain", registers) as chain:
        for table, party in enumerate((BROKER, *PARTIES), start=2):
            chain.start(party, "creating table", table)
            assert chain.died(party, REACHED_WITHIN_S)
            chain.start(party)
        for party in (BROKER, *PARTIES):
            chain.wait_ready(party)
