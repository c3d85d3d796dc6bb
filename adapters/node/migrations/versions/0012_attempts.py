"""How often the same was asked: keyed fingerprints, never a person."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.String(32), nullable=False, index=True),
        sa.Column("variant", sa.String(32), nullable=False),
        sa.Column("at", sa.Integer, nullable=False, index=True),
    )


def downgrade() -> None:
    op.drop_table("attempts")
