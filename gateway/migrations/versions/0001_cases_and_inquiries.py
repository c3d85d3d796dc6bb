"""Cases and inquiries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("case_ref", sa.String(36), primary_key=True),
        sa.Column("statement", sa.String(64), nullable=False),
        sa.Column("brought_by", sa.String(16), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("meeting_on", sa.Date),
        sa.Column("melding_due_at", sa.BigInteger),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "inquiries",
        sa.Column("jti", sa.String(36), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("case_ref", sa.String(36), nullable=False, index=True),
        sa.Column("requester", sa.String(16), nullable=False),
        sa.Column("holder", sa.String(16), nullable=False),
        sa.Column("accepted_at", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.String(71), nullable=False),
        sa.Column("case_facts", sa.JSON, nullable=False),
        sa.Column("questions", sa.JSON, nullable=False),
        sa.Column("positions", sa.JSON, nullable=False),
        sa.Column("token", sa.Text),
        sa.Column("identities", sa.JSON),
        sa.Column("permits", sa.JSON, nullable=False),
        sa.Column("replies", sa.JSON, nullable=False),
        sa.Column("next_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tried_until", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("inquiries_due", "inquiries", ["next_at"])


def downgrade() -> None:
    op.drop_table("inquiries")
    op.drop_table("cases")
