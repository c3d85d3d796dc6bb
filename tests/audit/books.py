"""A trail and its keys in databases of a test, opened as often as the test likes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, verifier_key, verify_checkpoint
from audit.export import export
from audit.merkle import Tree, leaf_hash
from audit.migration import KEYS, TRAIL, migrate
from audit.report import Report
from audit.trail import Trail
from audit.verify import verify

T = TypeVar("T")

ORIGIN = "grondslag.example/log"
AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@dataclass
class Books:
    """The two databases of one log, and its keys."""

    url: str
    keys_url: str
    folder: Path
    key: Ed25519PrivateKey = field(
        default_factory=lambda: Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    )
    kek: bytes = bytes(32)

    def migrated(self) -> "Books":
        migrate(self.url, TRAIL)
        migrate(self.keys_url, KEYS)
        return self

    def trail(self, **chosen: Any) -> Trail:
        given = {
            "origin": ORIGIN,
            "keys": [self.key],
            "keys_url": self.keys_url,
            "kek": self.kek,
            "now": lambda: AT,
        }
        return Trail(self.url, **{**given, **chosen})

    @asynccontextmanager
    async def opened(self, **chosen: Any) -> AsyncIterator[Trail]:
        trail = self.trail(**chosen)
        await trail.open()
        try:
            yield trail
        finally:
            await trail.close()

    def run(self, act: Callable[[Trail], Coroutine[Any, Any, T]], **chosen: Any) -> T:
        """Acts on the opened trail, to the end."""

        async def acted() -> T:
            async with self.opened(**chosen) as trail:
                return await act(trail)

        return played(acted())

    @property
    def vkey(self) -> str:
        return verifier_key(ORIGIN, self.key.public_key())

    def checkpoint(self, text: str) -> Checkpoint:
        return verify_checkpoint(text, ORIGIN, [self.key.public_key()])

    def verified(self, *earlier: str, now: datetime | None = None) -> Report:
        """What an offline reader finds, who knows the log's key and these checkpoints."""
        path = self.folder / "export.zip"
        export(self.url, path, [self.vkey])
        return verify(path, [self.vkey], earlier, now=now)


def played(told: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end; a caller that is never answered is a failure, not a wait."""

    async def bounded() -> T:
        async with asyncio.timeout(120):
            return await told

    return asyncio.run(bounded())


async def whole(trail: Trail, books: Books) -> list[dict[str, Any]]:
    """All leaves in their order, after checking that they are exactly those of the checkpoint."""
    recorded = [one.recorded async for one in trail.entries()]
    assert [one.position for one in recorded] == list(range(len(recorded)))
    tree, _ = Tree().extended([leaf_hash(one.leaf) for one in recorded])
    assert books.checkpoint(trail.checkpoint()) == Checkpoint(ORIGIN, len(recorded), tree.root())
    return [one.facts for one in recorded]
