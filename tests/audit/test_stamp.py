"""Time stamps that do not hold are refused, each attack by name; what holds, openssl accepts too."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, sign_checkpoint
from audit.errors import VerifyError
from audit.stamp import read_roots, request_of, verify_stamp
from demo.stamp_authority import make_authority, openssl, stamped

_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CHECKPOINT = sign_checkpoint(Checkpoint("grondslag.example/log", 81, bytes(32)), _KEY)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an authority; skipped where there is no openssl, a failure in CI."""
    if openssl() is None:
        sentence = "There is no openssl to sign time stamps with."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    folder = tmp_path_factory.mktemp("authority")
    make_authority(folder)
    return folder


def test_a_stamp_says_when_a_state_was_there(authority: Path) -> None:
    request = request_of(CHECKPOINT)
    response = stamped(authority, request.as_bytes())
    roots = read_roots((authority / "root.pem").read_bytes())
    at = verify_stamp(response, CHECKPOINT, roots, request)
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
    assert verify_stamp(response, CHECKPOINT, roots) == at  # years later, without the request


def test_openssl_accepts_it(authority: Path, tmp_path: Path) -> None:
    """Software that we did not write."""
    (tmp_path / "81.tsr").write_bytes(stamped(authority, request_of(CHECKPOINT).as_bytes()))
    (tmp_path / "81.checkpoint").write_text(CHECKPOINT, encoding="utf-8")
    command = ["openssl", "ts", "-verify", "-data", "81.checkpoint", "-in", "81.tsr"]
    command += ["-CAfile", str(authority / "root.pem"), "-untrusted", str(authority / "signer.pem")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert "Verification: OK" in done.stdout + done.stderr
    (tmp_path / "81.checkpoint").write_text(CHECKPOINT.replace("81", "80"), encoding="utf-8")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize(
    "attack",
    ["another state", "a response of before", "another authority", "cut short", "a bit", "garbage", "long"],
)
def test_what_does_not_hold_is_refused(attack: str, authority: Path, tmp_path: Path) -> None:
    request = request_of(CHECKPOINT)
    response = stamped(authority, request.as_bytes())
    roots, checkpoint = read_roots((authority / "root.pem").read_bytes()), CHECKPOINT
    if attack == "another state":
        checkpoint = CHECKPOINT.replace("81", "80")
    elif attack == "a response of before":
        request = request_of(CHECKPOINT)
    elif attack == "another authority":
        roots = read_roots(make_authority(tmp_path / "other").read_bytes())
    elif attack == "cut short":
        response = response[:-30]
    elif attack == "a bit":
        response = response[:-10] + bytes([response[-10] ^ 1]) + response[-9:]
    elif attack == "garbage":
        response = b"no time stamp"
    else:
        response += bytes(70_000)
    with pytest.raises(VerifyError):
        verify_stamp(response, checkpoint, roots, request)


def test_what_are_no_certificates_is_told() -> None:
    with pytest.raises(VerifyError):
        read_roots(b"no certificates")
