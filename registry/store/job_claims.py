"""Who works on which slice of a job.

A claim is a lease: a worker that dies loses it after a while, and another takes the slice anew.
That two work on one slice for a moment does no harm: rows are carried out under idempotency keys,
and only the holder of the newest claim reports. On PostgreSQL workers skip what others hold
(SKIP LOCKED); on SQLite they take turns.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, select, update

from registry.domain.instants import instant
from registry.domain.job import Claim, JobState, Kind, Outcome, Row, RowReport, SliceState
from registry.store.database import Database
from registry.store.job_offers import OFFERED, open_slice
from registry.store.job_reading import (
    JobReader,
    read_reports,
    written_outcome,
    written_reports,
)
from registry.store.job_rows import SealedRows
from registry.store.key_store import SecretMissingError
from registry.store.learner_keys import VaultDamagedError
from registry.store.tables import job_slices as slices

LEASE: Final = timedelta(seconds=60)
"""How long a slice is held without a renewal."""

_AFTER: Final = {
    SliceState.RECEIVED: SliceState.CHECKED,
    SliceState.CHECKED: SliceState.DONE,
}

_NOBODY: Final[dict[str, Any]] = {"claimed_by": None, "claimed_until": None}


class UnreadableRowsError(VaultDamagedError):
    """The rows of a job cannot be read."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            "the rows that waited were damaged, or their key is gone", remedy="order the job anew"
        )
        self.job_id = job_id


class JobClaims:
    """Claims slices for workers, and records what became of what they hold."""

    def __init__(self, database: Database, sealed: SealedRows, reader: JobReader) -> None:
        self._database = database
        self._sealed = sealed
        self._reader = reader

    def take(
        self,
        worker: str,
        *,
        at: datetime,
        kinds: Sequence[Kind] = tuple(Kind),
        only: str | None = None,
    ) -> Claim | None:
        """Hold the most urgent slice that nobody holds, or return None where there is none.

        `only` names the one job to look at. The job has the state it had at the claim. Raises
        UnreadableRowsError, and holds nothing then.
        """
        with self._database.writing() as connection:
            found = connection.execute(open_slice(at, kinds, only=only)).mappings().one_or_none()
            if found is None:
                return None
            own = (slices.c.job_id == found["job_id"], slices.c.number == found["number"])
            held = {
                "claims": slices.c.claims + 1,
                "claimed_by": worker,
                "claimed_until": instant(at + LEASE),
            }
            connection.execute(update(slices).where(*own).values(held))
            taken = connection.execute(select(slices).where(*own)).mappings().one()
            # While the claim is not committed, nobody ends the job and destroys its key.
            rows = self._open(taken["job_id"], taken["number"], taken["content"])
        return Claim(
            job=replace(self._reader.read(taken["job_id"]), state=JobState(found["job_state"])),
            number=taken["number"],
            worker=worker,
            claims=taken["claims"],
            rows=rows,
            reports=read_reports(taken["report"]),
        )

    def _open(self, job_id: str, number: int, content: bytes) -> Sequence[Row]:
        try:
            return self._sealed.open(job_id, number, content)
        except (VaultDamagedError, SecretMissingError) as error:
            raise UnreadableRowsError(job_id) from error

    def renew(self, claim: Claim, *, at: datetime) -> bool:
        """Hold a slice longer; False where the claim was lost."""
        return self._change(claim, {"claimed_until": instant(at + LEASE)})

    def complete(self, claim: Claim, outcome: Outcome) -> bool:
        """Record what became of a slice; False where the claim was lost or the job has ended."""
        now = OFFERED[claim.job.state]
        values = {"state": _AFTER[now], **written_outcome(outcome), "claims": 0} | _NOBODY
        if outcome.rows is not None:
            values["content"] = self._sealed.seal(claim.job.job_id, claim.number, outcome.rows)
        change = _held(claim).where(slices.c.state == now)
        with self._database.writing() as connection:
            return bool(connection.execute(change.values(values)).rowcount)

    def amend(self, claim: Claim, rows: Sequence[Row], reports: Sequence[RowReport]) -> bool:
        """Change what is to be done of a slice that is held; False where the claim was lost."""
        try:
            content = self._sealed.seal(claim.job.job_id, claim.number, rows)
        except SecretMissingError:
            return False  # Others have ended the job.
        return self._change(claim, {"content": content, "report": written_reports(reports)})

    def release(self, claim: Claim) -> None:
        """Let another worker have the slice at once."""
        self._change(claim, _NOBODY)

    def undo(self, claim: Claim, connection: Connection) -> bool:
        """Give a slice back as if it had not been begun; False where the claim was lost."""
        return bool(connection.execute(_held(claim).values({"claims": 0} | _NOBODY)).rowcount)

    def holders(self) -> Sequence[str]:
        """Return the names of the workers that hold slices."""
        query = select(slices.c.claimed_by).where(slices.c.claimed_by.is_not(None)).distinct()
        with self._database.reading() as connection:
            return connection.execute(query).scalars().all()

    def release_all(self, worker: str) -> None:
        """Let others have what a worker held that is no more."""
        held = update(slices).where(slices.c.claimed_by == worker)
        with self._database.writing() as connection:
            connection.execute(held.values(_NOBODY))

    def _change(self, claim: Claim, values: dict[str, Any]) -> bool:
        with self._database.writing() as connection:
            return bool(connection.execute(_held(claim).values(values)).rowcount)


def _held(claim: Claim) -> Any:
    own = (slices.c.job_id == claim.job.job_id, slices.c.number == claim.number)
    mine = (slices.c.claimed_by == claim.worker, slices.c.claims == claim.claims)
    return update(slices).where(*own, *mine)
