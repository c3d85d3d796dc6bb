"""Releases of the hand-out."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("release", sa.String(71), primary_key=True),
        sa.Column("base", sa.String(71)),
        sa.Column("changelog", sa.Text, nullable=False),
        sa.Column("certificate", sa.Text),
        sa.Column("bundle", sa.LargeBinary, nullable=False),
        sa.Column("steps", sa.JSON, nullable=False),
        sa.Column("examined", sa.JSON),
    )


def downgrade() -> None:
    op.drop_table("releases")
