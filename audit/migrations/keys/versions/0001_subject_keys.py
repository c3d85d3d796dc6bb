"""The keys of sealed parts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "subject_keys",
        # an Integer primary key is SQLite's row id: numbers are given by us, never by the database
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("subject_keys")
