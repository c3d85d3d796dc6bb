"""What the bodies of requests and responses have in common, in the broker's API and in a node's."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

JWS = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"


class Body(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )


def shown(about: str, *examples: dict[str, Any]) -> ConfigDict:
    extra: dict[str, Any] = {"description": about}
    return ConfigDict(json_schema_extra={**extra, "examples": list(examples)} if examples else extra)
