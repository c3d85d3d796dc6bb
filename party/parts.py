"""What handlers are given of the running app: what its lifespan put together, never a global."""

from typing import Any

from fastapi import Depends, Request


def part(name: str) -> Any:
    """For `Annotated[…]` of a handler's argument: what stands under this name in the state of the app that
    the request came to.
    """

    async def found(request: Request) -> Any:  # a coroutine: a plain function would cost a thread
        return getattr(request.app.state, name)

    return Depends(found)
