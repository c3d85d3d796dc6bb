"""Named steps at which a party kills itself: SIGKILL, so that nothing is closed and nothing is said.

    before K, within K, after K     a commit of the trail whose first entry is of kind K (`change`: no entry):
                                    before its transaction, after its last statement, after it is durable
    sending PATH, sent PATH         a request to another party: before it goes, after its response came
    leaving NAME                    a response of ours is ready and has not left: inquiries, permit, reply
    creating table                  in the middle of a migration

Only the parties of the crash tests are made with these; the program itself has no such hooks.
"""

import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from alembic.ddl.impl import DefaultImpl

from adapters.node.answering.answering import Answering
from audit.trail import Trail
from gateway.broker import Broker
from party.wire import HttpWire, Response


class Trap:
    """Dies at the n-th time that this step is reached."""

    def __init__(self, step: str, times: int) -> None:
        self._step = step
        self._left = times

    def reached(self, step: str) -> None:
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def arm(step: str, times: int) -> None:
    """Puts the steps into this process. Call it before the party is made."""
    trap = Trap(step, times)
    _arm_trail(trap)
    _arm_wire(trap)
    _arm_call(trap, Broker, "handle", "leaving inquiries")
    _arm_call(trap, Broker, "take_reply", "leaving reply")
    _arm_call(trap, Answering, "answer", "leaving permit")
    create: Callable[..., Any] = DefaultImpl.create_table

    def create_table(self: DefaultImpl, table: Any, **chosen: Any) -> None:
        create(self, table, **chosen)
        trap.reached("creating table")

    DefaultImpl.create_table = create_table  # type: ignore[method-assign]


def _arm_trail(trap: Trap) -> None:
    attempt, commit = Trail._attempt, Trail._commit

    def kinds(batch: Sequence[Any]) -> list[str]:
        return [job.entries[0].kind if job.entries else "change" for job in batch]

    def attempted(self: Trail, connection: Any, batch: Sequence[Any]) -> Any:
        for kind in kinds(batch):
            trap.reached(f"before {kind}")
        done = attempt(self, connection, batch)
        for kind in kinds(batch):
            trap.reached(f"within {kind}")
        return done

    def committed(self: Trail, batch: Sequence[Any]) -> Any:
        done = commit(self, batch)
        for kind in kinds(batch):
            trap.reached(f"after {kind}")
        return done

    Trail._attempt, Trail._commit = attempted, committed  # type: ignore[method-assign]


def _arm_wire(trap: Trap) -> None:
    send = HttpWire.send

    async def sent(self: HttpWire, method: str, address: str, path: str, **more: Any) -> Response:
        name = "/".join(path.partition("?")[0].split("/")[:3])
        trap.reached(f"sending {method} {name}")
        response = await send(self, method, address, path, **more)
        trap.reached(f"sent {method} {name}")
        return response

    HttpWire.send = sent  # type: ignore[method-assign]


def _arm_call(trap: Trap, kind: type, name: str, step: str) -> None:
    call = getattr(kind, name)

    async def called(self: Any, *given: Any) -> Any:
        result = await call(self, *given)
        trap.reached(step)
        return result

    setattr(kind, name, called)
