"""Own cases, subjects, enrichments; inbox; standing decisions and the pause."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "own_cases",
        sa.Column("case_ref", sa.String(36), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("statement", sa.String(64), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("assigned", sa.JSON, nullable=False),
    )
    op.create_table(
        "subjects",
        sa.Column("case_ref", sa.String(36), primary_key=True),
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("subject_ref", sa.String(36), nullable=False, unique=True),
    )
    op.create_table(
        "enrichments",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("case_ref", sa.String(36), nullable=False, index=True),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("inquiries", sa.JSON, nullable=False),
        sa.Column("next_at", sa.BigInteger, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("jti", sa.String(36), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("case_ref", sa.String(36), nullable=False, index=True),
        sa.Column("requester", sa.String(16), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("requester_role", sa.String(32), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("accepted_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("permits", sa.JSON, nullable=False),
        sa.Column("questions", sa.JSON, nullable=False),
        sa.Column("outcomes", sa.JSON, nullable=False),
        sa.Column("sealed", sa.JSON, nullable=False),
        sa.Column("token", sa.Text),
        sa.Column("identities", sa.JSON),
        sa.Column("later", sa.JSON, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False, index=True),
        sa.Column("next_at", sa.BigInteger, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table(
        "standing_decisions",
        sa.Column("rule", sa.String(8), primary_key=True),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("valid_until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "pauses",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for name in ("pauses", "standing_decisions", "inbox", "enrichments", "subjects", "own_cases"):
        op.drop_table(name)
