"""A release as one signed file: read back whole, or refused with a sentence; and what OPA thinks of it."""

import base64
import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from policies import Release, ReleaseError
from policies.bundle import MAX_PACKED_BYTES, pack, unpack
from tests.opa import opa_program

KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
KID = "test-key-1"
ROW = "handout/matrix/data.json"


def key_of(kid: str) -> ec.EllipticCurvePublicKey:
    return {KID: KEY.public_key()}[kid]


def files_of(packed: bytes) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            assert content is not None
            found[entry.name] = content.read()
    return found


def packed_of(files: Mapping[str, bytes], **odd: Callable[[tarfile.TarInfo], None]) -> bytes:
    """Any files as a bundle; `odd` changes the entry of a name that ends so."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            for ending, change in odd.items():
                if name.endswith(ending):
                    change(entry)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture(scope="module")
def packed(release: Release) -> bytes:
    return pack(release, KEY, KID)


def test_a_bundle_is_read_back_as_the_release_that_it_is(release: Release, packed: bytes) -> None:
    """Without tests; and the unsigned part is the same bytes each time."""
    back = unpack(packed, key_of)
    assert (back.revision, back.files) == (release.revision, release.files)
    assert not [name for name in files_of(packed) if "_test" in name]
    assert pack(release) == pack(back)


def changed(change: Callable[[dict[str, bytes]], Any]) -> Callable[[bytes], bytes]:
    def apply(packed: bytes) -> bytes:
        files = files_of(packed)
        change(files)
        return packed_of(files)

    return apply


def revised(files: dict[str, bytes]) -> None:
    files[".manifest"] = json.dumps({"revision": f"sha256:{'0' * 64}", "roots": ["handout"]}).encode()


def signed_twice(files: dict[str, bytes]) -> None:
    [token] = json.loads(files[".signatures.json"])["signatures"]
    files[".signatures.json"] = json.dumps({"signatures": [token, token]}).encode()


def without_algorithm(files: dict[str, bytes]) -> None:
    [token] = json.loads(files[".signatures.json"])["signatures"]
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": KID}).encode()).rstrip(b"=").decode()
    files[".signatures.json"] = json.dumps({"signatures": [f"{head}.{token.split('.')[1]}."]}).encode()


def linked(packed: bytes) -> bytes:
    def link(entry: tarfile.TarInfo) -> None:
        entry.type, entry.linkname, entry.size = tarfile.SYMTYPE, "/etc/passwd", 0

    return packed_of(files_of(packed), matrix=lambda _: None, **{"matrix/data.json": link})


def twice(packed: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in [*files_of(packed).items(), (ROW, b"{}")]:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def with_headers(**headers: str) -> Callable[[bytes], bytes]:
    """One entry, with these extended headers and an empty map of holes."""

    def apply(_: bytes) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
            entry = tarfile.TarInfo("handout/x.rego")
            entry.size, entry.pax_headers = (
                512,
                {name.replace("_", "."): said for name, said in headers.items()},
            )
            tar.addfile(entry, io.BytesIO(b"0\n".ljust(512, b"\0")))
        return out.getvalue()

    return apply


def endless(_: bytes) -> bytes:
    """Two entries; the first says that it ends where nothing can be."""
    entry = tarfile.TarInfo("handout/x.rego")
    entry.size = 2**80
    return gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) * 2)


def names_of_names(_: bytes) -> bytes:
    """Each header announces the name of the next one, which does so again."""
    head = tarfile.TarInfo("././@LongLink")
    head.type, head.size = tarfile.GNUTYPE_LONGNAME, 1
    return gzip.compress((head.tobuf(tarfile.GNU_FORMAT) + b"a".ljust(512, b"\0")) * 4000)


def wider(files: dict[str, bytes]) -> None:
    files[ROW] = files[ROW].decode().encode("utf-16-le")


DAMAGED: Mapping[str, tuple[Callable[[bytes], bytes], str]] = {
    "half written": (lambda packed: packed[: len(packed) // 2], "damaged"),
    "no bundle at all": (lambda _: b"PK not a bundle", "damaged"),
    "empty": (lambda _: b"", "damaged"),
    "not signed": (changed(lambda files: files.pop(".signatures.json")), "not signed"),
    "a row changed": (changed(lambda files: files.update({ROW: b"{}"})), "not the one that was signed"),
    "a file more": (
        changed(lambda files: files.update({"handout/x.rego": b"package x"})),
        "not signed, or lacks",
    ),
    "a file less": (changed(lambda files: files.pop("handout/case/case.rego")), "not signed, or lacks"),
    "another revision": (changed(revised), "not the one that was signed"),
    "two signatures": (changed(signed_twice), "cannot be read"),
    "no algorithm": (changed(without_algorithm), "not one that is accepted"),
    "a link": (linked, "no file"),
    "a file twice": (twice, "twice"),
    "too large": (lambda packed: packed + b"\0" * MAX_PACKED_BYTES, "larger than"),
    "holes of four mebibytes and more": (
        with_headers(GNU_sparse_major="1", GNU_sparse_minor="0", GNU_sparse_realsize=str(64 * 1024 * 1024)),
        "no file",
    ),
    "holes that are no numbers": (with_headers(GNU_sparse_map="a,b"), "damaged"),
    "a size beyond all": (endless, "damaged"),
    "names of names": (names_of_names, "damaged"),
    "too many files": (
        changed(lambda files: files.update({f"handout/{n}.rego": b"" for n in range(100)})),
        "too many",
    ),
    "half of a character": (changed(lambda files: files.update({ROW: b'["\\ud800"]'})), "cannot be written"),
    "another encoding": (changed(wider), "not JSON"),
    "a bomb": (lambda _: gzip.compress(b"\0" * 64 * 1024 * 1024), "more than"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_bundle_is_refused_with_a_sentence(damage: str, packed: bytes) -> None:
    make, sentence = DAMAGED[damage]
    with pytest.raises(ReleaseError, match=sentence):
        unpack(make(packed), key_of)


def test_a_key_of_somebody_else_is_refused(release: Release) -> None:
    """Under a key id that is unknown, and under one that is known with another key."""
    with pytest.raises(ReleaseError, match="not signed under a key"):
        unpack(pack(release, OTHER, "another"), key_of)
    with pytest.raises(ReleaseError, match="signature of the bundle is wrong"):
        unpack(pack(release, OTHER, KID), key_of)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: data["rules"]["A02"]["purposes"].append("opsporing"), "unknown codes: opsporing"),
        (lambda data: data["rules"]["A02"]["legal_bases"].update(veilig_thuis=[]), "lacks a basis"),
    ],
    ids=["an unknown code", "a row that cites nothing"],
)
def test_what_is_no_release_is_none_when_it_is_signed_either(
    change: Callable[[dict[str, Any]], Any], sentence: str, release: Release
) -> None:
    """A signature says who, not that it is right."""
    data = json.loads(release.files[ROW])
    change(data)
    wrong = Release("", {**release.files, ROW: json.dumps(data).encode()}, release.catalogue)
    with pytest.raises(ReleaseError, match=sentence):
        unpack(pack(wrong, KEY, KID), key_of)


@pytest.mark.parametrize("name", [".manifest", "handout/release/data.json"])
def test_who_signs_another_revision_than_the_files_have_is_refused(name: str, release: Release) -> None:
    """What stands in the manifest, and what decisions would say, is the revision that the files give."""

    class Other(Release):
        def generated(self) -> bytes:
            told = "sha256:other" if name.startswith("handout") else release.revision
            return json.dumps({"revision": told}).encode()

    revision = release.revision if name.startswith("handout") else "sha256:other"
    wrong = Other(revision, release.files, release.catalogue)
    with pytest.raises(ReleaseError, match="another release than it is"):
        unpack(pack(wrong, KEY, KID), key_of)


def test_a_signed_name_outside_the_hand_out_is_refused(release: Release) -> None:
    """A signature says who, not where a file may go."""
    for name in ("handout/../x.rego", "/handout/x.rego", "./handout/x.rego", "handout/x_test.rego"):
        wrong = Release(release.revision, {**release.files, name: b"package x"}, release.catalogue)
        with pytest.raises(ReleaseError, match="a name that is not one"):
            unpack(pack(wrong, KEY, KID), key_of)


def test_opa_believes_it_under_the_same_key_and_no_other(packed: bytes, tmp_path: Path) -> None:
    """The real opa verifies signature and hashes; it refuses another key, and a row that was changed."""
    opa = opa_program()
    public = {name: tmp_path / f"{name}.pem" for name in ("right", "wrong")}
    for name, key in (("right", KEY), ("wrong", OTHER)):
        public[name].write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
    bundle, other = tmp_path / "bundle.tar.gz", tmp_path / "other.tar.gz"
    bundle.write_bytes(packed)
    tampered = json.loads(files_of(packed)[ROW])
    tampered["rules"]["A02"]["mode"] = "human"
    other.write_bytes(changed(lambda files: files.update({ROW: json.dumps(tampered).encode()}))(packed))

    def ends(file: Path, key: str) -> int:
        command = [opa, "build", "--bundle", str(file), "--verification-key", str(public[key])]
        command += [
            "--verification-key-id",
            KID,
            "--signing-alg",
            "ES256",
            "-o",
            str(tmp_path / "out.tar.gz"),
        ]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert ends(bundle, "right") == 0
    assert ends(bundle, "wrong") != 0
    assert ends(other, "right") != 0
