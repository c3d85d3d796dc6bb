"""Who declared the acute danger of an enrichment."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("enrichments", sa.Column("urgency_declared_by", sa.String(64)))


def downgrade() -> None:
    op.drop_column("enrichments", "urgency_declared_by")
