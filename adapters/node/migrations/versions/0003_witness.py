"""What this node saw last of the broker's trail, as its witness."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "witnessed",
        sa.Column("log", sa.String(255), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("misdeeds", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("witnessed")
