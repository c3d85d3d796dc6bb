"""Where a case was accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("cases", sa.Column("accepted", sa.Integer))


def downgrade() -> None:
    op.drop_column("cases", "accepted")
