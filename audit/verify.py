"""Checks an export of a log, or of a selection of it. Needs Python and `cryptography`: no database, no
network, nothing else of Grondslag.

1. The checkpoint is signed by the log, under a key that the reader trusts.
2. The leaf hashes that the export holds make the tree of the checkpoint. If so, each line can be judged by
   itself.
3. Each line is the next one, and its leaf has its hash.
4. Each sealed part is the one that its line commits to; one that is not there was erased by a line that says
   so.
5. Each earlier checkpoint that the reader kept is one of the same log: nothing before it was changed or cut
   off.
6. Every member is the one that the sums say.

Of a selection each line is proven by itself, instead of 2 and 3; whether one was left out cannot be told.
"""

import hashlib
import json
import re
import zipfile
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.checkpoint import Checkpoint, read_verifier_key, verify_checkpoint
from audit.errors import VerifyError
from audit.kinds import Kind
from audit.merkle import Tree, leaf_hash, root_from_inclusion
from audit.part import commitment
from audit.quorum import Quorum
from audit.report import CANNOT_TELL, WHOLE, Report, cannot_tell
from audit.rows import HEADINGS, row_of
from audit.sheet import CONTENT, SHEET, UTF8_MARK, Xml, csv_line, same_around
from audit.witness import WitnessKey, cosigned_at, read_cosigner_key

_ALWAYS = frozenset(
    {
        "LEESMIJ.txt",
        "filter.json",
        "checkpoint",
        "keys",
        "entries.jsonl",
        "parts.jsonl",
        "entries.csv",
        "entries.ods",
        "sums",
    }
)
_WHOLE, _SELECTED = _ALWAYS | {"hashes"}, _ALWAYS | {"proofs"}
_MORE = re.compile(r"witnesses|policy|stamps/[a-z0-9.-]{1,80}")
_LONGEST_SMALL = 64 * 1024
_LONGEST_LINE = 1024 * 1024
LEAST_KEPT = timedelta(days=1461)
"""Nothing may be destroyed before that (Wjsg 19, 39j, 51c(4); Wpg 25(1)(c))."""

_CLOCKS_DIFFER = timedelta(days=1)
_HASH = 32
_BATCH = 8_192
_LINE = re.compile(rb'\{"position":(0|[1-9][0-9]{0,18}),"leaf":(\{.*\})\}')
_PART_LINE = re.compile(
    rb'\{"position":(0|[1-9][0-9]{0,18}),"key_id":[0-9]{1,19},"salt":"([^"]*)","sealed":"([^"]*)"\}'
)
_PROOF_LINE = re.compile(rb"(0|[1-9][0-9]{0,18}) ([A-Za-z0-9+/=]*)")
_SUM_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
_KINDS = re.compile(rb'"kind":"([^"]*)"').findall
_PART = b'"part":"'
_DESTROYING = frozenset(kind.encode() for kind in (Kind.ERASURE, Kind.PRUNING))


def verify(
    path: Path,
    keys: Sequence[str] = (),
    earlier: Sequence[str] = (),
    *,
    quorum: Quorum | None = None,
    now: datetime | None = None,
) -> Report:
    """Checks the export in this file.

    `keys` are the verifier keys that the reader trusts; without them those in the file are taken, and the
    report says so. One of ML-DSA-44 is of the log's second signature, which must then be there. `earlier` are
    checkpoints of this log that were kept elsewhere. `quorum`: whose signatures the reader wants on the state
    in `witnesses`; its keys of logs are trusted too. `now`: the reader's clock, if it is not that of this
    machine.
    """
    given, second = [*(quorum.logs if quorum else ())], []
    try:
        for key in keys:
            try:
                given.append(read_verifier_key(key))
            except VerifyError:
                second.append(read_cosigner_key(key))
    except VerifyError:
        return cannot_tell("Een sleutel die u meegeeft is niet te lezen (naam+hash+sleutel).")
    try:
        with zipfile.ZipFile(path) as archive:
            names = [one.filename for one in archive.infolist() if not _MORE.fullmatch(one.filename)]
            if len(names) != len(_WHOLE) or set(names) not in (_WHOLE, _SELECTED):
                return cannot_tell("Dit is geen uitvoer van een spoor: er is een deel te weinig of te veel.")
            asked = _Asked(given, second, quorum, earlier, now or datetime.now(UTC))
            return _verified(archive, asked)
    except (OSError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError):
        return cannot_tell("Dit bestand is niet te lezen als uitvoer van een spoor.")
    except (Base64Error, UnicodeDecodeError, _UnreadableError):
        return cannot_tell("Een deel van dit bestand is niet te lezen.")
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise
        return cannot_tell("Dit bestand is beschadigd: het is niet uit te pakken.")


