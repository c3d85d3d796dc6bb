"""What somebody decides about a duty to inform: the body of a step, checked all at once, never repeating a
value.

`facts` are codes and dates, for the leaf; `words` are about the person and stand in the sealed part of the
entry: circumstances, grounds, reasons, who decided.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from adapters.node.informing.telling import Channel, Circumstance, Recipient
from audit.entry import time_of
from contract.codes import Ref
from contract.directory import PartyCode
from contract.words import GROUNDS, described
from policies.catalogue import Duty

DeferralGround = Literal[
    "safety_of_involved",
    "safety_of_professionals",
    "criminal_investigation",
    "veilig_thuis_investigation",
    "public_safety",
    "no_safe_channel",
    "professional_secrecy",
]
"""U1 to U6 and U8 (docs/law.md, Telling); U7, already informed, is no deferral but a coverage."""

DECLARED_BY: Mapping[DeferralGround, Duty] = {
    "criminal_investigation": "prosecutes",
    "veilig_thuis_investigation": "chairs",
}
"""Grounds that only the partner with that duty may give."""

Factor = Literal[
    "purposes",
    "categories",
    "extent",
    "safeguards",
    "controller",
    "retention",
    "risks",
    "right_to_know",
]
"""What UAVG 41(2) asks to weigh."""

FreeText = Annotated[str, Field(min_length=10, max_length=2_000)]


class _Step(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )
    sealed: ClassVar[frozenset[str]] = frozenset()

    version: int = Field(ge=0, description="De stand die u zag, zodat niemand een ander overschrijft.")

    def facts(self) -> dict[str, Any]:
        """For the leaf."""
        return {
            name: value
            for name, value in self.model_dump(mode="json").items()
            if name not in {"step", "version", *self.sealed}
        }

    def words(self) -> dict[str, Any]:
        """For the sealed part."""
        return {name: value for name, value in self.model_dump(mode="json").items() if name in self.sealed}


class _Telling(_Step):
    sealed = frozenset({"recipient", "circumstances", "language", "no_longer", "no_longer_why"})

    channel: Channel = Field(description="Hoe de betrokkene het hoort.")
    recipient: Recipient = Field(description="Met wie wordt gesproken.")
    circumstances: tuple[Circumstance, ...] = Field(
        (),
        max_length=8,
        description="Wat een veilig kanaal bepaalt: gedeeld adres, detentie, tolk. Wat bij een eerdere stap "
        "is gezegd, blijft gelden.",
    )
    no_longer: tuple[Circumstance, ...] = Field(
        (), max_length=8, description="Wat eerder is gezegd en niet meer geldt."
    )
    no_longer_why: FreeText | None = Field(None, description="Waarom dat niet meer geldt.")
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = Field("nl", description="Taal (ISO 639).")


class Plan(_Telling):
    step: Literal["plan"]
    circumstances: tuple[Circumstance, ...] = Field(
        max_length=8,
        description="Wat een veilig kanaal bepaalt: gedeeld adres, detentie, tolk. Is er niets, zeg dat dan: "
        "een lege lijst.",
    )
    sender: PartyCode = Field(description="Welke organisatie het vertelt.")
    planned_on: date = Field(description="Wanneer.")


class Notice(_Telling):
    step: Literal["notice"]
    text_version: Annotated[str, Field(pattern=r"^[0-9a-z.-]{1,40}$")] = Field(
        description="Versie van de tekst."
    )
    safety_checked_on: date = Field(description="Wanneer de veiligheid is nagegaan; dat moet vandaag zijn.")
    covers_others: tuple[Ref, ...] = Field(
        (), max_length=20, description="Plichten van andere organisaties die deze kennisgeving ook dekt."
    )


class Delivery(_Step):
    sealed = frozenset({"document"})

    step: Literal["delivery"]
    how: Literal["receipt_signed", "spoken", "delivery_confirmed", "institution_confirmed"] = Field(
        description="Waaruit blijkt dat de betrokkene het weet."
    )
    document: Annotated[str, Field(min_length=4, max_length=280_000)] = Field(
        description="Het stuk waaruit dat blijkt, in base64: het getekende bewijs, of het verslag van het "
        "gesprek. Het blijft verzegeld hier; het kenmerk rekent het knooppunt uit."
    )
    delivered_on: date = Field(description="Wanneer.")

    @field_validator("document")
    @classmethod
    def _readable(cls, document: str) -> str:
        if not base64.b64decode(document, validate=True):  # it raises ValueError
            raise ValueError("an empty document proves nothing")
        return document

    def facts(self) -> dict[str, Any]:
        proof = hashlib.sha256(base64.b64decode(self.document)).hexdigest()
        return {**super().facts(), "proof": proof}


class Failure(_Step):
    step: Literal["failure"]
    reason: Literal["returned", "not_reached", "found_unsafe", "other_notice_failed"] = Field(
        description="Waarom de kennisgeving niet aankwam."
    )


class Deferral(_Step):
    sealed = frozenset({"ground", "decider", "factors", "weighing"})

    step: Literal["deferral"]
    until: AwareDatetime = Field(description="Tot wanneer; ten hoogste 14 dagen.")
    ground: DeferralGround = Field(
        description="De grond.", json_schema_extra=described(GROUNDS, get_args(DeferralGround))
    )
    decider: Annotated[str, Field(min_length=2, max_length=120)] = Field(description="Wie besliste.")
    factors: tuple[Factor, ...] = Field(
        max_length=8, description="Wat is afgewogen (UAVG 41, tweede lid): alle acht."
    )
    weighing: FreeText = Field(description="De afweging, in woorden.")

    @field_validator("until")
    @classmethod
    def _whole_seconds(cls, until: datetime) -> datetime:
        return until.astimezone(UTC).replace(microsecond=0)  # as the document to the broker has it

    @field_validator("factors")
    @classmethod
    def _all(cls, factors: tuple[Factor, ...]) -> tuple[Factor, ...]:
        if set(factors) != set(get_args(Factor)):
            raise ValueError("each factor of UAVG 41(2) is weighed")
        return factors

    def facts(self) -> dict[str, Any]:
        return {"until": time_of(self.until)}


class Resumption(_Step):
    step: Literal["resumption"]
    reason: Literal["ground_lifted", "decided_otherwise"] = Field(description="Waarom het niet meer wacht.")


class Coverage(_Step):
    step: Literal["coverage"]
    notice: Ref = Field(description="De plicht van de andere organisatie, waarvan de kennisgeving dit dekt.")


class Omission(_Step):
    sealed = frozenset({"ground", "weighing"})

    step: Literal["omission"]
    ground: DeferralGround = Field(description="De grond.")
    weighing: FreeText = Field(description="De afweging, in woorden.")


class Reopening(_Step):
    sealed = frozenset({"weighing"})

    step: Literal["reopening"]
    weighing: FreeText = Field(description="Waarom het toch moet worden verteld.")


StepWish = Plan | Notice | Delivery | Failure | Deferral | Resumption | Coverage | Omission | Reopening
