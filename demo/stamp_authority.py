"""The demo's own time-stamp authority (RFC 3161). TEST: its time is that of this machine, and nobody vouches
for it. Signs with the `openssl` command.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_CONFIG = """\
[ tsa ]
default_tsa = demo
[ demo ]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer-key.pem
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""
_LONGEST = 4_096


def openssl() -> str | None:
    """Where the command is; without it there are no time stamps here."""
    return shutil.which("openssl")


def make_authority(folder: Path) -> Path:
    """Makes the keys of an authority in this folder; the certificate to believe (PEM)."""
    folder.mkdir(parents=True, exist_ok=True)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("TEST time-stamp root", root_key, None, root_key)
    signer = _certificate("TEST time-stamp authority", key, root, root_key)
    for name, one in (("root.pem", root), ("signer.pem", signer)):
        (folder / name).write_bytes(one.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "signer-key.pem").write_bytes(secret)
    (folder / "signer-key.pem").chmod(0o600)
    (folder / "serial").write_text("01\n", encoding="ascii")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder), encoding="utf-8")
    return folder / "root.pem"


def stamped(folder: Path, query: bytes) -> bytes:
    """The response (DER) to a request (DER). Raises subprocess.CalledProcessError."""
    with tempfile.TemporaryDirectory() as scratch:
        asked, answered = Path(scratch) / "query", Path(scratch) / "response"
        asked.write_bytes(query)
        given = ["-queryfile", str(asked), "-config", str(folder / "tsa.cnf"), "-section", "demo"]
        subprocess.run(  # noqa: S603 - our own arguments
            [openssl() or "openssl", "ts", "-reply", *given, "-out", str(answered)],
            check=True,
            capture_output=True,
            timeout=10,
        )
        return answered.read_bytes()


def app_of(folder: Path) -> Starlette:
    one_at_a_time = asyncio.Lock()  # the serial number is a file

    async def stamp(request: Request) -> Response:
        body = await request.body()
        if len(body) > _LONGEST:
            return Response(status_code=413)
        async with one_at_a_time:
            try:
                response = await asyncio.to_thread(stamped, folder, body)
            except subprocess.SubprocessError:
                return Response(status_code=400)
        return Response(response, media_type="application/timestamp-reply")

    async def there(_: Request) -> Response:
        return Response("TEST", media_type="text/plain")

    return Starlette(routes=[Route("/", stamp, methods=["POST"]), Route("/", there, methods=["GET"])])


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    signing: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3_650))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )
    if issuer is not None:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signing, hashes.SHA256())


if __name__ == "__main__":
    app = app_of(Path(sys.argv[2]))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
