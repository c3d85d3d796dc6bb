"""What was heard of releases, in its present shape: the steps stay, the effect is heard anew."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_heard = sa.table("heard_releases", sa.column("number", sa.Integer), sa.column("lives", sa.JSON))


def upgrade() -> None:
    store = op.get_bind()
    lives = store.execute(sa.select(_heard.c.lives)).scalar()
    if lives is not None:
        held = [{"name": "", **life, "examined": None} for life in json.loads(json.dumps(lives))]
        store.execute(_heard.update().values(lives=held))


def downgrade() -> None:
    """What was heard then is read by no older program; it hears it anew."""
    op.execute("DELETE FROM heard_releases")
