"""The kinds of values that requests carry, each checked in one way everywhere."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from registry.domain.definition import DefinitionError
from registry.domain.instants import parse_instant
from registry.domain.reading import Reader, string, url

T = TypeVar("T")

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class Body(BaseModel):
    """A JSON object without members nobody asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _checked(reader: Reader[T]) -> AfterValidator:
    """Make a validator of one of the domain's readers."""

    def check(value: Any) -> T:
        try:
            return reader(value, "")
        except DefinitionError as error:
            raise ValueError(error.problems[0].reason) from error

    return AfterValidator(check)


def _instant(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("write it like 2026-01-31T12:00:00Z, with a time zone")
    try:
        return parse_instant(value.upper())
    except OverflowError as error:
        raise ValueError("the instant is out of range") from error


Id = Annotated[str, Field(pattern="^[!-~]{1,64}$")]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    Field(examples=["2026-01-31T12:00:00Z"]),
]
Line = Annotated[str, _checked(string(300))]
Passage = Annotated[str, _checked(string(2_000, lines=True))]
Url = Annotated[str, _checked(url())]
Purpose = Literal["revocation", "suspension"]
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1, description="A version.", examples=[7])]
Limit = Annotated[int, Field(ge=1, le=200, description="How many at most.", examples=[50])]
Cursor = Annotated[
    str, Field(max_length=64, description="`next` of the page before.", examples=["MTIz"])
]


class BothLanguages(Body):
    """The same text in Polish and in English."""

    pl: Line = Field(description="In Polish.", examples=["Uczelnia Przykładowa"])
    en: Line = Field(description="In English.", examples=["Example University"])
