"""Exports of the trail that were asked for, and how far they are."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("selection", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("lines", sa.BigInteger),
        sa.Column("digest", sa.String(64)),
        sa.Column("done_at", sa.Integer),
    )


def downgrade() -> None:
    op.drop_table("exports")
