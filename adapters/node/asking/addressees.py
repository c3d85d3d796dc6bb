"""Whom each question of a wish goes to. Pure: it follows from the case and the directory.

- A question of a kind of partner goes to every party of that kind that serves the region of the case; each
  gets an inquiry of its own, so that one that is away hides nobody else's answer.
- A question to one's own kind (another region's Veilig Thuis) goes to the party that the asker names.
- Nobody asks itself.
- Where no party of a kind takes part, its questions go nowhere, and the others go on: whom to call is said.
"""

from dataclasses import dataclass
from datetime import datetime

from adapters.node.asking.wish import Wish, WishedQuestion
from contract.codes import partner_of
from contract.directory import Directory, Party
from contract.documents import MAX_INQUIRIES
from contract.problems import PartyIsOwn, PartyUnknown, RequestInvalid, invalid_param


@dataclass(frozen=True)
class Addressed:
    """One question about the subject with this number in the wish; `holder`: the code of the party that it
    goes to, None where nobody of its kind takes part.
    """

    subject: int
    question: WishedQuestion
    holder: str | None


def addressed(
    wish: Wish, directory: Directory, region: str, own: Party, at: datetime
) -> tuple[Addressed, ...]:
    """Every question with each party that it goes to, in the order of the wish.

    Raises PartyIsOwn, and RequestInvalid with every other mistake: a party that is not of the kind asked or
    does not serve the region, a question to the own kind without one, and more holders than one request has.
    """
    found: list[Addressed] = []
    wrong: list[dict[str, str]] = []
    for number, subject in enumerate(wish.subjects):
        for place, question in enumerate(subject.questions):
            where = ("subjects", number, "questions", place, "holder")
            kind = partner_of(question.question)
            if question.holder is not None:
                if question.holder == own.code:
                    raise PartyIsOwn
                if _fits(directory, question.holder, kind=kind, region=region, own=own, at=at):
                    found.append(Addressed(number, question, question.holder))
                else:
                    wrong.append(invalid_param(where, "not_of_this_question"))
            elif kind == own.partner:
                wrong.append(invalid_param(where, "missing"))
            else:
                serving = directory.serving(kind, region, at)
                found += [Addressed(number, question, party.code) for party in serving]
                if not serving:
                    found.append(Addressed(number, question, None))
    if len({one.holder for one in found} - {None}) > MAX_INQUIRIES:
        wrong.append(invalid_param(("subjects",), "too_many_holders"))
    if wrong:
        raise RequestInvalid(invalid_params=wrong)
    return tuple(found)


def _fits(directory: Directory, code: str, *, kind: str, region: str, own: Party, at: datetime) -> bool:
    try:
        party = directory.party(code)
    except PartyUnknown:
        return False
    return (
        party.partner == kind
        and party.takes_part(at)
        and (region in party.regions or party.partner == own.partner)
    )
