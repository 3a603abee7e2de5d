"""Reading from a standby: for auditors, who ask much, long, and not of the last second.

What a standby shows is a moment of the primary's, a little ago: commits become visible there in the
order in which they were made, so a position that it has holds everything before it. It may lag, so
whoever asks for a position beyond is told that it is not there yet; whoever must read back
what he just wrote reads from the primary.
"""

from collections.abc import Callable
from typing import Any, NoReturn

import psycopg
from sqlalchemy import event

from registry.domain.errors import RegistryError
from registry.store.database import Database, StoreUnavailableError

Recorded = tuple[str, int | None, str | None]
"""What a database says it is: its public URL, and the number and origin of its newest log."""

_RECORDED = """
    SELECT public_url, log_number, origin FROM installation LEFT JOIN log_state ON true
    ORDER BY log_number DESC LIMIT 1
"""


class ReadsOnlyError(RegistryError):
    """This connection is for reading; what changes anything goes to the primary."""


class OtherRegistryError(StoreUnavailableError):
    """The database that auditors are answered from is not this registry's."""


class ReadingDatabase(Database):
    """A pool of connections to a hot standby; of several servers, rather not to the primary.

    Each connection is asked what it leads to, and refused unless that `is_ours`: answers from
    another registry, or another shard of this one, would look like answers of this.
    """

    several = "prefer-standby"
    is_standby = True

    def __init__(
        self,
        url: str,
        *,
        is_ours: Callable[[Recorded], bool] | None = None,
        pool_size: int = 10,
    ) -> None:
        super().__init__(url, pool_size=pool_size)
        if not self.is_sqlite:
            event.listen(self.engine, "connect", _read_only)
            if is_ours is not None:
                event.listen(self.engine, "connect", _checking(is_ours))
            self._each_by_itself = self.engine  # Only a transaction of the driver's is read-only.

    def writing(self, *, patient: bool = False) -> NoReturn:  # noqa: ARG002 - as the base has it
        """Refuse: raises ReadsOnlyError."""
        raise ReadsOnlyError("nothing is written here", remedy="write to database_url")

    def confirm(self) -> None:
        """Return: what a synchronous standby shows, it has."""


def _checking(is_ours: Callable[[Recorded], bool]) -> Callable[[Any, object], None]:
    def check(dbapi_connection: Any, _record: object) -> None:
        recorded = _recorded(dbapi_connection)
        if recorded is None or not is_ours(recorded):
            dbapi_connection.close()
            url, _, origin = recorded or ("no registry", None, None)
            raise OtherRegistryError(
                f"it is that of {url}" + (f" with the log {origin}" if origin else ""),
                field="reading_database_url",
                remedy="give the URL of a standby of database_url",
            )

    return check


def _recorded(dbapi_connection: Any) -> Recorded | None:
    try:
        found: Recorded | None = dbapi_connection.execute(_RECORDED).fetchone()
    except psycopg.errors.UndefinedTable:
        found = None
    dbapi_connection.rollback()
    return found


def _read_only(dbapi_connection: Any, _record: object) -> None:
    # Also where the URL leads to the primary: nothing that audits changes what it audits.
    dbapi_connection.read_only = True
