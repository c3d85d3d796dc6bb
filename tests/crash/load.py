"""People at work while parties die: chairs who ask, and officials who open, release and ask for more reason.

A party that does not answer is no reason to stop: they try the next thing, as people do.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException

from demo.caller import Refused
from demo.play import Play
from tests.crash.chain import CrashChain

POLICE = "politie.relevant_registrations"


@dataclass
class Work:
    """What was done: how many asked, and by which problem work was refused."""

    asked: int = 0
    released: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    broken: int = 0


@contextmanager
def people_at_work(chain: CrashChain, *, chairs: int = 2) -> Iterator[Work]:
    """Keeps them at work until the block ends."""
    work, done, lock = Work(), threading.Event(), threading.Lock()

    def keep(turn: "_Turn") -> None:
        while not done.is_set():
            try:
                turn.once()
            except Refused as refused:
                with lock:
                    work.refused[refused.code] = work.refused.get(refused.code, 0) + 1
            except (OSError, HTTPException):  # it was killed while we spoke with it
                with lock:
                    work.broken += 1
            done.wait(0.03)

    turns = [_Chair(chain, work) for _ in range(chairs)] + [_Official(chain, work)]
    threads = [threading.Thread(target=keep, args=(turn,), daemon=True) for turn in turns]
    for thread in threads:
        thread.start()
    try:
        yield work
    finally:
        done.set()
        for thread in threads:
            thread.join(60)


class _Turn:
    def __init__(self, chain: CrashChain, work: Work) -> None:
        self.play = Play(chain)
        self.work = work

    def once(self) -> None:
        raise NotImplementedError


class _Chair(_Turn):
    """A case with two persons and questions to three holders, each time anew."""

    def once(self) -> None:
        play = self.play
        case = play.case(play.chair)
        man = play.subject(
            "stalking.man", "suspected_perpetrator", ["reclassering.known", POLICE], weighty=True
        )
        girl = play.subject("children_and_adults.girl", "child", ["rvdk.known", "reclassering.known"])
        play.ask(play.chair, case, [man, girl])
        self.work.asked += 1


class _Official(_Turn):
    """Lets most of what waits go; asks for more reason now and then."""

    number = 0

    def once(self) -> None:
        official = self.play.caller("politie", "official")
        for waiting in official.get("/v1/questions")[:3]:
            self.number += 1
            place = f"/v1/questions/{waiting['inquiry']}/{waiting['index']}"
            if self.number % 4 == 0 and waiting["state"] == "waits":
                official.post(f"{place}/refusals")
            else:
                official.post(f"{place}/views")
                official.post(f"{place}/answers", {"codes": ["shareable"]})
            self.work.released += 1
        time.sleep(0.1)
