"""House numbers as they are compared: number, letter and addition apart. Pure.

`14D-1`, `14 d 1` and `14-D1` are one; `12-2` is not `122`; `14` and `14a` may be one, since an addition is
often left out.
"""

import re
from typing import NamedTuple

_PARTS = re.compile(r"[0-9]+|[a-z]+")


class House(NamedTuple):
    """`more`: letter and addition, in order."""

    number: int
    more: tuple[str, ...]


def house_of(text: str) -> House | None:
    """None for what begins with no number."""
    parts = _PARTS.findall(text.casefold())
    if not parts or not parts[0].isdigit() or not text.lstrip()[:1].isdigit():
        return None
    more: list[str] = []
    for part in parts[1:]:
        if more and more[-1].isalpha() and part.isalpha():
            more[-1] += part  # 12a bis, 12 abis
        else:
            more.append(part)
    return House(int(parts[0]), tuple(more))