class _UnreadableError(Exception):
    """Not what an export holds."""


@dataclass(frozen=True)
class _Asked:
    """What the reader trusts and wants: keys of logs, keys of second signatures, a quorum, kept checkpoints;
    and the time.
    """

    given: Sequence[tuple[str, Ed25519PublicKey]]
    second: Sequence[tuple[str, WitnessKey]]
    quorum: Quorum | None
    earlier: Sequence[str]
    now: datetime


def _verified(archive: zipfile.ZipFile, asked: _Asked) -> Report:
    report = Report(trusted=bool(asked.given))
    text = _small(archive, "checkpoint")
    try:
        named = asked.given or [read_verifier_key(line) for line in _small(archive, "keys").splitlines()]
        keys = [key for name, key in named if name == text.partition("\n")[0]]
        checkpoint = verify_checkpoint(text, text.partition("\n")[0], keys)
    except VerifyError:
        report.damage("Het zegel is niet gezet met een sleutel van dit spoor.")
        return report
    report.origin = checkpoint.origin
    report.selected = "proofs" in archive.namelist()
    kept = _kept(report, checkpoint, keys, asked.earlier)
    if asked.second or asked.quorum:
        kept += _shown(archive, report, checkpoint, keys, asked)
        kept.sort(key=lambda one: one.size)
    if report.selected:
        found = _verify_selected(archive, report, checkpoint)
    else:
        found = _verify_lines(
            archive, report, checkpoint, _hashes(archive, report, checkpoint, kept), asked.now
        )
    _verify_parts(archive, report, found)
    found.tables.verify(archive, report)
    _verify_sums(archive, report, found.sums)
    if report.selected and any(one != checkpoint for one in kept):
        _cannot_compare(report)
    return report


def _cannot_compare(report: Report) -> None:
    report.findings.append("Een keuze is niet te vergelijken met eerdere zegels. Vraag het hele spoor.")
    if report.outcome == WHOLE:
        report.outcome = CANNOT_TELL


def _verify_sums(archive: zipfile.ZipFile, report: Report, known: Mapping[str, str]) -> None:
    """Every other member is the one that `sums` says, and none is left out of it."""
    told = {}
    for line in _small(archive, "sums").splitlines():
        read = _SUM_LINE.fullmatch(line)
        if read is None:
            raise _UnreadableError
        told[read[2]] = read[1]
    if told.keys() != set(archive.namelist()) - {"sums"}:
        report.damage("De lijst van sommen (sums) noemt andere delen dan er zijn.")
    for name in sorted(told.keys() & set(archive.namelist())):
        if (known.get(name) or _sum(archive, name)) != told[name]:
            report.damage(f"Het deel {name} is veranderd sinds de uitvoer is gemaakt.")


