"""Of each release: what nobody worked out of going back is taken to permit more."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_releases = sa.table("releases", sa.column("release", sa.String), sa.column("examined", sa.JSON))


def upgrade() -> None:
    store = op.get_bind()
    for row in store.execute(sa.select(_releases)).all():
        if row.examined is not None:
            worked_out = {**row.examined, "back_wider": True}
            store.execute(
                _releases.update().where(_releases.c.release == row.release).values(examined=worked_out)
            )


def downgrade() -> None:
    """An older program works it out anew."""
    op.execute("UPDATE releases SET examined = NULL WHERE base IS NOT NULL")
