"""An export of a log, or of a selection of it: one file that anybody can check offline, with `python -m audit
verify` or other software. docs/export-format.md is exact about every member.

    LEESMIJ.txt     what this is, for people
    filter.json     what was asked for, and why; {} for all of it
    checkpoint      the newest checkpoint (C2SP tlog-checkpoint in a signed-note)
    keys            the keys of the log (C2SP signed-note verifier keys), one a line
    entries.jsonl   {"position":N,"leaf":<the leaf, byte for byte>} per line
    hashes          of a whole log: the leaf hashes as the database holds them, 32 bytes each
    proofs          of a selection: the inclusion proof of each line (RFC 6962 2.1.1)
    parts.jsonl     {"position":N,"key_id":N,"salt":"<base64>","sealed":"<base64>"} per part
    entries.csv, entries.ods    the same lines as tables, for people
    sums            SHA-256 of every other member

and what the caller adds: `witnesses`, `policy`, `stamps/…`. What is wrong with the log is exported as it
stands: whoever verifies it must see that. The same log and selection give the same bytes.
"""

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from audit.database import engine
from audit.entry import Entry
from audit.errors import TrailError, TrailUnavailable
from audit.kinds import Kind
from audit.merkle import inclusion_proofs
from audit.rows import HEADINGS, row_of
from audit.selection import ALL, Selection
from audit.sheet import SHEET, UTF8_MARK, Ods, csv_line
from audit.tables import Stored, stored_entries, stored_head, stored_tiles

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip knows: the same log gives the same bytes
_BATCH = 1_000
_LEVEL = 1  # a third of the time for a tenth of the room

_README = """\
Dit is een uitvoer van een spoor van Grondslag: {what}, en het zegel daarover.

Controleren kan zonder database en zonder netwerk, met Python en het pakket cryptography:

    python -m audit verify BESTAND --key SLEUTEL

filter.json     wat is gevraagd en waarvoor ("purpose"). Leeg: alles.
entries.jsonl   de regels, in hun volgorde. Wat achter "leaf" staat is de regel, letter voor letter. De regels
                zijn de bladeren van een boom volgens RFC 6962.
hashes          bij een heel spoor: de hash van elke regel zoals de database die bewaart (32 bytes per regel).
                Daarmee is te zeggen welke regel niet klopt. Wat na de bewaartermijn is vernietigd, heeft
                alleen nog een hash; een latere regel (pruning) zegt dat.
proofs          bij een keuze: per regel het bewijs dat zij in het spoor staat.
parts.jsonl     de verzegelde delen. Zo'n deel gaat over een persoon en is hier niet te lezen. Noemt een regel
                een deel (part) en staat het er niet, dan zegt een latere regel (erasure) dat het is gewist.
entries.csv     dezelfde regels als tabel (met puntkomma's), en entries.ods als rekenblad, met de tijd zoals
                die in Nederland is. Handig om te lezen; bij het controleren worden zij opnieuw gemaakt en
                vergeleken. Hoever de toetsing van een regel van de hand-out was (concept), staat bij de
                vragen.
checkpoint      het zegel: naam, aantal regels, wortel van de boom, handtekening (C2SP tlog-checkpoint).
keys            de sleutels van het spoor (C2SP signed-note).
witnesses       het zegel met de handtekeningen van getuigen, als die er zijn.
policy          wie getuige zijn, en hoeveel er moeten tekenen, volgens wie dit uitvoerde (C2SP tlog-policy).
                Vergelijk het met wat u van de partijen zelf kreeg, en geef dat mee (--policy).
stamps          tijdstempels van buiten (RFC 3161), als die er zijn; te controleren met openssl ts -verify. Is
                een certificaat van toen verlopen, geef dan het tijdstip van het stempel mee (-attime).
sums            SHA-256 van elk ander deel, zoals sha256sum die schrijft.

Dit zijn gegevens over personen, ook zonder naam. Geef het bestand niet door, en vernietig het na gebruik.

Drie dingen bewijst dit bestand niet uit zichzelf:
- van wie het spoor is. Geef de sleutel mee die u van de partij zelf kreeg (--key).
- dat het spoor niet is ingekort of herschreven door wie de sleutel heeft. Geef een zegel mee dat u eerder
  bewaarde, of dat een andere partij bewaarde (--earlier).
- dat een keuze niets weglaat dat erbij hoort. Wie dat wil weten, vraagt het hele spoor.
"""
_WHOLE, _SELECTED = "elke regel die er nog is", "een keuze uit de regels"


