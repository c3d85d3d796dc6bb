"""Where it stands that the melding of a case did not come."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("cases", sa.Column("overdue", sa.Integer))


def downgrade() -> None:
    op.drop_column("cases", "overdue")
