"""What a partner's person or software wants to ask: the bodies of the node's API, checked all at once, never
repeating a value.
"""

import re
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from contract.codes import (
    AgeBand,
    CaseKind,
    Code,
    Consent,
    Criteria,
    MeldingState,
    PurposeCode,
    QuestionCode,
    Ref,
    Role,
    Stage,
    SubjectRole,
    Unsafety,
    Urgency,
)
from contract.directory import PartyCode
from contract.identity import Identity, IdentityError
from contract.problems import QuestionUnknown, RequestInvalid, invalid_param

WrittenReason = Annotated[str, Field(max_length=300)]
"""A short text for the holder's eyes alone; empty is missing."""

LEAST_REASON = 20
"""Characters of a reason why; what is shorter ("x", "zie dossier") counts as missing."""


def _written_day(value: object) -> object:
    """A day is written as one, also where JSON was read before: no number, no moment. Raises
    PydanticCustomError.
    """
    if value is None:
        return None
    with suppress(ValueError):
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return date.fromisoformat(value)
    raise PydanticCustomError("date_parsing", "no day")


class _Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )


def _user(value: str) -> str:
    if not re.fullmatch(r"[!-~]{1,64}", value) or re.fullmatch(r"[0-9]{8,9}", value):
        raise ValueError("a user reference has no space, and is no number of a person")
    return value


class UrgencyDeclaredBy(_Body):
    """Who declared that there is acute danger. The user reference stays at this node."""

    model_config = ConfigDict(
        json_schema_extra={"description": "Wie het acute gevaar heeft vastgesteld: een medewerker van u."}
    )

    user: Annotated[str, AfterValidator(_user)] = Field(
        description="Gebruikerskenmerk van die medewerker; nooit een naam. Het blijft in uw eigen spoor.",
        json_schema_extra={"maxLength": 64},
    )
    role: Role = Field(
        description="Rol waarin dat gebeurde; alleen deze gaat mee met de vraag. Het is een rol die zelf mag "
        "vragen, of `duty_officer`."
    )


def filled_in(reason: str) -> bool:
    """Whether a reason was given at all; whether it holds, no machine weighs."""
    return len(" ".join(reason.split())) >= LEAST_REASON


class WishedQuestion(_Body):
    """`necessity`: why this question about this person; `subsidiarity`: why not with less; both are sealed
    to the holder.
    """

    model_config = ConfigDict(json_schema_extra={"description": "Eén vraag over een betrokkene."})

    question: QuestionCode = Field(description="Code van de vraag.")
    holder: PartyCode | None = Field(
        default=None,
        description="Code van één organisatie, uit de lijst van deelnemers. Zonder dit gaat de vraag naar "
        "elke organisatie van die soort in de regio. Verplicht bij een vraag aan de eigen soort: een ander "
        "Veilig Thuis.",
    )
    necessity: WrittenReason = Field(
        default="",
        description="Waarom deze vraag nodig is. Alleen de houder leest dit. Korter dan 20 tekens telt niet.",
    )
    subsidiarity: WrittenReason = Field(
        default="",
        description="Waarom het niet met minder kan. Alleen de houder leest dit. Korter dan 20 tekens "
        "telt niet.",
    )
    weighty_interest: WrittenReason = Field(
        default="",
        description="Welk zwaarwegend en dringend belang er is. Korter dan 20 tekens telt niet.",
    )
    new_reason: WrittenReason = Field(
        default="",
        description="Wat er nieuw is sinds deze vraag eerder werd gesteld. Korter dan 20 tekens telt niet.",
    )

    stated: Annotated[Mapping[Code, WrittenReason], Field(max_length=5)] = Field(
        default={},
        description="Wat de regel u verder laat opschrijven, per verplichting: `toState` bij een proef zegt "
        "welke. Alleen de houder leest dit.",
    )

    def text(self) -> str:
        """What the holder reads."""
        parts = (self.necessity, self.subsidiarity, self.weighty_interest, self.new_reason)
        return "\n".join(part.strip() for part in parts if part.strip())


