"""A party as writer and reader of signed documents: its keys, the directory and the clock, in one place."""

import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from contract.directory import Directory, Party
from contract.keys import Keyring
from contract.signing import Document, Signed, read, sign

D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class Received(Generic[D]):
    """A document that was checked, and the party that signed it."""

    document: D
    token: str
    digest: str
    sender: Party


class Signatory:
    """One party's side of every document."""

    def __init__(self, directory: Directory, keyring: Keyring, now: Callable[[], datetime]) -> None:
        self.directory = directory
        self.keyring = keyring
        self.now = now
        self.party = directory.party(keyring.party)

    def write(self, kind: type[D], /, *, to: str, jti: str | None = None, **fields: Any) -> Signed[D]:
        """A signed document of this kind from us to the party with this code, fresh as of now."""
        now = self.now()
        issued_at = int(now.timestamp())
        document = kind(
            iss=self.party.oin,
            aud=self.directory.party(to).oin,
            iat=issued_at,
            exp=issued_at + kind.lifetime_s,
            jti=jti or str(uuid.uuid4()),
            **fields,
        )
        return sign(document, self.keyring.signing_key(now))

    def officer(self, user: str) -> str:
        """Who of our people it was, told apart from others: for nobody but this party."""
        key = hmac.digest(self.keyring.wrapping, b"grondslag/1 officers", "sha256")
        return hmac.digest(key, user.encode(), "sha256").hex()

    def read(
        self, kind: type[D], token: str, *, audience: str | None = None, at: datetime | None = None
    ) -> Received[D]:
        """A document to us (or to the party with the code `audience`), checked as of now (or as of `at`).
        Raises a document problem.
        """
        when = at or self.now()
        addressee = self.party if audience is None else self.directory.party(audience)
        signed = read(
            kind,
            token,
            lambda oin, kid: self.directory.signing_key(oin, kid, when),
            audience=addressee.oin,
            at=when,
        )
        return Received(
            signed.document, signed.token, signed.digest, self.directory.of_oin(signed.document.iss)
        )


def trail_origin(oin: str) -> str:
    """The name of a party's log in its checkpoints (C2SP tlog-checkpoint): no URL, so that an address can
    change.
    """
    return f"grondslag.example/{oin}"


def witness_name(oin: str) -> str:
    """The name of a party as a witness of others' logs (C2SP tlog-cosignature)."""
    return f"grondslag.example/{oin}/witness"
