"""What the broker sends back, checked and opened. Knows no database.

- Every decision, and how far a question is, is read from entries that the receipt proves to be in the
  broker's trail; of what the broker says beside them only the replies and the version are used.
- What is final stays as it is.
- A holder's reply counts only if the trail recorded it, and only with codes of its permit; one that does not
  hold spoils nobody else's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.node.asking.enrichments import OPEN, Enrichment, OwnCase, Sent
from audit.entry import RESERVED, Entry, Recorded
from audit.kinds import DECISIONS, Kind
from contract.answers import Answer, opened
from contract.codes import BROKER, Ref
from contract.documents import ANSWERED_WITHIN, Outcome, Receipt, Reply
from contract.problems import DocumentExpired, DocumentMalformed, DocumentProblem
from contract.receipts import proven_entries
from contract.sealing import Context, Sealed, unseal
from contract.signatory import Received, Signatory
from contract.signing import digest
from party.events import Event, log


@dataclass(frozen=True)
class Arrived:
    """An inquiry as it is now, what our own trail is to record of it, and the answers in that, by index."""

    sent: Sent
    entries: tuple[Entry, ...]
    answers: Mapping[int, Answer]

    def placed_at(self, recorded: Sequence[Recorded]) -> Sent:
        """The inquiry with the places of its answers, once the entries are in our trail."""
        positions = {
            entry.facts["index"]: place.position
            for entry, place in zip(self.entries, recorded, strict=True)
            if entry.kind == Kind.ANSWER
        }
        items = tuple(
            replace(item, answer_at=positions.get(item.index, item.answer_at)) for item in self.sent.items
        )
        return replace(self.sent, items=items)


class Opening:
    def __init__(self, signatory: Signatory, note: Callable[[str], None]) -> None:
        """`note` hears the checkpoint of every receipt that held."""
        self._signatory = signatory
        self._note = note

    def read(self, enrichment: Enrichment, body: bytes) -> list[Arrived]:
        """What a report of the broker says of the inquiries of this enrichment that is newer than what we
        have. Raises a document problem.
        """
        try:
            report = _Report.model_validate_json(body)
        except ValidationError:
            raise DocumentMalformed from None
        receipt = self._signatory.read(Receipt, report.receipt)
        proven: dict[str, list[tuple[int, dict[str, Any]]]] = {}
        for position, facts in self._proven(receipt):
            proven.setdefault(str(facts.get("inquiry")), []).append((position, facts))
        sent = {one.jti: one for one in enrichment.inquiries}
        return [
            self._opened(sent[row.id], row, proven.get(row.id, []), receipt, enrichment)
            for row in report.inquiries
            if row.id in sent and row.version > sent[row.id].version
        ]

    def case(self, case_ref: str, body: bytes) -> OwnCase:
        """A case as its newest statement stands in the broker's trail; nobody is assigned. Raises a document
        problem.
        """
        try:
            [(position, said), *more] = self.proven(_CaseReceipt.model_validate_json(body).receipt)
        except ValueError:  # another shape, or another number of entries
            raise DocumentMalformed from None
        if said["kind"] != Kind.CASE or said["case_ref"] != case_ref:
            raise DocumentMalformed
        if [(one["kind"], one["case_ref"]) for _, one in more] not in ([], [(Kind.ACCEPTANCE, case_ref)]):
            raise DocumentMalformed
        facts = {"region": said["region"], **said["facts"]}
        return OwnCase(case_ref, position, said["statement"], facts, (), accepted=bool(more))

    def proven(self, receipt: str) -> list[tuple[int, dict[str, Any]]]:
        """The entries of a receipt, each with its position in the broker's trail. Raises a document
        problem.
        """
        return self._proven(self._signatory.read(Receipt, receipt))

    def _proven(self, receipt: Received[Receipt]) -> list[tuple[int, dict[str, Any]]]:
        entries = proven_entries(receipt.document, self._signatory.directory)
        self._note(receipt.document.checkpoint)
        return entries

    def _opened(
        self,
        sent: Sent,
        row: "_Row",
        proven: Sequence[tuple[int, Mapping[str, Any]]],
        receipt: Received[Receipt],
        enrichment: Enrichment,
    ) -> Arrived:
        kinds = [facts["kind"] for _, facts in proven]
        digests = [facts["inquiry_digest"] for _, facts in proven if facts["kind"] == Kind.INQUIRY]
        decisions = {
            facts["index"]: (position, facts) for position, facts in proven if facts["kind"] in DECISIONS
        }
        if digests != [sent.digest] or set(decisions) != {item.index for item in sent.items} or not kinds:
            raise DocumentMalformed
        answers: dict[int, Answer] = {}
        problem = sent.problem
        for token in row.replies:
            try:
                arrived = self._answers(token, sent, decisions, proven, enrichment)
            except DocumentProblem as refused:  # this holder's reply only: the others' answers are shown
                problem = refused.code
                log(Event.REPLY_REFUSED, partner=sent.holder, code=problem)
            else:
                answers = {**arrived, **answers}  # the first answer stands
        states = _states(decisions, proven)
        items, entries, fresh = [], [], {}
        for item in sent.items:
            position, facts = decisions[item.index]
            if facts["question"] != item.question or facts["subject_ref"] != item.subject_ref:
                raise DocumentMalformed
            known = {name: value for name, value in facts.items() if name not in RESERVED}
            if item.decision is None:
                joint = {"position": position, "joint_id": facts["id"], "joint_at": facts["at"]}
                entries.append(Entry(Kind(facts["kind"]), {**known, **joint}, subject_ref=item.subject_ref))
            state, ground = states[item.index]
            if item.state not in OPEN and item.state != "failed":
                state, ground = item.state, item.ground
            there = item.answer_at is not None
            if item.index in answers and not there:
                fresh[item.index] = answers[item.index]
                answer = {"answer": answers[item.index].model_dump(mode="json")}
                facts_here = {
                    "inquiry": sent.jti,
                    "index": item.index,
                    "case_ref": enrichment.case_ref,
                    "holder": sent.holder,
                }
                entries.append(Entry(Kind.ANSWER, facts_here, subject_ref=item.subject_ref, sealed=answer))
            unread = state == "answered" and not there and item.index not in answers
            items.append(
                replace(
                    item,
                    state="failed" if unread else state,
                    ground=ground,
                    decision={**known, "kind": facts["kind"], "at": facts["at"]},
                    position=position,
                )
            )
        after = replace(
            sent,
            items=tuple(items),
            token=None,
            identities=None,
            state="sent",
            problem=problem,
            version=row.version,
            receipt=receipt.token,
        )
        return Arrived(after, tuple(entries), fresh)

    def _answers(
        self,
        token: str,
        sent: Sent,
        decisions: Mapping[int, tuple[int, Mapping[str, Any]]],
        proven: Sequence[tuple[int, Mapping[str, Any]]],
        enrichment: Enrichment,
    ) -> dict[int, Answer]:
        """The answers in a reply of this holder to this inquiry, each within its permit. Raises a document
        problem.

        A reply may have waited for us; it was in time when the broker recorded it.
        """
        recorded = [
            facts for _, facts in proven if facts["kind"] == Kind.REPLY and facts["reply"] == digest(token)
        ]
        if len(recorded) != 1:
            raise DocumentMalformed
        arrived_at = datetime.fromisoformat(recorded[0]["at"])
        if self._signatory.now().timestamp() > enrichment.created_at + ANSWERED_WITHIN.total_seconds():
            raise DocumentExpired  # whoever kept it so long, it is no answer of today
        reply = self._signatory.read(Reply, token, audience=BROKER, at=arrived_at)
        said = reply.document
        outcomes = [outcome.model_dump(exclude_none=True) for outcome in said.outcomes]
        if not said.even or (reply.sender.code, said.inquiry, outcomes) != (
            sent.holder,
            sent.digest,
            recorded[0]["outcomes"],
        ):
            raise DocumentMalformed
        me = self._signatory.party.code
        context = Context("reply", enrichment.case_ref, enrichment.purpose, me, sent.holder, sent.jti)
        plaintext = unseal(Sealed(said.kid, said.sealed), self._signatory.keyring.opening, context)
        answers = {}
        for slot, answer in opened(plaintext, oin=said.iss, inquiry=sent.jti).items():
            if slot >= len(said.outcomes) or said.outcomes[slot].status != "answered":
                raise DocumentMalformed
            index = said.outcomes[slot].index
            if index not in decisions or not set(decisions[index][1]["answer_codes"]).issuperset(
                answer.codes
            ):
                raise DocumentMalformed
            # of a desk only that there is one: whom to call stands in the directory, not in a holder's text
            desk = None if answer.desk is None else reply.sender.desk_in(enrichment.region)
            answers[index] = answer.model_copy(update={"desk": desk})
        return answers


def _states(
    decisions: Mapping[int, tuple[int, Mapping[str, Any]]],
    proven: Sequence[tuple[int, Mapping[str, Any]]],
) -> dict[int, tuple[str, str | None]]:
    """How far each question is, and the ground of a refusal by the holder. Raises DocumentMalformed for an
    outcome that is none, or of what was not permitted.

    Whether it is late depends on the clock alone (`Item.state_at`).
    """
    states: dict[int, tuple[str, str | None]] = {
        index: ("sent" if facts["kind"] == Kind.PERMIT else "refused", None)
        for index, (_, facts) in decisions.items()
    }
    for _, facts in sorted(proven, key=lambda entry: entry[0]):
        if facts["kind"] == Kind.UNDELIVERED:
            states.update(
                {index: ("undelivered", None) for index, (state, _) in states.items() if state == "sent"}
            )
        for told in facts["outcomes"] if facts["kind"] == Kind.REPLY else ():
            try:
                outcome = Outcome.model_validate(told)
            except ValidationError:
                raise DocumentMalformed from None
            state, _ = states.get(outcome.index, ("refused", None))
            if state == "refused":
                raise DocumentMalformed
            if state in OPEN:
                states[outcome.index] = (outcome.state, outcome.ground)
    return states


class _Row(BaseModel):
    """One inquiry in the broker's report. A report may have more fields."""

    model_config = ConfigDict(strict=True)

    id: Ref
    version: int
    replies: list[str]


class _CaseReceipt(BaseModel):
    model_config = ConfigDict(strict=True)

    receipt: str


class _Report(BaseModel):
    model_config = ConfigDict(strict=True)

    receipt: str
    inquiries: list[_Row]
