"""What is said to a caller whose message is not carried out: RFC 9457 problems, one class per code.

The text is Dutch, for people; the code is for programs and never changes. Neither a text nor an invalid
parameter ever holds a value that the sender gave: it may be a person's.

    Problem
    ├── DocumentProblem           a signed document is refused before any decision (hand-out, section 9)
    │   ├── DocumentMalformed     400
    │   ├── DocumentExpired       400
    │   ├── AddresseeWrong        400
    │   ├── SealedForAnother      400
    │   ├── SignatureInvalid      401
    │   ├── SenderUnknown         401
    │   ├── DocumentReplayed      409
    │   ├── RevisionUnknown       409
    │   └── DocumentTooLarge      413
    ├── RequestProblem            the request around it
    │   ├── RequestInvalid        400   names every mistake
    │   ├── QuestionUnknown       400   names where
    │   ├── ReleaseUnfit          400
    │   ├── PartyIsOwn            400
    │   ├── NotSignedIn           401
    │   ├── NotAllowed            403
    │   │   ├── CaseNotYours      403
    │   │   ├── AcceptanceNotYours 403
    │   │   ├── NotAttested       403
    │   │   ├── NotInvolved       403
    │   │   └── OwnProposal       403
    │   ├── NotFound              404
    │   │   └── CaseUnknown       404
    │   ├── MethodNotAllowed      405
    │   ├── NotAcceptable         406
    │   ├── Conflict              409
    │   │   ├── CaseStatementStale 409
    │   │   ├── AcceptanceNotNeeded 409
    │   │   ├── PartyUnknown      409
    │   │   ├── AnsweringPaused   409
    │   │   ├── DecisionDiffers   409
    │   │   ├── NotWaiting        409
    │   │   ├── ObligationUnknown 409
    │   │   ├── ReleaseKnown      409
    │   │   ├── ReleaseStale      409
    │   │   ├── AlreadyAgreed     409
    │   │   ├── NotAgreed         409
    │   │   ├── NothingBefore     409
    │   │   ├── BackIsWider       409
    │   │   ├── NotShown          409
    │   │   ├── ManyProposals     409
    │   │   ├── MomentPast        409
    │   │   ├── StillInForce      409
    │   │   └── StepNotTaken      409
    │   ├── PreconditionFailed    412
    │   ├── ContentTypeUnsupported 415
    │   └── TooManyRequests       429
    ├── Unavailable               503   nothing has left
    │   ├── CannotDecide
    │   ├── CannotRecord
    │   ├── CannotSign
    │   ├── CannotLookUp
    │   ├── CannotSignIn
    │   ├── PartnerUnreachable
    │   └── TooBusy
    └── InternalError             500   a mistake of ours; tells nothing
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from pydantic import ValidationError

_OURS = re.compile(r"[a-z][A-Za-z0-9_]{0,40}")
_MOST = 20


class Problem(Exception):
    """A named reason why a message is not carried out.

    `invalid_params` are rows of `name` (path of the field) and `code`, without values; `headers` go on the
    response.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]
    detail: ClassVar[str]
    challenge: ClassVar[str | None] = None  # RFC 9110 15.5.2: a 401 says how to be let in

    def __init__(
        self, *, invalid_params: Iterable[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(self.code)
        self.invalid_params = tuple(invalid_params)
        self.headers = dict(headers or {})
        if self.challenge is not None:
            self.headers.setdefault("WWW-Authenticate", self.challenge)

    def body(self, *, instance: str, trace_id: str) -> dict[str, object]:
        """The members of `application/problem+json`; `instance` is a URI without a value of the sender's."""
        body: dict[str, object] = {
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "traceId": trace_id,
        }
        if self.invalid_params:
            body["invalidParams"] = [
                {"name": row["name"], "code": row["code"], "reason": reason(row["code"])}
                for row in self.invalid_params
            ]
        return body


class DocumentProblem(Problem):
    """A signed document that is refused before any decision."""


class DocumentMalformed(DocumentProblem):
    status, code = 400, "document_malformed"
    title, detail = (
        "Dit bericht klopt niet.",
        "Het bericht heeft niet de vorm die is afgesproken. Er is niets mee gedaan.",
    )


class DocumentExpired(DocumentProblem):
    status, code = 400, "document_expired"
    title, detail = (
        "Dit bericht is te oud.",
        "Maak een nieuw bericht en stuur het meteen. Kijk ook of uw klok goed loopt.",
    )


class AddresseeWrong(DocumentProblem):
    status, code = 400, "addressee_wrong"
    title, detail = "Dit bericht is voor een ander.", "Stuur het bericht naar de partij die erin staat."


class SealedForAnother(DocumentProblem):
    status, code = 400, "sealed_for_another"
    title = "Deze inhoud is voor een ander."
    detail = "Het gesloten deel kan hier niet open. Haal de nieuwe sleutels op en maak het bericht opnieuw."


class SignatureInvalid(DocumentProblem):
    status, code = 401, "signature_invalid"
    title, detail = (
        "De handtekening klopt niet.",
        "Onderteken het bericht opnieuw, met de sleutel die bij uw organisatie hoort.",
    )
    challenge = "SignedDocument"


class SenderUnknown(DocumentProblem):
    status, code = 401, "sender_unknown"
    title, detail = (
        "Deze afzender doet niet mee.",
        "Deze organisatie of deze sleutel staat niet in de lijst van deelnemers.",
    )
    challenge = "SignedDocument"


class DocumentReplayed(DocumentProblem):
    status, code = 409, "document_replayed"
    title, detail = (
        "Dit bericht is al verwerkt.",
        "Met dit kenmerk is al een ander bericht ontvangen. Maak een nieuw bericht.",
    )


class RevisionUnknown(DocumentProblem):
    status, code = 409, "revision_unknown"
    title, detail = (
        "Deze versie van de hand-out is niet bekend.",
        "Haal de versie op die nu geldt en stuur het bericht opnieuw.",
    )


class DocumentTooLarge(DocumentProblem):
    status, code = 413, "document_too_large"
    title, detail = "Dit bericht is te groot.", "Verdeel de vragen over meer berichten."


class RequestProblem(Problem):
    """A request that this address does not take."""


class RequestInvalid(RequestProblem):
    status, code = 400, "request_invalid"
    title, detail = "Dit verzoek klopt niet.", "Kijk naar de genoemde velden en stuur het verzoek opnieuw."


class QuestionUnknown(RequestProblem):
    status, code = 400, "question_unknown"
    title, detail = (
        "Deze vraag bestaat niet.",
        "Er is niets gevraagd. Neem de code van de vraag over uit de hand-out die nu geldt.",
    )


class ReleaseUnfit(RequestProblem):
    """`why`: a sentence of the reader of releases, which quotes nothing of a person."""

    status, code = 400, "release_unfit"
    title, detail = "Dit is geen bruikbare versie van de hand-out.", "Er is niets veranderd."

    def __init__(self, why: str | None = None) -> None:
        super().__init__()
        self.why = why

    def body(self, *, instance: str, trace_id: str) -> dict[str, object]:
        told = super().body(instance=instance, trace_id=trace_id)
        return told if self.why is None else {**told, "detail": f"{self.detail} {self.why}"}


class PartyIsOwn(RequestProblem):
    status, code = 400, "party_is_own"
    title, detail = (
        "Een organisatie kan zichzelf niets vragen.",
        "Kijk in uw eigen register, of kies een andere organisatie.",
    )


class NotSignedIn(RequestProblem):
    status, code = 401, "not_signed_in"
    title, detail = "U bent niet aangemeld.", "Meld u aan bij uw eigen organisatie en probeer het opnieuw."
    challenge = "Bearer"


class NotAllowed(RequestProblem):
    """`case_ref`: which case it was about, where that is known; for the trail, the caller is not told."""

    status, code = 403, "not_allowed"
    title, detail = "Dit mag u hier niet.", "Uw rol geeft geen toegang tot dit onderdeel."

    def __init__(self, *, case_ref: str | None = None) -> None:
        super().__init__()
        self.case_ref = case_ref


class CaseNotYours(NotAllowed):
    code = "case_not_yours"
    title, detail = "Deze casus is niet van u.", "Alleen de partij die de casus heeft ingebracht mag dit."


class AcceptanceNotYours(NotAllowed):
    code = "acceptance_not_yours"
    title, detail = (
        "U kunt deze casus niet aannemen.",
        "Dat doet een deelnemer van politie, OM of Raad, met mandaat, in de regio van de casus.",
    )


class NotAttested(NotAllowed):
    code = "not_attested"
    title, detail = (
        "In deze rol kunt u dit niet vastleggen.",
        "Laat iemand met mandaat het doen: de voorzitter, of bij een ander dan Veilig Thuis een deelnemer.",
    )


class NotInvolved(NotAllowed):
    code = "not_involved"
    title, detail = (
        "Deze stap is niet aan uw organisatie.",
        "Alleen organisaties die deze versie raakt, of die haar indienden, mogen dit.",
    )


class OwnProposal(NotAllowed):
    code = "own_proposal"
    title, detail = (
        "U kunt uw eigen voorstel niet goedkeuren.",
        "Vraag een andere privacyfunctionaris om het te beoordelen.",
    )


class NotFound(RequestProblem):
    status, code = 404, "not_found"
    title, detail = "Dit is er niet.", "Er is niets op dit adres. Kijk in de beschrijving van de API."


class CaseUnknown(NotFound):
    code = "case_unknown"
    title, detail = (
        "Deze casus is niet bekend.",
        "Leg de casus eerst vast en stuur het bericht daarna opnieuw.",
    )


class MethodNotAllowed(RequestProblem):
    status, code = 405, "method_not_allowed"
    title, detail = "Dit kan niet op dit adres.", "De kop Allow noemt wat hier wel kan."


class NotAcceptable(RequestProblem):
    status, code = 406, "not_acceptable"
    title, detail = (
        "Dit antwoord bestaat niet in de gevraagde vorm.",
        "De beschrijving van de API noemt per adres welke vormen er zijn.",
    )


class Conflict(RequestProblem):
    status, code = 409, "conflict"
    title, detail = (
        "Dit past niet bij de stand van nu.",
        "Haal de stand op en kijk of uw verzoek nog nodig is.",
    )


class CaseStatementStale(Conflict):
    code = "case_statement_stale"
    title, detail = (
        "De gegevens van deze casus zijn veranderd.",
        "Haal de casus opnieuw op en stuur het bericht daarna opnieuw.",
    )


class AcceptanceNotNeeded(Conflict):
    code = "acceptance_not_needed"
    title, detail = (
        "Deze casus hoeft niemand aan te nemen.",
        "Dat is alleen nodig in een regio met een Zorg- en Veiligheidshuis. Er is niets vastgelegd.",
    )


class PartyUnknown(Conflict):
    """Whom we look up; who sent us something is `SenderUnknown`."""

    code = "party_unknown"
    title, detail = (
        "Deze organisatie doet niet mee, of niet meer.",
        "Haal de nieuwste lijst van deelnemers op. Bel de organisatie als uw vraag niet kan wachten.",
    )


class AnsweringPaused(Conflict):
    code = "answering_paused"
    title, detail = (
        "Deze organisatie geeft nu geen antwoord.",
        "Het antwoorden is gepauzeerd. Er is niets verloren: probeer het opnieuw als het is hervat.",
    )


class DecisionDiffers(Conflict):
    code = "decision_differs"
    title, detail = (
        "Deze vrijgave past niet bij de hand-out.",
        "Er is niets beantwoord. Bel de beheerder van de centrale en van deze organisatie.",
    )


class NotWaiting(Conflict):
    code = "not_waiting"
    title, detail = (
        "Op deze vraag wacht niemand meer.",
        "De vraag is al afgehandeld, of nog niet geopend. Haal de lijst opnieuw op.",
    )


class ObligationUnknown(Conflict):
    code = "obligation_unknown"
    title, detail = (
        "De regel verplicht tot iets wat dit programma niet kent.",
        "Er gaat geen antwoord uit. Bel de vrager, en meld dit aan de beheerder.",
    )


class ReleaseKnown(Conflict):
    code = "release_known"
    title, detail = (
        "Deze versie van de hand-out is al ingediend.",
        "Haal de lijst van versies op. Een eerdere versie zet u terug; u dient haar niet opnieuw in.",
    )


class ReleaseStale(Conflict):
    code = "release_stale"
    title, detail = (
        "Dit voorstel verandert een versie die niet meer geldt.",
        "Maak het voorstel opnieuw op de versie die nu geldt, en laat het opnieuw beoordelen.",
    )


class AlreadyAgreed(Conflict):
    code = "already_agreed"
    title, detail = (
        "Uw organisatie is al akkoord.",
        "Eén akkoord per organisatie telt. Haal de lijst op en kijk wie nog moet tekenen.",
    )


class NotAgreed(Conflict):
    code = "not_agreed"
    title, detail = (
        "Deze versie kan nu niet gaan gelden.",
        "Nog niet iedereen die zij raakt is akkoord, of zij is afgewezen of ingetrokken. Haal de lijst op.",
    )


class NothingBefore(Conflict):
    code = "nothing_before"
    title, detail = (
        "Er is geen vorige versie om naar terug te gaan.",
        "De versie die nu geldt, is de eerste. Kijk in de lijst welke versies er zijn.",
    )


class BackIsWider(Conflict):
    code = "back_is_wider"
    title, detail = (
        "De vorige versie laat iets toe wat nu niet mag.",
        "Breng haar als een nieuwe versie; wie het raakt, tekent. Wat haast heeft, zet u bij uzelf stil.",
    )


class NotShown(Conflict):
    code = "not_shown"
    title, detail = (
        "Dit is niet wat uw knooppunt van deze versie laat zien.",
        "Haal de versie op, lees elke kaart, en geef het kenmerk mee van wat u las.",
    )


class ManyProposals(Conflict):
    code = "many_proposals"
    title, detail = (
        "Uw organisatie heeft te veel versies tegelijk voorgesteld.",
        "Trek een voorstel in, wacht tot erover is beslist, of breng dit morgen.",
    )


class MomentPast(Conflict):
    code = "moment_past"
    title, detail = (
        "Dit moment kan niet.",
        "Kies een moment dat nog komt, en niet vóór de dag van het voorstel.",
    )


class StillInForce(Conflict):
    code = "still_in_force"
    title, detail = (
        "Deze versie geldt nu, of is die waarnaar u nu terug kunt.",
        "Zet eerst een andere versie in werking; trek deze daarna in.",
    )


class StepNotTaken(Conflict):
    code = "step_not_taken"
    title, detail = (
        "In deze stand kan deze stap niet.",
        "Kijk hoe ver de informatieplicht is, en kies wat daarna komt.",
    )


class PreconditionFailed(RequestProblem):
    status, code = 412, "precondition_failed"
    title, detail = "Iemand anders was u voor.", "Haal de nieuwe stand op en probeer het opnieuw."


class ContentTypeUnsupported(RequestProblem):
    status, code = 415, "content_type_unsupported"
    title, detail = (
        "Deze soort inhoud lezen wij hier niet.",
        "Stuur het verzoek met de soort inhoud uit de beschrijving van de API.",
    )


class TooManyRequests(RequestProblem):
    status, code = 429, "too_many_requests"
    title, detail = "U stuurt te veel verzoeken.", "Wacht even en probeer het opnieuw."

    def __init__(self, *, retry_after_s: int = 1) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)})


