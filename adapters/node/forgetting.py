"""What a node lets go of with the entries of a case, and with a subject: what it asked and was asked, and
what leads from a person to a reference.
"""

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from adapters.node.answering.inbox import inbox
from adapters.node.asking.enrichments import enrichments, own_cases, subjects
from adapters.node.asking.overdue import overdue_meldingen
from adapters.node.reviewing.reviews import urgent_reviews
from adapters.node.rights.requests import requests
from audit.errors import CaseTaken
from audit.retention import Forgetting


def _cases(store: Connection, refs: Collection[str]) -> None:
    for table in (enrichments, own_cases, subjects, overdue_meldingen, inbox, urgent_reviews):
        store.execute(delete(table).where(table.c.case_ref.in_(sorted(refs))))
    store.execute(delete(requests).where(requests.c.id.in_(sorted(refs))))


def _subject(store: Connection, ref: str) -> None:
    """Raises CaseTaken while a question about this subject waits here, with the locked identity."""
    waiting = select(inbox.c.questions).where(inbox.c.token.is_not(None))
    if any(one["subject_ref"] == ref for row in store.execute(waiting).scalars() for one in row):
        raise CaseTaken("A question about this subject still waits here. Answer or decline it first.")
    store.execute(delete(subjects).where(subjects.c.subject_ref == ref))


FORGETTING = Forgetting(cases=_cases, subject=_subject)
