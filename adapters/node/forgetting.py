"""What a node lets go of with the entries of a case, and with a subject: what it asked and was asked, and
what leads from a person to a reference.
"""

from collections.abc import Collection

from sqlalchemy import Connection, delete

from adapters.node.enrichments import enrichments, own_cases, subjects
from adapters.node.inbox import inbox
from audit.retention import Forgetting


def _cases(store: Connection, refs: Collection[str]) -> None:
    for table in (enrichments, own_cases, subjects, inbox):
        store.execute(delete(table).where(table.c.case_ref.in_(sorted(refs))))


def _subject(store: Connection, ref: str) -> None:
    store.execute(delete(subjects).where(subjects.c.subject_ref == ref))


FORGETTING = Forgetting(cases=_cases, subject=_subject)