class Unavailable(Problem):
    """Something that must work does not; nothing has left."""

    status = 503


class CannotDecide(Unavailable):
    code = "policy_unavailable"
    title, detail = "Wij kunnen nu niet beslissen.", "Er ging niets uit. Bel als het haast heeft."


class CannotRecord(Unavailable):
    code = "trail_unavailable"
    title, detail = "Wij kunnen nu niets vastleggen.", "Er ging niets uit. Bel als het haast heeft."


class CannotSign(Unavailable):
    code = "cannot_sign"
    title = "Wij kunnen nu niet ondertekenen."
    detail = "De klok van deze machine loopt achter. Er ging niets uit. De beheerder zet de klok goed."


class CannotLookUp(Unavailable):
    code = "register_unavailable"
    title, detail = "Het register antwoordt nu niet.", "Er ging niets uit. Bel als het haast heeft."


class CannotSignIn(Unavailable):
    code = "identity_provider_unavailable"
    title = "U kunt zich nu niet aanmelden."
    detail = "De aanmelding van uw organisatie antwoordt niet. Er ging niets uit. Bel als het haast heeft."


class PartnerUnreachable(Unavailable):
    code = "partner_unreachable"
    title, detail = (
        "De andere partij is nu niet te bereiken.",
        "Probeer het over een paar tellen opnieuw. Bel als het haast heeft.",
    )


