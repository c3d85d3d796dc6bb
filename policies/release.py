"""A release: one content-addressed version of the whole hand-out.

The revision is `sha256:` over the lines `<digest>  <path>`, sorted by path: raw bytes for Rego and for the
scenarios that it must fulfil, canonical JSON for data (so that white space in a table changes nothing). Tests
beside the rules are not part of it, nor is the generated document that brings the revision into each
decision.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from policies.catalogue import Catalogue, parse_catalogue
from policies.errors import ReleaseError
from policies.rego import verify_rules

ROOT = "handout"
GENERATED = f"{ROOT}/release/data.json"
CATALOGUE, MATRIX, PARAMETERS, REGIONS = _DATA = tuple(
    f"{ROOT}/{part}/data.json" for part in ("catalogue", "matrix", "parameters", "regions")
)
SCENARIOS = f"{ROOT}/scenarios.csv"
_PATH = re.compile(rf"{ROOT}(/[a-z_]{{1,40}}){{0,4}}/([a-z_]{{1,40}}\.rego|data\.json)|{SCENARIOS}")
_WORDS = frozenset(
    [
        "permit",
        "refusal",
        "effect",
        "rule",
        "mode",
        "answer_codes",
        "desk",
        "deadline",
        "reasons",
        "code",
        "citations",
        "legal_bases",
        "obligations",
        "transparency",
        "retention",
        "status",
        "revision",
        "by_hand_for",
    ]
)
"""Of the document that a decision is, and the field of a row that need not be there."""
MAX_BYTES = 4 * 1024 * 1024
_PAST_LATIN = 0x0250


@dataclass(frozen=True)
class Release:
    """`files`: path in the bundle -> bytes, without tests and without the generated document."""

    revision: str
    files: Mapping[str, bytes]
    catalogue: Catalogue

    def rego(self) -> dict[str, str]:
        """Path -> source of each policy."""
        return {path: content.decode() for path, content in self.files.items() if path.endswith(".rego")}

    def data(self) -> dict[str, object]:
        """All data, the revision included, as one document."""
        document: dict[str, object] = {}
        for path, content in {**self.files, GENERATED: self.generated()}.items():
            if not path.endswith(".json"):
                continue
            *folders, last = path.split("/")[:-1]
            place = document
            for folder in folders:
                inner = place.setdefault(folder, {})
                if not isinstance(inner, dict):
                    raise ReleaseError(f"{path} stands inside another data file.")
                place = inner
            place[last] = json.loads(content)
        return document

    def generated(self) -> bytes:
        """The document that brings the revision into each decision."""
        return json.dumps({"revision": self.revision}).encode()


def load_release(folder: Path | None = None) -> Release:
    """Read a release from a folder; None: the one that comes with this package.

    Raises ReleaseError, with a sentence, if a file is missing, unreadable or contradicts another.
    """
    return _packaged() if folder is None else release_of(_read(folder))


@cache
def _packaged() -> Release:
    """Read once: what comes with a program does not change under it."""
    return release_of(_read(Path(__file__).parent / ROOT))


def release_of(files: Mapping[str, bytes]) -> Release:
    """The release of these files: path in the bundle -> bytes. Raises ReleaseError, as `load_release`."""
    if sum(map(len, files.values())) > MAX_BYTES:
        raise ReleaseError(f"The hand-out is larger than {MAX_BYTES} bytes.")
    missing = [path for path in (*_DATA, f"{ROOT}/decision.rego") if path not in files]
    if missing:
        raise ReleaseError(f"The hand-out is incomplete: {', '.join(missing)} is missing.")
    for path, content in files.items():
        _verify_file(path, content)
    if SCENARIOS in files:
        _verify_signs(SCENARIOS, files[SCENARIOS].decode().split("\n"))
    texts = verify_rules(
        {path: content.decode() for path, content in files.items() if path.endswith(".rego")}
    )
    data = {path: _data(path, content) for path, content in files.items() if path.endswith(".json")}
    for path, document in data.items():
        _verify_signs(path, _texts(document))
    lines = []
    for path, content in sorted(files.items()):
        canonical = canonical_json(data[path]) if path in data else content
        lines.append(f"{hashlib.sha256(canonical).hexdigest()}  {path}\n")
    catalogue = parse_catalogue(data[CATALOGUE], data[MATRIX], data[PARAMETERS], data[REGIONS])
    _verify_words(texts, catalogue)
    return Release("sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest(), files, catalogue)


def _verify_words(texts: Iterable[tuple[str, str]], catalogue: Catalogue) -> None:
    """A word that no data knows is misspelt, or of something that is gone: a rule with it never counts, or
    its reason is lost and with it the refusal. `texts`: of the rules, with their places. Raises
    ReleaseError.
    """
    known = {*_WORDS, *(value for values in catalogue.vocabulary.values() for value in values)}
    for section in ("conditions", "modes", "obligations", "reasons", "retention", "statuses", "transparency"):
        known |= getattr(catalogue, section).keys()
    for place, text in texts:
        if text not in known:
            raise ReleaseError(f"{place} has a word that the data of the hand-out does not know.")


def _read(folder: Path) -> dict[str, bytes]:
    try:
        found = {
            f"{ROOT}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if _belongs(path, folder) and not path.name.endswith("_test.rego")
        }
    except OSError as error:
        raise ReleaseError(f"The hand-out in {folder.name!r} cannot be read.") from error
    found.pop(GENERATED, None)
    return found


def _belongs(path: Path, folder: Path) -> bool:
    return path.name == "data.json" or path.suffix == ".rego" or path == folder / Path(SCENARIOS).name


def _verify_file(path: str, content: bytes) -> None:
    """Only rules and data of the hand-out, as text. Raises ReleaseError."""
    if not _PATH.fullmatch(path) or path.endswith("_test.rego") or path == GENERATED:
        raise ReleaseError("A file of the hand-out has a name that is not one of rules or data.")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise ReleaseError(f"{path} is not text.") from error


def _verify_signs(path: str, texts: Iterable[str]) -> None:
    """What people read of a version, they read as it is: no sign that a terminal or a page acts on, that is
    not seen, or that looks like another (rules are held to less still). Raises ReleaseError.
    """
    for text in texts:
        if not (text.isascii() and text.isprintable()) and not all(map(_plain, text)):
            raise ReleaseError(f"{path} has a sign that hides something, or that looks like another.")


def _plain(sign: str) -> bool:
    """A Latin letter, or something that is no letter and stands by itself."""
    return sign.isprintable() and (ord(sign) < _PAST_LATIN or unicodedata.category(sign)[0] not in "LMN")


def _texts(value: object) -> Iterator[str]:
    """All texts in a document, names of fields too, however deep."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one


def _data(path: str, content: bytes) -> object:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ReleaseError(f"{path} has a key twice.")
        return dict(pairs)

    def refused(_: str) -> object:
        # Engines disagree on numbers that are not whole.
        raise ReleaseError(f"{path} has a number that is not whole.")

    try:
        return json.loads(
            content.decode(), object_pairs_hook=unique, parse_float=refused, parse_constant=refused
        )
    except (ValueError, RecursionError) as error:
        raise ReleaseError(f"{path} is not JSON.") from error


def canonical_json(value: object) -> bytes:
    """One text for one value: keys in order, no white space. What OPA hashes of a data file, too.

    Raises ReleaseError.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError) as error:  # half of a pair, or too deep
        raise ReleaseError("A data file of the hand-out has a value that cannot be written.") from error
