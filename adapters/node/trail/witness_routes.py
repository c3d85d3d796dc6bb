"""The node as a witness, for the broker: path, bodies and statuses are those of C2SP tlog-witness (D4)."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from adapters.node.node import Node
from audit.witness import SubmissionRefused

_KINDS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {}}},
    409: {"content": {"text/x.tlog.size": {}}},
}


def witness_routes(node: Callable[[], Node]) -> APIRouter:
    router = APIRouter(prefix="/witness", include_in_schema=False)

    @router.post(
        "/add-checkpoint",
        responses=_KINDS,
        openapi_extra={"requestBody": {"content": {"text/plain": {}}}},
    )
    async def add_checkpoint(request: Request) -> Response:
        try:
            line = await node().witness.add(await request.body())
        except SubmissionRefused as refused:
            if refused.size is None:
                return Response(status_code=refused.status)
            return Response(f"{refused.size}\n", status_code=refused.status, media_type="text/x.tlog.size")
        return Response(line, media_type="text/plain")

    @router.get("/checkpoint", responses={200: {"content": {"text/plain": {}}}, 404: {}})
    async def checkpoint() -> Response:
        newest = await node().witness.newest()
        if newest is None:
            return Response(status_code=404)
        return Response(newest, media_type="text/plain")

    return router
