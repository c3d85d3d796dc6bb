"""Parties by their code, which may be longer than the name of a kind."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_LONGER = (
    ("inquiries", "requester"),
    ("inquiries", "holder"),
    ("cases", "brought_by"),
    ("compared", "party"),
)


def upgrade() -> None:
    op.execute("ALTER TABLE compared RENAME COLUMN partner TO party")
    # worked out anew, with who must sign
    op.execute("UPDATE releases SET examined = NULL WHERE base IS NOT NULL")
    if op.get_bind().dialect.name != "sqlite":  # SQLite holds no text to a length
        for table, column in _LONGER:
            op.alter_column(table, column, type_=sa.String(32))


def downgrade() -> None:
    op.execute("ALTER TABLE compared RENAME COLUMN party TO partner")
