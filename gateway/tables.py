"""What the tables of the broker's rooms stand in: its own database, beside its trail."""

from typing import Final

from sqlalchemy import MetaData

metadata: Final = MetaData()
