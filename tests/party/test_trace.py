"""Trace context over hops and tasks."""

import asyncio

from party import trace


def test_the_next_hop_is_told_our_own_span_in_the_same_trace() -> None:
    """The trace stays, the span is ours."""
    first = trace.continued(None)
    second = trace.continued(first.traceparent)
    assert second.trace_id == first.trace_id
    assert second.span_id != first.span_id


def test_requests_at_the_same_time_each_have_their_own_trace() -> None:
    """A task started for one request never sees the trace of another."""

    async def handle(mine: trace.Trace) -> bool:
        trace.enter(mine)
        await asyncio.sleep(0)
        return await asyncio.create_task(same(mine))

    async def same(mine: trace.Trace) -> bool:
        return trace.current() == mine

    async def both() -> list[bool]:
        return await asyncio.gather(*(handle(trace.continued(None)) for _ in range(5)))

    assert asyncio.run(both()) == [True] * 5
    assert trace.current() is None
