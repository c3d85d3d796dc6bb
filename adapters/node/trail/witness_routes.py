"""The node as a witness, for the broker: path, bodies and statuses are those of C2SP tlog-witness (D4)."""

from typing import Any

from fastapi import APIRouter, Request, Response

from adapters.node.callers import ThisNode
from audit.witness import SubmissionRefused

_KINDS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {}}},
    409: {"content": {"text/x.tlog.size": {}}},
}


router = APIRouter(prefix="/witness", include_in_schema=False)


@router.post(
    "/add-checkpoint",
    responses=_KINDS,
    openapi_extra={"requestBody": {"content": {"text/plain": {}}}},
)
async def add_checkpoint(request: Request, node: ThisNode) -> Response:
    try:
        line = await node.witness.add(await request.body())
    except SubmissionRefused as refused:
        if refused.size is None:
            return Response(status_code=refused.status)
        return Response(f"{refused.size}\n", status_code=refused.status, media_type="text/x.tlog.size")
    return Response(line, media_type="text/plain")


@router.get("/checkpoint", responses={200: {"content": {"text/plain": {}}}, 404: {}})
async def checkpoint(node: ThisNode) -> Response:
    newest = await node.witness.newest()
    if newest is None:
        return Response(status_code=404)
    return Response(newest, media_type="text/plain")
