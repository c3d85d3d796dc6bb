"""Up to which day the own trail was held against the broker's."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "compared",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # one row
        sa.Column("day", sa.Date, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("compared")
