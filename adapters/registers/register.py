"""The seam between a partner's register and its answers.

What a register promises:

- `find` gets the persons of one whole inquiry and returns, for each, everyone there who might be that person,
  near misses included. Which of them it is, is not the register's business: `matching.py` decides.
- It does the same work whether a person is there or not: a fixed number of statements or requests per call,
  whatever the number of persons.
- It marks what is shielded, deceased or in doubt, and leaves nothing out: leaving out is done in one place
  for all (`adapters/partners`).
- It reads everybody, however many, or it is a RegisterUnavailable: how many others there are never makes an
  answer another one.
- It opens no new connection once warm. What it cannot do is a RegisterUnavailable, never an empty result.

    RegisterUnavailable     the register cannot be asked now; nothing is known
    ├── ExtractIncomplete   a file of an extract is missing, half written or altered
    ├── ExtractStale        the newest extract is too old to answer from
    └── RegisterUnreadable  the register answered something that is not in its agreed shape
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from contract.identity import Identity


class RegisterUnavailable(Exception):
    """The register cannot be asked now. The text never holds a value from the question or the register."""


class ExtractIncomplete(RegisterUnavailable):
    """A file of an extract is missing, half written or altered since its manifest."""


class ExtractStale(RegisterUnavailable):
    """The newest extract is too old to answer from."""


class RegisterUnreadable(RegisterUnavailable):
    """The register answered something that is not in its agreed shape."""


@dataclass(frozen=True)
class Record:
    """One thing that a register knows about a person: a supervision, a file, a registration, a case, a
    melding.

    `kind`, `role` (of the person in it) and `traits` are codes of that partner. `end` is the last day on
    which it holds, or None.
    """

    kind: str
    role: str
    start: date
    end: date | None = None
    traits: frozenset[str] = frozenset()
    shielded: bool = False
    in_doubt: bool = False

    def runs_on(self, day: date) -> bool:
        """Whether it holds on that day."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True)
class Person:
    """One person in a register, with all that is recorded there. `key` is the register's own; it never leaves
    the holder.
    """

    key: str
    identity: Identity
    records: frozenset[Record] = frozenset()
    deceased: bool = False
    shielded: bool = False
    in_doubt: bool = False
    unreadable: bool = False
    """Something of this person cannot be read: whatever is asked, a person has to look."""


@dataclass(frozen=True)
class Candidates:
    """Who might be the person. `crowded`: a service gave only some of them, so nothing is certain."""

    persons: tuple[Person, ...]
    crowded: bool = False


@dataclass(frozen=True)
class Found:
    """`candidates` stand in the order of the identities that were asked; `as_of` is the day the register's
    data are of.
    """

    as_of: date
    candidates: tuple[Candidates, ...]


class Register(Protocol):
    async def find(self, identities: Sequence[Identity]) -> Found:
        """Everyone who might be one of these persons. Raises RegisterUnavailable."""

    async def close(self) -> None:
        """Gives back connections and threads."""
