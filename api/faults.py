"""What is wrong with a request, as the framework found it, for the caller to read."""

from typing import Any

from fastapi.exceptions import RequestValidationError


def faults_of(error: RequestValidationError) -> list[dict[str, Any]]:
    """Name each field and the reason; the values stay out, they may be anything."""
    return [_fault(each) for each in error.errors()]


def _fault(error: dict[str, Any]) -> dict[str, Any]:
    field = ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0])
    return {"field": field, "reason": error["msg"].removeprefix("Value error, ")}
