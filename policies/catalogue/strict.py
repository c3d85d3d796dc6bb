"""How the data files of a release are read: every field known and of its kind, no list with a thing twice."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

_T = TypeVar("_T")

STRICT = ConfigDict(extra="forbid", strict=True)


class Row(BaseModel):
    """A part of a data file that becomes a value of another shape."""

    model_config = STRICT | ConfigDict(frozen=True)


def _once(listed: tuple[_T, ...]) -> tuple[_T, ...]:
    if len({repr(one) for one in listed}) != len(listed):  # 1 == True in Python
        raise ValueError("names something twice")
    return listed


Text = Annotated[str, StringConstraints(min_length=1)]
Once = AfterValidator(_once)
Codes = Annotated[tuple[Text, ...], Once]
Count = Annotated[int, Field(gt=0)]
Counts = Annotated[tuple[int, ...], Once]
Values = Annotated[tuple[Text | bool, ...], Once]
