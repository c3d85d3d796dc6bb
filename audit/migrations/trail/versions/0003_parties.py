"""Receivers of obligations by their code, which may be longer than the name of a kind."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":  # SQLite holds no text to a length
        op.alter_column("trail_obligations", "receiver", type_=sa.String(32))


def downgrade() -> None:
    """A code that was taken in longer stays so."""
