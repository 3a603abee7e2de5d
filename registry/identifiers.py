"""Read ids that callers send: canonical UUIDs, anything else being as unknown as a wrong one."""

from uuid import UUID

from registry.domain.errors import NotFoundError


def parse_id(text: str, unknown: type[NotFoundError], *, field: str) -> UUID:
    """Return the UUID; raises `unknown` for text that is none, since nothing can have that id."""
    number = _uuid(text)
    if number is None or str(number) != text:
        raise unknown("an id is a UUID, and this is none", field=field)
    return number


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
