"""What a party does again and again beside its requests: deliver, follow up, hand in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from party import trace
from party.events import Event, log


@asynccontextmanager
async def rounds(**tasks: tuple[Callable[[], Awaitable[object]], float]) -> AsyncIterator[None]:
    """Runs each task, by name, every so many seconds until the block ends. Each turn is a trace of its own;
    one that fails is logged and tried again.
    """
    running = [asyncio.create_task(_round(name, turn, every_s)) for name, (turn, every_s) in tasks.items()]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _round(name: str, turn: Callable[[], Awaitable[object]], every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        trace.enter(trace.continued(None))
        try:
            await turn()
        except Exception as error:  # whatever it is, the next turn must come
            log(Event.ROUND_FAILED, task=name, error=type(error).__name__)
            here = asyncio.current_task()
            if here is not None and here.cancelling():
                return  # it failed while it was being ended
