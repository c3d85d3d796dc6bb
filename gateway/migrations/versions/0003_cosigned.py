"""The newest state of the trail that enough witnesses signed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "cosigned",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # one row
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("cosigned")
