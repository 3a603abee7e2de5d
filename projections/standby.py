"""Wait until a standby shows what is signed: outside the database more may be known than it shows.

A checkpoint covers what is on the disk of a synchronous standby, which may take a moment to apply
it. Held against that checkpoint before, its events would look truncated.
"""

import time

from projections.transparency import tree_state
from registry.domain.errors import RegistryError
from registry.store.database import Database

WAIT_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.05


class StandbyBehindError(RegistryError):
    """The standby does not show yet what is signed."""


def wait_for_leaves(
    database: Database, log_number: int, *, size: int, wait_seconds: float = WAIT_SECONDS
) -> None:
    """Return once the database shows so many leaves of a log; raises StandbyBehindError."""
    deadline = time.monotonic() + wait_seconds
    while (shown := _size(database, log_number)) < size:
        if time.monotonic() > deadline:
            raise StandbyBehindError(
                f"it shows {shown} of the {size} leaves that are signed",
                field="reading_database_url",
                remedy="ask again once it has caught up, or ask the primary",
            )
        time.sleep(_LOOK_AGAIN_SECONDS)


def _size(database: Database, log_number: int) -> int:
    with database.reading() as connection:
        state = tree_state.newest(connection)
    return state.size if state is not None and state.number == log_number else 0
