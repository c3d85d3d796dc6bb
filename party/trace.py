"""One trace over all hops: W3C Trace Context, level 1, header `traceparent`.

A malformed header starts a new trace; `tracestate` and `baggage` are dropped, for they may carry anything.
"""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

_HEADER = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar["Trace | None"] = ContextVar("trace", default=None)


@dataclass(frozen=True)
class Trace:
    """The trace (32 hex digits) and our own span in it (16 hex digits)."""

    trace_id: str
    span_id: str

    @property
    def traceparent(self) -> str:
        """The header for the next hop."""
        return f"00-{self.trace_id}-{self.span_id}-01"


def continued(traceparent: str | None) -> Trace:
    """A span of our own in the caller's trace; in a new one when the caller has none, or a malformed one."""
    found = _HEADER.fullmatch(traceparent or "")
    return Trace(found[1] if found else secrets.token_hex(16), secrets.token_hex(8))


def enter(trace: Trace) -> None:
    """From here on, in this task and those it starts, this is the trace."""
    _current.set(trace)


def header() -> str | None:
    """The header for the next hop, if there is a trace."""
    here = _current.get()
    return None if here is None else here.traceparent


def current() -> Trace | None:
    """The trace of the request that is being handled, if there is one."""
    return _current.get()
