"""A release as one signed file: the bundle of an OPA server, with OPA's own bundle signature.

An OPA server that has the key verifies the same signature. What is read here is believed in nothing before
it is checked: sizes, names, signature, hashes, revision, and then everything that must hold of a release.
"""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from policies.errors import ReleaseError
from policies.release import GENERATED, MAX_BYTES, ROOT, Release, canonical_json, release_of

MAX_PACKED_BYTES = 1024 * 1024
_MOST_FILES = 100
_MANIFEST, _SIGNATURES = ".manifest", ".signatures.json"
_ES256 = ec.ECDSA(SHA256())

BundleKeyOf = Callable[[str], Any]
"""Key id -> public key; whatever it raises means that there is none."""


def pack(release: Release, key: ec.EllipticCurvePrivateKey | None = None, kid: str = "") -> bytes:
    """The bundle: tar.gz, signed with ES256 where there is a key; but for that the same bytes each time."""
    files = _contents(release)
    if key is not None:
        files[_SIGNATURES] = json.dumps({"signatures": [_signed(files, key, kid)]}).encode()
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as tar,
    ):
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def unpack(packed: bytes, key_of: BundleKeyOf | None) -> Release:
    """The release in a bundle. `key_of` None: its signature was checked before, and is not again.

    Raises ReleaseError, with a sentence.
    """
    files = _unpacked(packed)
    signatures = files.pop(_SIGNATURES, None)
    if signatures is None:
        raise ReleaseError("The bundle is not signed.")
    if key_of is not None:
        _verify_signed(signatures, files, key_of)
    manifest, generated = (_json(files.pop(name, b""), name) for name in (_MANIFEST, GENERATED))
    release = release_of(files)
    if manifest != _manifest(release) or generated != json.loads(release.generated()):
        raise ReleaseError("The bundle says that it is another release than it is.")
    return release


def _contents(release: Release) -> dict[str, bytes]:
    return {
        _MANIFEST: json.dumps(_manifest(release)).encode(),
        GENERATED: release.generated(),
        **release.files,
    }


def _manifest(release: Release) -> dict[str, object]:
    return {"revision": release.revision, "roots": [ROOT]}


def _unpacked(packed: bytes) -> dict[str, bytes]:
    if len(packed) > MAX_PACKED_BYTES:
        raise ReleaseError(f"The bundle is larger than {MAX_PACKED_BYTES} bytes.")
    most = MAX_BYTES + MAX_PACKED_BYTES
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as zipped:
            raw = zipped.read(most + 1)
        if len(raw) > most:
            raise ReleaseError(f"The bundle holds more than {most} bytes.")
        found: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as tar:
            for entry in tar:
                # A sparse entry is a regular file to tarfile, and reads as many zeros as it claims.
                plain = entry.isreg() and not entry.issparse()
                content = tar.extractfile(entry) if plain else None
                if content is None or entry.name in found or len(found) == _MOST_FILES:
                    raise ReleaseError("The bundle has a file twice, too many, or something that is no file.")
                found[entry.name] = content.read()
    except (
        OSError,
        EOFError,
        ValueError,
        ArithmeticError,
        RecursionError,
        tarfile.TarError,
        zlib.error,
    ) as error:
        raise ReleaseError("The bundle is damaged.") from error
    return found


def _signed(files: Mapping[str, bytes], key: ec.EllipticCurvePrivateKey, kid: str) -> str:
    rows = [
        {"name": name, "hash": _hash(name, content), "algorithm": "SHA-256"}
        for name, content in sorted(files.items())
    ]
    head = _base64(json.dumps({"alg": "ES256", "kid": kid, "typ": "JWT"}).encode())
    text = f"{head}.{_base64(json.dumps({'files': rows}).encode())}"
    r, s = decode_dss_signature(key.sign(text.encode(), _ES256))
    return f"{text}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _verify_signed(signatures: bytes, files: Mapping[str, bytes], key_of: BundleKeyOf) -> None:
    try:
        [token] = json.loads(signatures)["signatures"]
        head, payload, signature = token.split(".")
        header, said = json.loads(_unbase64(head)), json.loads(_unbase64(payload))
        raw = _unbase64(signature)
        named = {row["name"]: (row["hash"], row["algorithm"]) for row in said["files"]}
        if header["alg"] != "ES256" or len(raw) != 64 or len(named) != len(said["files"]):
            raise ReleaseError("The signature of the bundle is not one that is accepted here.")
        kid = header["kid"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReleaseError("The signature of the bundle cannot be read.") from error
    try:
        key = key_of(kid)
    except Exception as error:
        raise ReleaseError("The bundle is not signed under a key of whoever brings it.") from error
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    try:
        key.verify(der, f"{head}.{payload}".encode(), _ES256)
    except InvalidSignature as error:
        raise ReleaseError("The signature of the bundle is wrong.") from error
    if named.keys() != files.keys():
        raise ReleaseError("The bundle has files that are not signed, or lacks one that is.")
    for name, content in files.items():
        if named[name] != (_hash(name, content), "SHA-256"):
            raise ReleaseError("A file of the bundle is not the one that was signed.")


def _hash(name: str, content: bytes) -> str:
    """As OPA does: data by their values, rules and what it does not read by their bytes."""
    held = content if name.endswith((".rego", ".csv")) else canonical_json(_json(content, name))
    return hashlib.sha256(held).hexdigest()


def _json(content: bytes, name: str) -> Any:
    try:
        return json.loads(content.decode())  # of bytes it would guess the encoding, as OPA does not
    except (ValueError, RecursionError) as error:
        raise ReleaseError(f"{name} is missing, or not JSON.") from error


# what OPA writes and reads: the hand-out stands apart from the documents between partners
def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
