"""Reading from a standby: for auditors, who ask much, long, and not of the last second.

What a standby shows is a moment of the primary's, a little ago: commits become visible there in the
order in which they were made, so a position that it has holds everything before it. It may lag, so
whoever asks for a position beyond is told that it is not there yet; whoever must read back
what he just wrote reads from the primary.
"""

from typing import Any, NoReturn

from sqlalchemy import event

from registry.domain.errors import RegistryError
from registry.store.database import Database


class ReadsOnlyError(RegistryError):
    """This connection is for reading; what changes anything goes to the primary."""


class ReadingDatabase(Database):
    """A pool of connections to a hot standby; of several servers, rather not to the primary."""

    several = "prefer-standby"
    is_standby = True

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        super().__init__(url, pool_size=pool_size)
        if not self.is_sqlite:
            event.listen(self.engine, "connect", _read_only)

    def writing(self, *, patient: bool = False) -> NoReturn:  # noqa: ARG002 - as the base has it
        """Refuse: raises ReadsOnlyError."""
        raise ReadsOnlyError("nothing is written here", remedy="write to database_url")

    def confirm(self) -> None:
        """Return: what a synchronous standby shows, it has."""


def _read_only(dbapi_connection: Any, _record: object) -> None:
    # Also where the URL leads to the primary: nothing that audits changes what it audits.
    dbapi_connection.read_only = True
