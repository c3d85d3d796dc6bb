"""Looks for persons where there must be none: in the broker's files, its log lines and its memory."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from demo.population import CastMember

_SHORTEST = 5  # a shorter name stands in any megabyte by chance
_STEP = 64 * 1024


def markers(members: Iterable[CastMember]) -> set[bytes]:
    """What would give these persons away, as it might be spelled: names, birth dates, addresses."""
    texts = set()
    for member in members:
        who = member.identity
        # a given name alone stands in any library ("alida" in "validate"): all of them together do not
        texts |= {who.surname, who.partner_surname, who.given_names if " " in who.given_names else ""}
        if not who.birth_date.endswith("-00"):
            year, month, day = who.birth_date.split("-")
            texts |= {who.birth_date, f"{day}-{month}-{year}", f"{year}{month}{day}"}
        if who.postcode and who.house_number:
            texts |= {f"{who.postcode} {who.house_number}", who.postcode}
    return {
        spelled
        for text in texts
        if len(text) >= _SHORTEST
        for spelled in (text.encode(), text.encode("utf-16-le"), text.casefold().encode())
    }


def found_in_files(paths: Iterable[Path], wanted: set[bytes]) -> int:
    """How many of these stand anywhere in these files."""
    return sum(len(_found(path.read_bytes(), wanted)) for path in paths if path.is_file())


def found_in_memory(process: int, wanted: set[bytes]) -> int:
    """How many of these stand in the memory of this process. Raises OSError where that may not be read."""
    return len({marker for stretch in _memory(process) for marker in _found(stretch, wanted)})


def _found(stretch: bytes, wanted: set[bytes]) -> set[bytes]:
    # a plain search per marker is many times faster than one expression for all
    return {marker for marker in wanted if _stands(marker, stretch)}


def _stands(marker: bytes, stretch: bytes) -> bool:
    """A number within a longer one (a time stamp in a library's text) is another number; a name is a name."""
    width = 2 if marker[1:2] == b"\0" else 1  # as Python keeps text with letters beyond Latin
    place = stretch.find(marker)
    while place >= 0:
        end = place + len(marker)
        before = stretch[place - width : place - width + 1] if place >= width else b""
        after = stretch[end : end + 1]
        first, last = marker[:1], marker[-width : len(marker) - width + 1]
        longer = (first.isdigit() and before.isdigit()) or (last.isdigit() and after.isdigit())
        if not longer:
            return True
        place = stretch.find(marker, place + 1)
    return False


def _memory(process: int) -> Iterator[bytes]:
    maps = Path(f"/proc/{process}/maps").read_text(encoding="utf-8").splitlines()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            bounds, rights, *rest = line.split()
            if not rights.startswith("rw") or (rest[-1:] and rest[-1].startswith("[v")):
                continue
            first, stop = (int(bound, 16) for bound in bounds.split("-"))
            # stretches overlap a little, so that nothing hides on a border
            for start in range(first, stop, _STEP):
                try:
                    memory.seek(start)
                    stretch = memory.read(min(_STEP + 256, stop - start))
                except OSError:
                    break
                if stretch.count(0) != len(stretch):  # most of what is reserved was never written
                    yield stretch
