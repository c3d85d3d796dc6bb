"""What was asked in acute danger, and is looked at afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "urgent_reviews",
        sa.Column("inquiry", sa.String(36), primary_key=True),
        sa.Column("case_ref", sa.String(36), nullable=False, index=True),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("other", sa.String(32), nullable=False),
        sa.Column("acted", sa.JSON, nullable=False),
        sa.Column("opened_at", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("alarmed", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("urgent_reviews")
