"""Parties by their code; the region of an enrichment, and its questions that went nowhere."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("enrichments", sa.Column("region", sa.String(64), nullable=False, server_default=""))
    op.add_column("enrichments", sa.Column("unreached", sa.JSON, nullable=False, server_default="[]"))
    op.execute("DELETE FROM heard_releases")  # told anew, with who must sign
    if op.get_bind().dialect.name != "sqlite":  # SQLite holds no text to a length
        op.alter_column("inbox", "requester", type_=sa.String(32))


def downgrade() -> None:
    op.drop_column("enrichments", "unreached")
    op.drop_column("enrichments", "region")
