"""An export of a whole log: one file that anybody can check offline, with `python -m audit verify` or other
software.

A zip with

    entries.jsonl   {"position":N,"leaf":<the leaf, byte for byte>} per line
    hashes          the leaf hashes as the database holds them, 32 bytes each
    parts.jsonl     {"position":N,"key_id":N,"salt":"<base64>","sealed":"<base64>"} per part
    checkpoint      the newest checkpoint (C2SP tlog-checkpoint in a signed-note)
    keys            the keys of the log (C2SP signed-note verifier keys), one a line
    LEESMIJ.txt     what this is, for people

What is wrong with the log is exported as it stands: whoever verifies it must see that.
"""

import base64
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from audit.database import engine
from audit.errors import TrailError, TrailUnavailable
from audit.trail import Stored, stored_entries, stored_head

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip knows: the same log gives the same bytes
_LEVEL = 1  # a third of the time for a tenth of the room

_README = """\
Dit is een uitvoer van een heel spoor van Grondslag: elke regel, en het zegel daarover.

Controleren kan zonder database en zonder netwerk, met Python en het pakket cryptography:

    python -m audit verify BESTAND --key SLEUTEL

entries.jsonl   de regels, in hun volgorde, te beginnen bij 0. Wat achter "leaf" staat is de regel, letter
                voor letter. De regels zijn de bladeren van een boom volgens RFC 6962.
hashes          de hash van elke regel zoals de database die bewaart (32 bytes per regel). Daarmee is te
                zeggen welke regel niet klopt.
parts.jsonl     de verzegelde delen. Zo'n deel gaat over een persoon en is hier niet te lezen. Noemt een regel
                een deel (part) en staat het er niet, dan zegt een latere regel (erasure) dat het is gewist.
checkpoint      het zegel: naam, aantal regels, wortel van de boom, handtekening (C2SP tlog-checkpoint).
keys            de sleutels van het spoor (C2SP signed-note).

Twee dingen bewijst dit bestand niet alleen:
- van wie het spoor is. Geef de sleutel mee die u van de partij zelf kreeg (--key).
- dat het spoor niet is ingekort of herschreven door wie de sleutel heeft. Geef een zegel mee dat u eerder
  bewaarde, of dat een andere partij bewaarde (--earlier).
"""


def export(url: str, path: Path, keys: Sequence[str]) -> int:
    """Writes the log in this database up to its newest checkpoint; the number of entries.

    `keys` are the log's verifier keys. The log may be growing meanwhile. The file is put in its place only
    when it is whole. Raises TrailUnavailable, TrailError for a database without a trail, OSError.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        with _snapshot(url) as connection:
            size = _write(connection, fresh, keys)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return size


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


def _write(connection: Connection, path: Path, keys: Sequence[str]) -> int:
    size, checkpoint = stored_head(connection)
    hashes = io.BytesIO()
    with zipfile.ZipFile(path, "w") as archive, TemporaryFile() as parts:
        archive.writestr(_member("LEESMIJ.txt"), _README, compresslevel=_LEVEL)
        archive.writestr(_member("checkpoint"), checkpoint, compresslevel=_LEVEL)
        archive.writestr(_member("keys"), "".join(f"{key}\n" for key in keys), compresslevel=_LEVEL)
        with archive.open(_member("entries.jsonl"), "w", force_zip64=True) as lines:
            for one in stored_entries(connection, size):
                lines.write(b'{"position":%d,"leaf":%b}\n' % (one.position, one.leaf))
                hashes.write(one.hash)
                if one.part is not None:
                    parts.write(_part_line(one))
        archive.writestr(_member("hashes"), hashes.getvalue(), compresslevel=_LEVEL)
        parts.seek(0)
        with archive.open(_member("parts.jsonl"), "w", force_zip64=True) as lines:
            while chunk := parts.read(1 << 20):
                lines.write(chunk)
    return size


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
