"""A process that writes to a trail as fast as it can, and says what was acknowledged.

python -m tests.audit.writer URL KEYS_URL NAME → per acknowledged entry "<position> <n>" on standard output
"""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from audit.entry import Entry
from audit.kinds import Kind
from tests.audit.books import Books

_CALLERS = 16


async def main(url: str, keys_url: str, name: str) -> None:
    numbers = itertools.count()
    async with Books(url, keys_url, Path()).opened() as trail:

        async def call(caller: int) -> None:
            for n in numbers:
                entry = Entry(
                    Kind.CASE, {"by": name, "n": n}, subject_ref=f"{name}-{caller}", sealed={"n": n}
                )
                recorded = (await trail.append([entry])).recorded[0]
                os.write(1, f"{recorded.position} {n}\n".encode())

        await asyncio.gather(*(call(caller) for caller in range(_CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