class WishedSubject(_Body):
    """One person in one role. `age_band` counts only where the birth date leaves it open."""

    model_config = ConfigDict(json_schema_extra={"description": "Een betrokkene in één rol."})

    role: SubjectRole = Field(description="Rol in de casus.")
    age_band: AgeBand = Field(
        default="unknown", description="Leeftijd; telt alleen als de geboortedatum dit openlaat."
    )
    consent: Consent = Field(default="not_recorded", description="Of de betrokkene toestemming gaf.")
    dual_role: bool = Field(
        default=False,
        description="Of dit slachtoffer in deze casus zelf ook van geweld wordt verdacht. De rol blijft "
        "`victim`. Het telt alleen met `dualRoleReason`.",
    )
    dual_role_reason: WrittenReason = Field(
        default="", description="Waaruit die verdenking blijkt. Alleen de houder leest dit."
    )
    identity: Mapping[str, Any] | None = Field(
        default=None,
        description="Wie het is: `surname`, `prefix`, `givenNames`, `birthDate` (mag deels onbekend zijn: "
        "`1984-00-00`), `partnerSurname`, `postcode`, `houseNumber`. Gaat vergrendeld naar de houder. "
        "Verplicht bij een casus op naam, behalve bij een proef; verboden bij een anonieme casus.",
    )
    questions: Annotated[tuple[WishedQuestion, ...], Field(min_length=1, max_length=20)] = Field(
        description="De vragen over deze betrokkene."
    )

    @property
    def in_two_roles(self) -> bool:
        """Whether this victim is also a suspect here, and it is said why (C17)."""
        return self.dual_role and bool(self.dual_role_reason.strip())


