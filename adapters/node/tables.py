"""What the tables of a node's rooms stand in: the party's own database, beside its trail."""

from typing import Final

from sqlalchemy import MetaData

metadata: Final = MetaData()
