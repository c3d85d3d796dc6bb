"""What the reference partners' SQL registers keep of a person. Each register has its own tables and its own
metadata.
"""

from datetime import date
from typing import Any

from sqlalchemy import Label, Subquery, Table
from sqlmodel import Field, SQLModel


class PersonColumns(SQLModel):
    """`birth_date` as in Identity, so that it may be incomplete. The BSN is kept, and no question is ever
    matched on it (docs/law.md, Vocabulary).
    """

    id: str = Field(primary_key=True)
    surname: str
    prefix: str = ""
    given_names: str = ""
    birth_date: str = "0000-00-00"
    partner_surname: str = ""
    postcode: str = ""
    house_number: str = ""
    address_secret: bool = False
    bsn: str | None = None
    deceased_on: date | None = None
    shielded: bool = False
    in_doubt: bool = False


def person_columns(hits: Subquery, persons: Table) -> list[Label[Any]]:
    """The labels that a `SqlShape` owes of a person."""
    names = "surname prefix given_names birth_date partner_surname postcode house_number shielded in_doubt"
    columns = [persons.c[name].label(name) for name in names.split()]
    deceased = persons.c.deceased_on.is_not(None).label("deceased")
    return [hits.c.block.label("block"), persons.c.id.label("key"), *columns, deceased]
