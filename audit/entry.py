"""A line of the trail. Pure.

- The leaf is canonical JSON (RFC 8785): kind, time, codes, digests, references that are random per case. It
  is never changed, and it never holds an identity or an answer.
- What is about one subject stands beside it in a sealed part (`part.py`); the leaf holds only its commitment.
- A fact is text, a whole number below 2**53, true, false, null, or a list or object of those. Fractions and
  keys beyond ASCII are refused: for what is left, orjson with sorted keys writes RFC 8785.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from audit.kinds import Kind
from audit.part import Part

RESERVED = frozenset({"v", "id", "at", "kind", "part", "subject_ref"})
"""Names of facts that every entry has of itself."""

MAX_LEAF_BYTES = 65_535
"""C2SP tlog-tiles: an entry's length fits in 16 bits."""

_VERSION = 1
_PLAIN = frozenset({str, bool, type(None)})
_SAFE_INTEGER = 2**53 - 1


@dataclass(frozen=True)
class Entry:
    """What a caller wants recorded. `sealed` needs a `subject_ref`.

    `kept`: the part goes when its entry does (K1), under a key of its own, and not when a closed case loses
    what is about persons (K3).

    Raises ValueError when a fact takes a name that every entry has, or a part is about nobody.
    """

    kind: Kind
    facts: Mapping[str, Any] = field(default_factory=dict)
    subject_ref: str | None = None
    sealed: Mapping[str, Any] | None = None
    kept: bool = False

    def __post_init__(self) -> None:
        if RESERVED & self.facts.keys():
            raise ValueError("these facts bear a name that every entry has of itself")
        if self.sealed is not None and self.subject_ref is None:
            raise ValueError("a sealed part is about a subject")

    @property
    def sealed_for(self) -> str | None:
        """Under whose key the part is sealed: the subject's, or the one that is kept."""
        return kept_ref(self.subject_ref) if self.kept and self.subject_ref else self.subject_ref


@dataclass(frozen=True)
class Recorded:
    """A line as it stands in the trail."""

    position: int
    leaf: bytes

    @property
    def facts(self) -> dict[str, Any]:
        """Everything in the leaf, also `id`, `at`, `kind`."""
        return orjson.loads(self.leaf)  # type: ignore[no-any-return]

    @property
    def kind(self) -> str:
        return str(self.facts["kind"])


def kept_ref(subject_ref: str) -> str:
    """The name of the key for what is kept about this subject as long as its entries."""
    return f"{subject_ref} kept"


def time_of(at: datetime) -> str:
    """A moment as a leaf has it: RFC 3339, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def leaf_of(entry: Entry, *, entry_id: str, at: str, part: Part | None) -> bytes:
    """The bytes that are hashed; `at` as `time_of` writes it.

    Raises ValueError when they are too many, or for a fact that is refused.
    """
    leaf: dict[str, Any] = {
        **entry.facts,
        "v": _VERSION,
        "id": entry_id,
        "at": at,
        "kind": entry.kind,
    }
    if entry.subject_ref is not None:
        leaf["subject_ref"] = entry.subject_ref
    if part is not None:
        leaf["part"] = part.commitment()
    _verify_fact(leaf, 0)
    try:
        raw = orjson.dumps(leaf, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # half a surrogate pair
        raise ValueError("a text in a fact is no Unicode") from None
    if len(raw) > MAX_LEAF_BYTES:
        raise ValueError(f"an entry has at most {MAX_LEAF_BYTES} bytes")
    return raw


def _verify_fact(value: Any, depth: int) -> None:
    """Raises ValueError for anything that RFC 8785 and the encoder could write differently."""
    if isinstance(value, str) or value is None:
        return
    if isinstance(value, int):  # and bool
        if abs(value) > _SAFE_INTEGER:
            raise ValueError("a number in a fact is below 2**53")
        return
    if depth > 16:
        raise ValueError("a fact is nested too deep")
    held: Iterable[Any]
    if isinstance(value, dict):
        held = value.values()
        if not _ascii(value) or (depth and "part" in value):
            raise ValueError("a name in a fact is ASCII text, and only an entry itself has a `part`")
    elif isinstance(value, list | tuple):
        held = value
    else:
        raise ValueError("a fact is text, a whole number, true, false, null, or a list or object of those")
    for one in held:
        if type(one) not in _PLAIN:
            _verify_fact(one, depth + 1)


def _ascii(names: Iterable[object]) -> bool:
    try:
        return "".join(names).isascii()  # type: ignore[arg-type]
    except TypeError:  # one of them is no text
        return False
