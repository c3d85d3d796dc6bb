"""Releases of the hand-out that this partner accepted, and what was heard of all."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "accepted_releases",
        sa.Column("release", sa.String(71), primary_key=True),
        sa.Column("bundle", sa.LargeBinary, nullable=False),
        sa.Column("accepted_by", sa.String(64), nullable=False),
        sa.Column("accepted_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "heard_releases",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("lives", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    for name in ("heard_releases", "accepted_releases"):
        op.drop_table(name)
