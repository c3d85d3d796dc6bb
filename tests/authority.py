"""Certificates for tests, by an authority of our own, as PEM files in a folder."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_AUTHORITY_USE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """`path` is its own certificate, `revoked` its empty list of revoked ones."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        made = made.add_extension(_AUTHORITY_USE, critical=True)
        self.path = self._written(f"{name}.pem", made.sign(self._key, hashes.SHA256()))
        now = datetime.now(UTC)
        revoked = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        revoked = revoked.last_update(now - timedelta(hours=1)).next_update(now + timedelta(hours=1))
        self.revoked = self._written(f"{name}.crl", revoked.sign(self._key, hashes.SHA256()))

    def give(self, name: str, *, oin: str | None = None) -> tuple[Path, Path]:
        """A certificate for 127.0.0.1, with an OIN as `serialNumber` if given, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if oin is not None:
            attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, oin))
        places = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        made = self._builder(x509.Name(attributes), key).add_extension(places, critical=False)
        path = self._folder / f"{len(list(self._folder.iterdir()))}.key"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return self._written(f"{path.stem}.pem", made.sign(self._key, hashes.SHA256())), path

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        # which key, and whose: Python 3.13 and newer believe no certificate without
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(own, critical=False).add_extension(issuer, critical=False)
        return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))

    def _written(self, name: str, made: x509.Certificate | x509.CertificateRevocationList) -> Path:
        path = self._folder / name
        path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return path
