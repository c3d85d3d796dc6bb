"""A release has a short name; what differs in it is compared whole, so that is worked out anew."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("releases", sa.Column("name", sa.String(40), nullable=False, server_default=""))
    op.execute("UPDATE releases SET examined = NULL WHERE base IS NOT NULL")


def downgrade() -> None:
    op.drop_column("releases", "name")
