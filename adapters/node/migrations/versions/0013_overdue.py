"""Cases whose melding did not come in time, as this node heard of them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "overdue_meldingen",
        sa.Column("case_ref", sa.String(36), primary_key=True),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("brought_by", sa.String(32), nullable=False),
        sa.Column("due_at", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("overdue_meldingen")
