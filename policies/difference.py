"""Everything in which two releases differ: each datum of each data file, each file of rules, each line of
the scenarios. What is not named here is the same to the byte, or to the value.

Pure: no database, no web framework, no logger.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.release import Release, canonical_json

Place = tuple[str, ...]
"""Where in a data file: the keys from the outside in. Of rules and scenarios: nowhere further."""


@dataclass(frozen=True)
class Datum:
    """A value as its canonical JSON, so that 1, 1.0 and true are three; of a file that is no data: its
    text.
    """

    text: str

    @property
    def value(self) -> Any:
        """The JSON value. Raises ValueError for the text of a file."""
        return json.loads(self.text)


@dataclass(frozen=True)
class Difference:
    """One place that differs. `before`, `after`: what stands there; None: nothing (a null of JSON is
    something).
    """

    file: str
    place: Place
    before: Datum | None
    after: Datum | None


def differences(old: Release, new: Release) -> tuple[Difference, ...]:
    """All of them, file by file, in the order of their names."""
    return tuple(_of_files(old.files, new.files))


def _of_files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[Difference]:
    for file in sorted({*old, *new}):
        before, after = old.get(file), new.get(file)
        if file.endswith(".json"):
            given = (None if one is None else json.loads(one) for one in (before, after))
            yield from _of_values(file, (), *(_ABSENT if one is None else one for one in given))
        elif before != after:
            yield Difference(
                file, (), *(None if one is None else Datum(one.decode()) for one in (before, after))
            )


class _Absent:
    """No value; not even null."""


_ABSENT = _Absent()


def _of_values(file: str, place: Place, before: object, after: object) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _of_values(file, (*place, key), before.get(key, _ABSENT), after.get(key, _ABSENT))
        return
    one, other = _datum(before), _datum(after)
    if one != other:
        yield Difference(file, place, one, other)


def _datum(value: object) -> Datum | None:
    return None if value is _ABSENT else Datum(canonical_json(value).decode())
