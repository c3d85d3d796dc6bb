"""The broker's settings."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from party.settings import PartySettings


class BrokerSettings(PartySettings):
    partner_timeout_s: float = Field(
        2.5, gt=0, le=30, description="How long a holder's node may take before its answer counts as late."
    )
    most_at_once: int = Field(
        16, ge=1, le=256, description="Enrichments at once; more get `too_busy` and a time to come back."
    )
    witness_every_s: float = Field(
        10, gt=0, le=600, description="How often the broker shows its trail to the witnesses, when it grew."
    )
    quorum: int = Field(
        3,
        ge=0,
        le=64,
        description="How many witnesses must sign a state of the trail before it is shown.",
    )
    witnesses: tuple[str, ...] = Field(
        (),
        description="Witnesses outside the chain, each as its key (a C2SP verifier key), a space, and the "
        "address under which it takes checkpoints.",
    )
    time_stamp_authority: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Address of a time-stamp authority (RFC 3161) outside the chain; without it the trail "
        "has no time stamps.",
    )
    time_stamp_roots: Path | None = Field(
        None, description="Certificates (PEM) of whom that authority must come from."
    )
    stamp_alarm_after_s: float = Field(
        6 * 3600, ge=60, le=14 * 86_400, description="How long there may be no time stamp before an alarm."
    )
    stamp_look_every_s: float = Field(
        60, gt=0, le=3600, description="How often the broker looks whether a time stamp is due."
    )
    keep_replies: timedelta = Field(
        timedelta(hours=24),
        gt=timedelta(0),
        le=timedelta(hours=24),
        description="How long a sealed reply waits for its requester at most, as an ISO 8601 duration (K0).",
    )
    retry_every_s: float = Field(
        1.0, gt=0, le=60, description="How often the broker looks for permits that did not arrive yet."
    )
