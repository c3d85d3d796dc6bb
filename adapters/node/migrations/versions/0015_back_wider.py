"""Of what was heard of releases: what nobody worked out of going back is taken to permit more."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_heard = sa.table("heard_releases", sa.column("number", sa.Integer), sa.column("lives", sa.JSON))


def upgrade() -> None:
    store = op.get_bind()
    lives = store.execute(sa.select(_heard.c.lives)).scalar()
    if lives is not None:
        held = [
            {**life, "examined": life["examined"] and {**life["examined"], "back_wider": True}}
            for life in lives
        ]
        store.execute(_heard.update().values(lives=held))


def downgrade() -> None:
    """What was heard then is read by no older program; it hears it anew."""
    op.execute("DELETE FROM heard_releases")
