"""Time stamps on checkpoints (RFC 3161): an authority outside says that a state of the trail was there at a
moment. Whoever holds every key of ours cannot make one for the past.

Needs rfc3161-client; what it made, `openssl ts -verify` checks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.errors import VerifyError

CONTENT_TYPE = "application/timestamp-query"
LONGEST = 64 * 1024
"""Of a response, in bytes."""


@dataclass(frozen=True)
class Stamp:
    """A state of the trail with the response (DER) of the authority about it."""

    size: int
    checkpoint: str
    response: bytes
    at: datetime


def request_of(checkpoint: str) -> TimeStampRequest:
    """What the authority is asked: the SHA-256 of a signed checkpoint, and a nonce, so that no earlier
    answer fits.
    """
    builder = TimestampRequestBuilder().data(checkpoint.encode())
    return builder.hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).build()


def read_roots(pem: bytes) -> list[Certificate]:
    """Raises VerifyError for what is no list of certificates."""
    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        raise VerifyError("this file holds no certificates (PEM)") from None


def verify_stamp(
    response: bytes, checkpoint: str, roots: Sequence[Certificate], request: TimeStampRequest | None = None
) -> datetime:
    """When this checkpoint was there, according to an authority under one of these roots.

    Raises VerifyError for a response to something else, of another authority, or that is none.
    """
    if len(response) > LONGEST:
        raise VerifyError("the response of the time-stamp authority is too long")
    try:
        read = decode_timestamp_response(response)
        builder = VerifierBuilder() if request is None else VerifierBuilder.from_request(request)
        for root in roots:
            builder = builder.add_root_certificate(root)
        builder.build().verify_message(read, checkpoint.encode())
        return read.tst_info.gen_time.astimezone(UTC)
    except (VerificationError, ValueError) as error:
        raise VerifyError(f"the time stamp does not hold: {type(error).__name__}") from None
