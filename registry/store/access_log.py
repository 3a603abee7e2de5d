"""The access log: every refused access, appended beside the event store and never changed."""

from dataclasses import dataclass

from sqlalchemy import insert, select

from registry.store.database import Database
from registry.store.tables import access_log


@dataclass(frozen=True)
class Refusal:
    """Who was refused what, and why; `actor` is an API key's id or "anonymous"."""

    at: str
    actor: str
    method: str
    path: str
    status: int
    reason: str
    request_id: str


class AccessLog:
    """Appends to and reads the table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, refusal: Refusal) -> None:
        """Add one line, durable on return."""
        with self._database.writing() as connection:
            connection.execute(insert(access_log), [vars(refusal)])

    def after(self, entry_id: int, *, limit: int) -> list[tuple[int, Refusal]]:
        """Return lines after `entry_id` with their numbers, oldest first."""
        query = (
            select(access_log)
            .where(access_log.c.entry_id > entry_id)
            .order_by(access_log.c.entry_id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            (row["entry_id"], Refusal(**{k: v for k, v in row.items() if k != "entry_id"}))
            for row in rows
        ]
