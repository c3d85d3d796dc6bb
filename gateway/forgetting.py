"""What the broker lets go of with the entries of a case: facts of the case and its inquiries, codes only. It
has nothing that leads from a person to a reference.
"""

from collections.abc import Collection

from sqlalchemy import Connection, delete

from audit.retention import Forgetting
from gateway.inquiries.cases import cases
from gateway.inquiries.inquiries import inquiries


def _cases(store: Connection, refs: Collection[str]) -> None:
    for table in (inquiries, cases):
        store.execute(delete(table).where(table.c.case_ref.in_(sorted(refs))))


FORGETTING = Forgetting(cases=_cases)
