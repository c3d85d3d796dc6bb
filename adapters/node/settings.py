"""A node's settings."""

from datetime import timedelta
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from contract.codes import Partner
from contract.directory import PartyCode
from party.settings import PartySettings


class NodeSettings(PartySettings):
    """What a node needs besides. Durations in seconds."""

    stores = (*PartySettings.stores, "register_url")

    party: PartyCode = Field(description="Whose node this is: the party's code in the directory.")
    partner: Partner = Field(description="Of which kind the party is: which adapter reads its register.")
    register_url: SecretStr = Field(
        description="The partner's own register, read only: sqlite:/// or postgresql+psycopg://, an http(s) "
        "address, or file:///folder; which of them goes with the partner's adapter."
    )
    register_max_age_days: int = Field(
        2,
        ge=0,
        le=30,
        description="How old the register's data may be, in working days; older ones are not answered from.",
    )
    thresholds: Path | None = Field(
        None,
        description="The numbers of matching as JSON, decided by the holder (adapters/registers/README.md); "
        "without it those of this version.",
    )
    issuer: str = Field(description="The partner's own identity provider: the `iss` of its tokens.")
    audience: str = Field(description="The `aud` that tokens for this node carry.")
    jwks: str = Field(description="Address (http, https) or file of the identity provider's keys.")
    broker_timeout_s: float = Field(10, gt=0, le=60, description="How long the broker may take.")
    poll_s: float = Field(
        2,
        gt=0,
        le=60,
        description="How soon the node asks after open questions; the pause doubles up to a minute.",
    )
    releases_s: float = Field(
        10,
        gt=0,
        le=3600,
        description="How often the node hears which versions of the hand-out were agreed on.",
    )
    keep_workspace: timedelta = Field(
        timedelta(days=183),
        ge=timedelta(0),
        le=timedelta(days=1_827),
        description="How long what is about persons is kept here after a case was closed, as an ISO 8601 "
        "duration (K3).",
    )
    count_attempts: timedelta = Field(
        timedelta(days=28),
        ge=timedelta(0),
        le=timedelta(days=366),
        description="How long it is counted what was asked about one person, as an ISO 8601 duration; more "
        "than the hand-out allows waits for a person. PT0S counts nothing: in a demo only.",
    )
    questions_a_day: int = Field(
        500,
        ge=1,
        le=100_000,
        description="How many questions of one party are answered by machine in a day; more wait for a "
        "person.",
    )
    exports: Path | None = Field(
        None,
        description="Folder in which exports of the trail are made for the data protection officer; without "
        "it only the command makes them.",
    )
    marked_persons: Path | None = Field(
        None,
        description="CSV of own staff and well-known persons (surname, given_names, birth_date, prefix, "
        "partner_surname), read at the start: what is asked about them is seen by `restricted_official` "
        "alone and let go by two. It never leaves the node.",
    )
    postal_address: str = Field(
        "", max_length=200, description="Where a person can write to; stands in letters and overviews."
    )
    officer_contact: str = Field(
        "", max_length=200, description="How to reach the data protection officer; stands in letters."
    )
    confidential_adviser: str = Field(
        "", max_length=200, description="Who is the independent confidential adviser, and how to reach them."
    )
    beat_s: float = Field(
        0.025,
        ge=0,
        le=1,
        description="Replies leave at whole beats, so that time tells nothing; 0 turns it off.",
    )

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if not self.count_attempts and not self.demo:
            raise ValueError("`count_attempts` PT0S is for a demo alone. Leave it out, or name a duration.")
        return self