class Wish(_Body):
    """All questions of one case and one purpose, to any number of holders. `dry_run`: say what may be asked,
    and ask nothing.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "description": "Alle vragen van één casus met één doel, aan alle houders tegelijk.",
            "examples": [
                {
                    "caseRef": "0b5c1a52-8f0e-4d3c-9a41-7f6f0e3a2d10",
                    "purpose": "enrich_referral",
                    "urgency": "normal",
                    "dryRun": False,
                    "subjects": [
                        {
                            "role": "suspected_perpetrator",
                            "consent": "not_asked_unsafe",
                            "identity": {
                                "surname": "Voorbeeld",
                                "prefix": "van",
                                "givenNames": "Proef",
                                "birthDate": "1984-00-00",
                                "postcode": "9999ZZ",
                                "houseNumber": "1",
                            },
                            "questions": [
                                {
                                    "question": "reclassering.under_supervision",
                                    "necessity": "De dreiging loopt en wij moeten weten wie toezicht houdt.",
                                    "subsidiarity": "Het is op geen andere manier te weten.",
                                }
                            ],
                        }
                    ],
                }
            ],
        }
    )

    case_ref: Ref = Field(description="Kenmerk van de casus.")
    purpose: PurposeCode = Field(description="Doel van de vragen.")
    urgency: Urgency = Field(default="normal", description="Bij `acute_danger` belt u ook.")
    urgency_declared_by: UrgencyDeclaredBy | None = Field(
        default=None, description="Wie de spoed heeft vastgesteld. Verplicht bij `acute_danger`."
    )
    dry_run: bool = Field(default=False, description="Een proef: zeg wat mag, en vraag niets.")
    subjects: Annotated[tuple[WishedSubject, ...], Field(min_length=1, max_length=12)] = Field(
        description="De betrokkenen."
    )

    def verify_questions(self, known: Container[str]) -> None:
        """Every question is one of these: another is a mistake of the asker, not a refusal, and there is
        nobody to call about it. Raises QuestionUnknown, with every place.
        """
        wrong = [
            invalid_param(("subjects", number, "questions", place, "question"), "unknown_question")
            for number, subject in enumerate(self.subjects)
            for place, question in enumerate(subject.questions)
            if question.question not in known
        ]
        if wrong:
            raise QuestionUnknown(invalid_params=wrong)

    def verify_urgency(self, user: str, role: Role, may_declare: Callable[[Role], bool]) -> None:
        """Acute danger was declared by somebody, in a role that may (C9); `user` and `role` are who asks.
        Raises RequestInvalid.
        """
        declared, place = self.urgency_declared_by, to_camel("urgency_declared_by")
        wrong = None
        if self.urgency == "acute_danger" and declared is None:
            wrong = invalid_param((place,), "missing")
        elif self.urgency == "normal" and declared is not None:
            wrong = invalid_param((place,), "without_urgency")
        elif declared is not None:
            own_role = declared.user != user or declared.role == role
            if not own_role or not may_declare(declared.role):
                wrong = invalid_param((place, "role"), "not_for_this_role")
        if wrong is not None:
            raise RequestInvalid(invalid_params=[wrong])

    def identities(self, *, named: bool) -> list[Identity | None]:
        """The identity of each subject, in order. In an anonymous case no field may hold one (D04); a dry
        run needs none.

        Raises RequestInvalid with every problem, without values.
        """
        problems: list[dict[str, str]] = []
        identities: list[Identity | None] = []
        for number, subject in enumerate(self.subjects):
            where = ("subjects", number, "identity")
            identities.append(None)
            if subject.identity is None:
                if named and not self.dry_run:
                    problems.append(invalid_param(where, "missing"))
                continue
            if not named:
                problems.append(invalid_param(where, "extra_forbidden"))
                continue
            try:
                identities[-1] = Identity.parse(
                    {_snake(key): value for key, value in subject.identity.items()}
                )
            except IdentityError as error:
                problems += [invalid_param((*where, to_camel(path)), code) for path, code in error.problems]
        if problems:
            raise RequestInvalid(invalid_params=problems)
        return identities


def wished_identity(told: Mapping[str, Any]) -> Identity:
    """Who is meant, from the names that the API has. Raises RequestInvalid, with every mistake."""
    try:
        return Identity.parse({_snake(key): value for key, value in told.items()})
    except IdentityError as error:
        wrong = [invalid_param(("identity", to_camel(path)), code) for path, code in error.problems]
        raise RequestInvalid(invalid_params=wrong) from None


TakingUp = Literal["invited", "stands_in", "takes_over"]
"""Why somebody takes up a case: as the first of the party, whom the chair invited; beside colleagues who work
on it; instead of them."""


class TakingUpWish(_Body):
    """Why somebody takes up a case."""

    model_config = ConfigDict(
        json_schema_extra={
            "description": "Waarom u een casus opneemt.",
            "examples": [{"why": "invited"}],
        }
    )

    why: TakingUp = Field(
        description="`invited`: de voorzitter vroeg het, en u bent de eerste van uw organisatie. "
        "`stands_in`: u werkt eraan naast een collega. `takes_over`: u neemt het over; uw collega's werken "
        "er dan niet meer aan."
    )


class WishedCase(_Body):
    """The facts of a case, as codes, each vouched for by the caller in its role. `case_ref`: a case that was
    stated before.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "description": "De feiten van een casus, als codes. U staat ervoor in, in uw rol.",
            "examples": [
                {
                    "region": "utrecht",
                    "kind": "named",
                    "stage": "enrichment",
                    "melding": "registered",
                    "criteria": "both",
                    "unsafety": "structural",
                    "meetingOn": "2026-11-24",
                }
            ],
        }
    )

    case_ref: Ref | None = Field(
        default=None, description="Kenmerk van een casus die er al is; leeg voor een nieuwe."
    )
    region: Code = Field(description="Regio van het Actieoverleg.")
    kind: CaseKind = Field(default="named", description="Op naam of anoniem.")
    stage: Stage = Field(default="referral", description="Hoe ver de casus is.")
    melding: MeldingState = Field(default="none", description="Of er een melding is bij Veilig Thuis.")
    criteria: Criteria = Field(default="none", description="Aan welke criteria voor instroom is voldaan.")
    unsafety: Unsafety = Field(default="none", description="Of de onveiligheid acuut of structureel is.")
    meeting_on: Annotated[date | None, BeforeValidator(_written_day)] = Field(
        default=None, description="Dag van het overleg."
    )


def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