@dataclass(frozen=True)
class Exported:
    """How many lines an export has, and the SHA-256 of its `sums`, which stands for all of it."""

    lines: int
    digest: str


class ExportCanceled(Exception):
    """Whoever asked for it wants it no longer; there is no file."""


def export(
    url: str,
    path: Path,
    keys: Sequence[str],
    *,
    selection: Selection = ALL,
    purpose: str = "",
    more: Mapping[str, bytes] | None = None,
    progress: Callable[[int, int], bool] = lambda _, __: True,
    before: Callable[[Exported], None] = lambda _: None,
) -> Exported:
    """Writes the log in this database up to its newest checkpoint, or what is selected of it.

    `keys` are the log's verifier keys; `more` are members by name. `progress` hears how many of how many
    positions were looked at, and says whether to go on. The log may be growing meanwhile. The file is put in
    its place only when it is whole, and only after `before`, which may record that it was made.

    Raises ExportCanceled, TrailUnavailable, TrailError for a database without a trail, OSError.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        with _snapshot(url) as connection:
            made = _Writing(connection, selection, purpose, progress).write(fresh, keys, more or {})
        before(made)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return made


def export_entry(
    made: Exported, *, purpose: str, by: str, selection: Selection = ALL, **more: str | int
) -> Entry:
    """What the trail says of a file that is about to be there."""
    facts = {"purpose": purpose, "by": by, "selection": selection.as_json()}
    return Entry(Kind.EXPORT, {**facts, "lines": made.lines, "sums": made.digest, **more})


def newest_checkpoint(url: str) -> str:
    """The newest checkpoint in this database. Raises TrailUnavailable, TrailError when it holds no trail."""
    with _snapshot(url) as connection:
        return stored_head(connection)[1]


@contextmanager
def _snapshot(url: str) -> Iterator[Connection]:
    """A connection that sees one moment: an erasure meanwhile would leave a part out and not say so."""
    try:
        opened = engine(url, writes=False)
    except (SQLAlchemyError, ModuleNotFoundError):
        raise TrailError(
            "This is not the URL of a database that we know: sqlite or postgresql+psycopg."
        ) from None
    try:
        with opened.connect() as connection:
            if opened.dialect.name != "sqlite":  # there a reading transaction always sees one moment
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
    except SQLAlchemyError as error:
        raise TrailUnavailable(f"the trail cannot be read: {type(error).__name__}") from None
    finally:
        opened.dispose()


class _Writing:
    def __init__(
        self,
        connection: Connection,
        selection: Selection,
        purpose: str,
        progress: Callable[[int, int], bool],
    ) -> None:
        self._connection = connection
        self._selection = selection
        self._purpose = purpose
        self._progress = progress
        self._size, self._checkpoint = stored_head(connection)
        self._sums: dict[str, str] = {}

    def write(self, path: Path, keys: Sequence[str], more: Mapping[str, bytes]) -> Exported:
        whole = self._selection.whole
        asked = {**({"purpose": self._purpose} if self._purpose else {}), **self._selection.as_json()}
        with zipfile.ZipFile(path, "w") as archive, ExitStack() as stack:
            side = {
                name: stack.enter_context(TemporaryFile())
                for name in ("hashes" if whole else "proofs", "parts.jsonl", "entries.csv", "entries.ods")
            }
            small = {
                "LEESMIJ.txt": _README.format(what=_WHOLE if whole else _SELECTED),
                "filter.json": json.dumps(asked, indent=1, sort_keys=True) + "\n",
                "checkpoint": self._checkpoint,
                "keys": "".join(f"{key}\n" for key in keys),
            }
            for name, text in small.items():
                self._put(archive, name, text.encode())
            with (
                archive.open(_member("entries.jsonl"), "w", force_zip64=True) as lines,
                Ods(side["entries.ods"], SHEET, HEADINGS) as table,
            ):
                count = self._lines(_Summed(lines, self._sums, "entries.jsonl"), side, table)
            for name, file in side.items():
                file.seek(0)
                with archive.open(_member(name), "w", force_zip64=True) as member:
                    summed = _Summed(member, self._sums, name)
                    while chunk := file.read(1 << 20):
                        summed.write(chunk)
                    summed.close()
            for name in sorted(more):
                self._put(archive, name, more[name])
            sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(self._sums.items()))
            archive.writestr(_member("sums"), sums, compresslevel=_LEVEL)
        return Exported(count, hashlib.sha256(sums.encode()).hexdigest())

    def _put(self, archive: zipfile.ZipFile, name: str, content: bytes) -> None:
        archive.writestr(_member(name), content, compresslevel=_LEVEL)
        self._sums[name] = hashlib.sha256(content).hexdigest()

    def _lines(self, lines: "_Summed", side: Mapping[str, IO[bytes]], table: Ods) -> int:
        side["entries.csv"].write(UTF8_MARK + csv_line(HEADINGS))
        tiles = stored_tiles(self._connection, self._size)
        count, gone = 0, _Gone()
        for batch in _batches(stored_entries(self._connection, self._size)):
            if not self._progress(batch[0].position, self._size):
                raise ExportCanceled
            read = [(one, _facts(one.leaf)) for one in batch if one.leaf]
            chosen = [pair for pair in read if self._selection.whole or self._chosen(*pair, gone)]
            for one, _ in chosen:
                lines.write(b'{"position":%d,"leaf":%b}\n' % (one.position, one.leaf))
                if one.part is not None:
                    side["parts.jsonl"].write(_part_line(one))
                row = row_of(one.position, one.leaf)
                side["entries.csv"].write(csv_line(row))
                table.add(row)
            if self._selection.whole:
                side["hashes"].write(b"".join([one.hash for one in batch]))
            else:
                proofs = inclusion_proofs([one.position for one, _ in chosen], self._size, tiles)
                for (one, _), proof in zip(chosen, proofs, strict=True):
                    side["proofs"].write(_proof_line(one.position, proof))
            count += len(chosen)
        lines.close()
        self._progress(self._size, self._size)
        return count

    def _chosen(self, one: Stored, facts: Mapping[str, Any], gone: "_Gone") -> bool:
        if facts.get("kind") == Kind.ERASURE and gone.waited_for(facts.get("erased", ())):
            return True
        if not self._selection.selects(facts):
            return False
        if "part" in facts and one.part is None:
            gone.positions.add(one.position)
        return True


@dataclass
class _Gone:
    """Selected lines whose part was erased: the erasure that says so is to come."""

    positions: set[int] = field(default_factory=set)

    def waited_for(self, erased: Sequence[int]) -> bool:
        found = self.positions.intersection(erased)
        self.positions -= found
        return bool(found)


class _Summed:
    """Writes on, and keeps the sum of what went by."""

    def __init__(self, file: IO[bytes], sums: dict[str, str], name: str) -> None:
        self._file = file
        self._sums = sums
        self._name = name
        self._sum = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self._sum.update(content)
        self._file.write(content)

    def close(self) -> None:
        self._sums[self._name] = self._sum.hexdigest()


def _batches(stored: Iterator[Stored]) -> Iterator[list[Stored]]:
    while batch := list(islice(stored, _BATCH)):
        yield batch


def _facts(leaf: bytes) -> dict[str, Any]:
    """None of a leaf that somebody spoiled: it is exported all the same."""
    try:
        facts = json.loads(leaf)
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _proof_line(position: int, proof: Sequence[bytes]) -> bytes:
    return b"%d %b\n" % (position, base64.b64encode(b"".join(proof)))


def _part_line(one: Stored) -> bytes:
    assert one.part is not None  # noqa: S101 - the caller asked
    line = {
        "position": one.position,
        "key_id": one.part.key_id,
        "salt": base64.b64encode(one.part.salt).decode(),
        "sealed": base64.b64encode(one.part.sealed).decode(),
    }
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _FIXED_TIME)
    member.compress_type = zipfile.ZIP_DEFLATED
    member._compresslevel = _LEVEL  # type: ignore[attr-defined]
    return member
