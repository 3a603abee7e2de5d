"""What time brings about, by events: suspensions that end, lists that retire, and a tidy vault.

Ends are found in the credentials view and decided by the aggregate, so that two schedulers, or a
view that lags, cannot end a suspension twice. After downtime it simply finds more at once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import MetaData, select

from projections.credentials import VIEW, credentials_table
from projections.homes import elsewhere
from projections.retirement import Retirement
from projections.works import Ticking
from registry.domain.instants import instant

TIDY_EVERY = timedelta(minutes=10)
BATCH = 500

_credentials = credentials_table(MetaData(), VIEW)


class Housekeeping(Protocol):
    """What the scheduler asks of the write side."""

    def end_suspension(self, credential_id: str) -> bool: ...

    def sweep_vault(self) -> int: ...

    def retire_list(self, list_id: str) -> bool: ...


class InTurn:
    """Several kinds of such work, one after the other."""

    def __init__(self, *works: Ticking) -> None:
        self._works = works

    def tick(self) -> int:
        """Do what is due; return how much there was in all."""
        return sum(work.tick() for work in self._works)


class Scheduler:
    """Ends suspensions at their time; every ten minutes retires lists and sweeps the vault."""

    def __init__(
        self,
        *,
        snapshot: Callable[[], Any],
        housekeeping: Housekeeping,
        retirement: Retirement,
        clock: Callable[[], datetime],
        shard: str | None = None,
    ) -> None:
        self._snapshot = snapshot
        self._housekeeping = housekeeping
        self._retirement = retirement
        self._clock = clock
        self._shard = shard
        self._tidied_at: datetime | None = None

    def tick(self) -> int:
        """Do what is due; return how many suspensions were ended."""
        now = self._clock()
        # An age below zero means that the clock was set back: waiting for it could take days.
        rests = self._tidied_at and timedelta(0) <= now - self._tidied_at < TIDY_EVERY
        if not rests:
            self._tidy(now)
            self._tidied_at = now
        return sum(self._housekeeping.end_suspension(each) for each in self._ended(now))

    def _tidy(self, now: datetime) -> None:
        self._housekeeping.sweep_vault()
        for list_id in self._retirement.due(now):
            self._housekeeping.retire_list(list_id)

    def _ended(self, now: datetime) -> list[str]:
        query = (
            select(_credentials.c.credential_id)
            .where(_credentials.c.suspended_until <= instant(now))
            .where(_credentials.c.issuer_id.not_in(elsewhere(self._shard)))
            .order_by(_credentials.c.suspended_until)
            .limit(BATCH)
        )
        with self._snapshot() as connection:
            return list(connection.execute(query).scalars())
