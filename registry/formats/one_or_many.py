"""Read what JSON-LD lets stand alone or in an array."""

from typing import Any


def as_list(value: Any) -> list[Any]:
    """Return a value that may be one or many as a list; null is one."""
    return value if isinstance(value, list) else [value]


def values_of(value: Any) -> list[Any]:
    """Return a value that may be one or many as a list; absent and null are none."""
    return [] if value is None else as_list(value)
