"""The trail: head, entries, sealed parts, tiles, subjects."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "trail_head",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
    )
    op.create_table(
        "trail_entries",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "trail_parts",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject_ref", sa.String(64), nullable=False, index=True),
        sa.Column("key_id", sa.BigInteger, nullable=False),
        sa.Column("salt", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "trail_tiles",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "trail_subjects",
        sa.Column("subject_ref", sa.String(64), primary_key=True),
        sa.Column("key_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "trail_doomed_keys",
        sa.Column("key_id", sa.BigInteger, primary_key=True, autoincrement=False),
    )


def downgrade() -> None:
    for name in (
        "trail_doomed_keys",
        "trail_subjects",
        "trail_tiles",
        "trail_parts",
        "trail_entries",
        "trail_head",
    ):
        op.drop_table(name)