def _sum(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as member:
        while chunk := member.read(_LONGEST_LINE):
            digest.update(chunk)
    return digest.hexdigest()


def _verify_selected(archive: zipfile.ZipFile, report: Report, checkpoint: Checkpoint) -> "_Lines":
    """Each line by its own proof; that none is left out, nothing proves."""
    found = _Lines()
    kinds: Counter[str] = Counter()
    proofs = _lines(archive, "proofs", found)
    last = -1
    for line in _lines(archive, "entries.jsonl", found):
        read, told = _LINE.fullmatch(line), _PROOF_LINE.fullmatch(next(proofs, b""))
        if read is None:
            report.damage(f"Na regel {_n(last)} staat iets dat niet te lezen is.")
            continue
        position, leaf = int(read[1]), read[2]
        if position <= last:
            report.damage(f"Regel {_n(position)} staat er dubbel of op een andere plaats.")
        last = max(last, position)
        report.entries += 1
        if told is None or int(told[1]) != position or not _proven(position, leaf, told[2], checkpoint):
            report.damage(f"Regel {_n(position)} staat zo niet in het spoor van het zegel.")
        _note(report, found, kinds, position, leaf)
    if next(proofs, None) is not None:
        report.damage("Er zijn meer bewijzen dan regels.")
    report.count(kinds)
    return found


def _proven(position: int, leaf: bytes, proof: bytes, checkpoint: Checkpoint) -> bool:
    try:
        raw = a2b_base64(proof, strict_mode=True)
        nodes = [raw[place : place + _HASH] for place in range(0, len(raw), _HASH)]
        return root_from_inclusion(leaf_hash(leaf), position, checkpoint.size, nodes) == checkpoint.root
    except ValueError:
        return False


def _kept(
    report: Report, checkpoint: Checkpoint, keys: Sequence[Ed25519PublicKey], texts: Sequence[str]
) -> list[Checkpoint]:
    """The earlier checkpoints that can be compared, smallest first."""
    kept = []
    for number, text in enumerate(texts, 1):
        try:
            one = verify_checkpoint(text, checkpoint.origin, keys)
        except VerifyError:
            report.damage(f"Het eerdere zegel {number} is niet van dit spoor.")
            continue
        report.earlier += 1
        if one.size > checkpoint.size:
            report.damage(
                f"Het spoor is ingekort: het had al {_n(one.size)} regels, en nu {_n(checkpoint.size)}."
            )
        else:
            kept.append(one)
    return sorted(kept, key=lambda one: one.size)


def _shown(
    archive: zipfile.ZipFile,
    report: Report,
    checkpoint: Checkpoint,
    keys: Sequence[Ed25519PublicKey],
    asked: _Asked,
) -> list[Checkpoint]:
    """The state in `witnesses`, if those signed it whom the reader wants: it must be an earlier one of this
    log.
    """
    try:
        text = _small(archive, "witnesses") if "witnesses" in archive.namelist() else ""
        shown = verify_checkpoint(text, checkpoint.origin, keys)
    except VerifyError:
        report.damage("Er is geen zegel waarop anderen konden tekenen.")
        return []
    if shown.size > checkpoint.size:
        report.damage("Het zegel waarop anderen tekenden, is van een langer spoor.")
        return []
    if asked.second:
        if not cosigned_at(shown, text, asked.second):
            report.damage("De tweede handtekening is niet gezet met de sleutel die u meegeeft.")
            return []
        report.second = shown.size
    if asked.quorum is not None:
        if not asked.quorum.met(shown, text):
            report.damage("Er tekenden te weinig van de getuigen die u meegeeft.")
            return []
        report.witnessed = shown.size
    return [shown]


def _hashes(
    archive: zipfile.ZipFile, report: Report, checkpoint: Checkpoint, kept: Sequence[Checkpoint]
) -> bytes | None:
    """The leaf hashes, if they make the tree of the checkpoint; else nothing can be said of a single line."""
    size = archive.getinfo("hashes").file_size
    if size % _HASH or size // _HASH > checkpoint.size:
        report.damage("De lijst van hashes heeft meer regels dan het zegel.")
        return None
    hashes = archive.read("hashes")
    if size // _HASH < checkpoint.size:
        return None  # lines are missing; these are told one by one
    tree = Tree()
    for one in [*kept, checkpoint]:
        while tree.size < one.size:
            stop = min(tree.size + _BATCH, one.size)
            tree, _ = tree.extended(
                [hashes[place : place + _HASH] for place in range(tree.size * _HASH, stop * _HASH, _HASH)]
            )
        if tree.root() != one.root:
            if one is checkpoint:
                report.damage("De lijst van hashes is niet die van het zegel, of een regel is vervangen.")
                return None
            report.damage(
                f"Een regel onder regel {_n(one.size)} is veranderd nadat een eerder zegel was gezet."
            )
    return hashes


@dataclass(frozen=True)
class _Gap:
    """Positions that are not there; `behind` is the leaf that comes next, empty at the end."""

    first: int
    stop: int
    behind: bytes


@dataclass(frozen=True, order=True)
class _Run:
    """Positions, first to last, that the line at `told_at` of this time says were destroyed: all from before
    a time.
    """

    first: int
    last: int
    before: str
    told_at: int
    time: str

    def limit(self, now: datetime) -> datetime | None:
        """The time that the line names, if it may: long enough before the line, which is not of the
        future.
        """
        before, time = _moment(self.before), _moment(self.time)
        if before is None or time is None or time > now + _CLOCKS_DIFFER or before > time - LEAST_KEPT:
            return None
        return before


class _Tables:
    """The tables for people, made again from the lines: a sum of each."""

    def __init__(self) -> None:
        self._csv, self._sheet = hashlib.sha256(UTF8_MARK + csv_line(HEADINGS)), hashlib.sha256()
        self._xml = Xml(self._sheet.update, SHEET, HEADINGS)

    def add(self, position: int, leaf: bytes) -> None:
        row = row_of(position, leaf)
        self._csv.update(csv_line(row))
        self._xml.add(row)

    def verify(self, archive: zipfile.ZipFile, report: Report) -> None:
        """What people read in the tables is what stands in the lines."""
        self._xml.end()
        if _sum(archive, "entries.csv") != self._csv.hexdigest():
            report.damage("De tabel entries.csv zegt iets anders dan de regels.")
        try:
            with TemporaryFile() as copy:
                with archive.open("entries.ods") as member:
                    copyfileobj(member, copy)
                with zipfile.ZipFile(copy) as sheet:
                    same = same_around(sheet) and _sum(sheet, CONTENT) == self._sheet.hexdigest()
        except zipfile.BadZipFile:
            same = False
        if not same:
            report.damage("Het rekenblad entries.ods zegt iets anders dan de regels.")


@dataclass
class _Lines:
    """What the lines say of parts and of lines that are gone, and the sums of what was read."""

    commitments: dict[int, str] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    gaps: list[_Gap] = field(default_factory=list)
    pruned: list[_Run] = field(default_factory=list)
    sums: dict[str, str] = field(default_factory=dict)
    tables: _Tables = field(default_factory=_Tables)


def _verify_lines(
    archive: zipfile.ZipFile,
    report: Report,
    checkpoint: Checkpoint,
    hashes: bytes | None,
    now: datetime,
) -> _Lines:
    """Each line against its hash; without hashes that hold, all lines together against the checkpoint."""
    found = _Lines()
    kinds: Counter[str] = Counter()
    tree, waiting = Tree(), []
    size, expected = checkpoint.size, 0
    for line in _lines(archive, "entries.jsonl", found):
        read = _LINE.fullmatch(line)
        if read is None:
            report.damage(f"Na regel {_n(expected - 1)} staat iets dat niet te lezen is.")
            continue
        position, leaf = int(read[1]), read[2]
        if position < expected or position >= size:
            report.damage(f"Regel {_n(position)} staat er dubbel, op een andere plaats, of te veel.")
            continue
        if position > expected:
            found.gaps.append(_Gap(expected, position, leaf))
        digest = leaf_hash(leaf)
        if hashes is None:
            waiting.append(digest)
        elif digest != hashes[position * _HASH : (position + 1) * _HASH]:
            report.damage(f"Regel {_n(position)} is veranderd.")
        if len(waiting) == _BATCH:
            tree, _ = tree.extended(waiting)
            waiting.clear()
        report.entries += 1
        expected = position + 1
        _note(report, found, kinds, position, leaf)
    if expected < size:
        found.gaps.append(_Gap(expected, size, b""))
    _verify_gaps(report, found, now)
    tree, _ = tree.extended(waiting)
    if hashes is None and tree.root() != checkpoint.root:
        report.damage("De regels samen zijn niet die van het zegel.")
    report.count(kinds)
    return found


def _note(report: Report, found: _Lines, kinds: Counter[str], position: int, leaf: bytes) -> None:
    """What the leaf says of itself. A look spares most of them the reading: a quote inside a text is written
    with a backslash, and no fact of a fact is named `part`.
    """
    found.tables.add(position, leaf)
    told = _KINDS(leaf)
    if len(told) == 1 and told[0] not in _DESTROYING:
        kinds[told[0].decode()] += 1
        start = leaf.find(_PART) + len(_PART)
        if start >= len(_PART):
            found.commitments[position] = leaf[start : leaf.find(b'"', start)].decode()
        return
    try:
        facts = json.loads(leaf)
        kinds[str(facts["kind"])] += 1
        if "part" in facts:
            found.commitments[position] = facts["part"]
        if facts["kind"] == Kind.ERASURE:
            found.erased.update(facts["erased"])
        if facts["kind"] == Kind.PRUNING:
            said = str(facts["before"]), position, str(facts["at"])
            found.pruned += [_Run(int(a), int(b), *said) for a, b in facts["pruned"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        report.damage(f"Regel {_n(position)} is geen regel van een spoor.")


def _verify_gaps(report: Report, found: _Lines, now: datetime) -> None:
    """Lines that are gone were kept long enough and destroyed, as a later line says, or they are missing. The
    line behind a gap is older than what that later line allows, so what was in the gap is too.
    """
    told = iter(sorted(found.pruned))
    run = next(told, None)
    for gap in found.gaps:
        at, allowed = gap.first, None
        while at < gap.stop:
            while run is not None and run.last < at:
                run = next(told, None)
            if run is None or run.first > at:
                end = gap.stop if run is None else min(run.first, gap.stop)
                report.damage(_missing(at, end))
            else:
                end = min(run.last + 1, gap.stop)
                report.pruned += end - at
                limit = run.limit(now)
                if limit is None or run.told_at < end:
                    report.damage(f"Regel {_n(run.told_at)} vernietigde regels die nog niet weg mochten.")
                else:
                    allowed = max(allowed or limit, limit)
            at = end
        behind = _moment(_time(gap.behind))
        if allowed is not None and (behind is None or behind >= allowed):
            report.damage(f"Voor regel {_n(gap.stop)} zijn regels vernietigd die nog niet weg mochten.")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _time(leaf: bytes) -> str:
    """The time of a leaf; of one that has none, a time later than all."""
    try:
        return str(json.loads(leaf)["at"]) if leaf else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return "~"


def _verify_parts(archive: zipfile.ZipFile, report: Report, found: _Lines) -> None:
    for line in _lines(archive, "parts.jsonl", found):
        read = _PART_LINE.fullmatch(line)
        try:
            number, salt, sealed = read.groups() if read else ()
            held = commitment(a2b_base64(salt, strict_mode=True), a2b_base64(sealed, strict_mode=True))
        except ValueError:
            report.damage("Een verzegeld deel is niet te lezen.")
            continue
        position = int(number)
        committed = found.commitments.pop(position, None)
        report.parts += 1
        if position in found.erased:
            report.damage(f"Het verzegelde deel van regel {_n(position)} is gewist en staat er toch.")
        elif committed is None:
            report.damage(f"Regel {_n(position)} heeft een verzegeld deel dat zij niet noemt.")
        elif held != committed:
            report.damage(f"Het verzegelde deel van regel {_n(position)} is niet dat van deze regel.")
    for position in found.commitments:
        if position in found.erased:
            report.erased += 1
        else:
            report.damage(
                f"Het verzegelde deel van regel {_n(position)} is weg, en geen regel zegt dat het is gewist."
            )


def _small(archive: zipfile.ZipFile, name: str) -> str:
    if archive.getinfo(name).file_size > _LONGEST_SMALL:
        raise _UnreadableError
    return archive.read(name).decode()


def _lines(archive: zipfile.ZipFile, name: str, found: "_Lines") -> Iterator[bytes]:
    """Raises _UnreadableError when one is longer than any entry."""
    digest = hashlib.sha256()
    with archive.open(name) as opened:
        rest = b""
        while chunk := opened.read(_LONGEST_LINE):
            digest.update(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
            if len(rest) >= _LONGEST_LINE:
                raise _UnreadableError
    if rest:
        yield rest
    found.sums[name] = digest.hexdigest()


def _missing(first: int, stop: int) -> str:
    if stop - first == 1:
        return f"Regel {_n(first)} ontbreekt."
    return f"Regels {_n(first)} tot en met {_n(stop - 1)} ontbreken."


def _n(number: int) -> str:
    return f"{number:,}".replace(",", ".")
