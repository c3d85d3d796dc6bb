"""A small app in the shell that broker and node share, with a route for each thing that can go wrong."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from contract import problems
from party.http import api


class EngineDown(Exception):
    """An error of another package."""


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int
    name: str = Field(max_length=10)


def sample() -> FastAPI:
    app = api(
        title="Voorbeeld",
        description="Een klein voorbeeld.",
        version="1.2.3",
        problems={EngineDown: problems.CannotDecide},
        max_body_bytes=64 * 1024,
    )
    app.include_router(_routes())
    return app


def _routes() -> APIRouter:
    router = APIRouter(prefix="/v1")
    body = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}

    @router.post("/things", status_code=201, summary="Maak een ding")
    async def make(thing: Thing) -> Thing:
        return thing

    @router.get("/things", summary="Haal de dingen op")
    async def things(at_most: Annotated[int, Query(alias="atMost")] = 3) -> dict[str, int]:
        return {"atMost": at_most}

    @router.get("/things/{name}", summary="Haal een ding op")
    async def thing(name: str) -> dict[str, str]:
        return {"name": name}

    @router.post("/raw-things", summary="Maak een ding uit ruwe tekst", openapi_extra=body)
    async def raw(request: Request) -> Response:
        return Response(await request.body(), media_type="application/json")

    @router.get("/headers", summary="Wat er van de koppen overblijft")
    async def headers(request: Request) -> dict[str, Any]:
        return dict(request.headers)

    @router.get("/mistakes", summary="Een fout van ons")
    async def mistake() -> None:
        raise ValueError("Wilhelmina-van-Testenburg")

    @router.get("/outages", summary="Een ander onderdeel doet het niet")
    async def outage() -> None:
        async def fails() -> None:
            raise EngineDown("Wilhelmina-van-Testenburg")

        async with asyncio.TaskGroup() as group:
            group.create_task(fails())

    @router.get("/refusals", summary="Dit mag niet")
    async def refused() -> None:
        raise problems.NotAllowed

    @router.get("/halves", summary="Een antwoord dat halverwege breekt")
    async def half() -> StreamingResponse:
        async def broken() -> Any:
            yield b"{"
            raise EngineDown

        return StreamingResponse(broken(), media_type="application/json")

    @router.get("/slow-things", summary="Een traag ding")
    async def slow() -> dict[str, bool]:
        await asyncio.sleep(0.5)
        return {"done": True}

    return router
