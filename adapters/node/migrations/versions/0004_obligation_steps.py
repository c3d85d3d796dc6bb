"""Steps about duties to inform that the broker has not taken yet, and how far we heard of those of others."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "obligation_steps",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("refused", sa.String(64)),
    )
    op.create_table(
        "obligations_heard",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # one row
        sa.Column("since", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("obligations_heard")
    op.drop_table("obligation_steps")
