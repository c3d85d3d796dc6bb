"""The broker's settings."""

from pydantic import Field

from adapters.contract.settings import PartySettings


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
    retry_every_s: float = Field(
        1.0, gt=0, le=60, description="How often the broker looks for permits that did not arrive yet."
    )