class TooBusy(Unavailable):
    code = "too_busy"
    title, detail = (
        "Het is nu te druk.",
        "Er ging niets uit. Probeer het over een paar tellen opnieuw. Bel als het haast heeft.",
    )

    def __init__(self, *, retry_after_s: int = 2) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_s)})


class InternalError(Problem):
    status, code = 500, "internal_error"
    title, detail = (
        "Er ging bij ons iets mis.",
        "Probeer het later opnieuw. Geef het kenmerk traceId door als u ons belt.",
    )


def by_code() -> Mapping[str, type[Problem]]:
    """Every problem that can be sent, by its code."""
    return {kind.code: kind for kind in _kinds(Problem) if "code" in vars(kind)}


def named(body: bytes) -> type[Problem] | None:
    """The problem that a response names; None when it names none that we know."""
    try:
        return by_code().get(str(json.loads(body)["code"]))
    except (ValueError, KeyError, TypeError):
        return None


def invalid_params(error: ValidationError) -> list[dict[str, str]]:
    """Rows of `name` and `code` per mistake, at most 20; no value, no field name that the sender made up."""
    rows = error.errors(include_url=False, include_input=False, include_context=False)
    return [invalid_param(row["loc"], row["type"]) for row in rows[:_MOST]]


def invalid_param(location: Iterable[int | str], code: str) -> dict[str, str]:
    """One row, from pydantic's location and code; a field that nobody knows is named by what it stands in."""
    parts = [str(part) for part in location]
    if "identities" in parts:  # the sender names what stands in it
        parts = parts[: parts.index("identities") + 1]
    if code == "extra_forbidden":
        parts = parts[:-1]
    elif parts and parts[-1] == "[key]":
        parts = parts[:-2]
    known = (part if part.isdecimal() or _OURS.fullmatch(part) else "-" for part in parts)
    return {"name": ".".join(known), "code": code}


