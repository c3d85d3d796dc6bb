"""The obligations as the trail leaves them, and how far it was read for that."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "trail_obligations",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("case_ref", sa.String(64), nullable=False),
        sa.Column("subject_ref", sa.String(64), nullable=False),
        sa.Column("receiver", sa.String(16), nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.Column("waits_until", sa.BigInteger),
        sa.Column("next_at", sa.BigInteger),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("facts", sa.Text, nullable=False),
    )
    op.create_index("trail_obligations_case", "trail_obligations", ["case_ref", "subject_ref", "receiver"])
    op.create_index("trail_obligations_next", "trail_obligations", ["next_at"])
    op.create_index("trail_obligations_waits", "trail_obligations", ["waits_until"])
    op.create_index("trail_obligations_last", "trail_obligations", ["receiver", "last_at"])
    op.create_table(
        "trail_obligations_read",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # one row
        sa.Column("position", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("trail_obligations_read")
    op.drop_table("trail_obligations")
