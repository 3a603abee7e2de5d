"""Read ids that callers send: canonical UUIDs, anything else being as unknown as a wrong one."""

from uuid import UUID

from registry.domain.errors import NotFoundError


def parse_id(text: str, unknown: type[NotFoundError], *, field: str) -> UUID:
    """Return the UUID; raises `unknown` for text that is none, since nothing can have that id."""
    number = read_id(text)
    if number is None:
        raise unknown("an id is a UUID, and this is none", field=field)
    return number


def read_id(text: str) -> UUID | None:
    """Return the UUID that a text is in its canonical form, or None."""
    try:
        number = UUID(text)
    except ValueError:
        return None
    return number if str(number) == text else None