def reason(code: str) -> str:
    """The Dutch sentence beside an invalid parameter."""
    for start, text in _REASONS.items():
        if code.startswith(start):
            return text
    return "Deze waarde klopt niet."


_REASONS = {
    "missing": "Dit veld is verplicht.",
    "extra_forbidden": "Hier staat een veld dat niet bestaat.",
    "unknown_query_key": "In het adres staat een zoekveld dat niet bestaat.",
    "json_invalid": "Dit is geen geldige JSON.",
    "unknown_question": "Deze vraag staat niet in de hand-out die nu geldt.",
    "literal_error": "Deze waarde staat niet in de lijst.",
    "enum": "Deze waarde staat niet in de lijst.",
    "union_tag": "Deze waarde staat niet in de lijst.",
    "without_urgency": "Dit hoort alleen bij spoed.",
    "not_for_this_role": "Dit kan niet in deze rol.",
    "string_too_long": "Deze tekst is te lang.",
    "string_too_short": "Deze tekst is te kort.",
    "string_pattern_mismatch": "Deze tekst heeft niet de goede vorm.",
    "too_long": "Deze lijst is te lang.",
    "too_short": "Deze lijst is te kort.",
    "string_type": "Dit moet tekst zijn.",
    "int": "Dit moet een heel getal zijn.",
    "bool": "Dit moet waar of niet waar zijn.",
    "list_type": "Dit moet een lijst zijn.",
    "tuple_type": "Dit moet een lijst zijn.",
    "model": "Dit moet een object zijn.",
    "dict_type": "Dit moet een object zijn.",
    "date": "Dit is geen goede datum of tijd.",
    "timezone": "Zet de tijdzone erbij.",
    "bsn": "Dit nummer klopt niet.",
    "not_asked_for": "De regel vraagt dit niet. Laat het weg.",
    "not_since_the_question": "Dit moment ligt voor de vraag, of in de toekomst.",
    "only_by_word_of_mouth": "Bij deze regel vertelt u het mondeling. Kies alleen `in_meeting`.",
}


def _kinds(kind: type[Problem]) -> Iterator[type[Problem]]:
    for child in kind.__subclasses__():
        yield child
        yield from _kinds(child)
