"""The store of jobs: what was ordered in bulk, kept sealed until it is done.

The rows are sealed under a key of the job's own, bound to their place. When a job ends the rows
and the key are deleted in the same transaction.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from registry.domain.errors import ConflictError
from registry.domain.instants import instant
from registry.domain.job import (
    ENDED,
    PRIORITIES,
    Claim,
    Group,
    Job,
    JobState,
    Kind,
    NewJob,
    Row,
    SliceState,
)
from registry.store import job_offers
from registry.store.database import Database
from registry.store.job_claims import JobClaims
from registry.store.job_reading import JobReader, written_outcome
from registry.store.job_rows import SealedRows, key_name
from registry.store.key_store import KeyStore
from registry.store.tables import job_slices as slices
from registry.store.tables import jobs


class JobStore(JobReader):
    """Jobs and their slices in the database; keys come from the key store.

    `claims` says who works on what.
    """

    def __init__(self, database: Database, keys: KeyStore) -> None:
        sealed = SealedRows(keys)
        super().__init__(database, sealed)
        self._keys = keys
        self.claims = JobClaims(database, sealed, self)

    # ------------------------------------------------------------------ taking a job

    def create(self, new: NewJob, *, at: datetime) -> Job:
        """Take a job whose rows are still to come; raises ConflictError where there is one."""
        row = {
            "job_id": new.job_id,
            "kind": new.kind,
            "issuer_id": new.issuer_id,
            "actor": new.actor,
            "request_digest": new.request_digest,
            "terms": json.dumps(new.terms, sort_keys=True),
            "turn": new.turn,
            "priority": PRIORITIES[new.kind],
            "state": JobState.RECEIVING,
            "created_at": instant(at),
            "changed_at": instant(at),
        }
        dialect = sqlite if self._database.is_sqlite else postgresql
        adding = dialect.insert(jobs).on_conflict_do_nothing().returning(jobs.c.job_id)
        with self._database.writing() as connection:
            if connection.execute(adding, row).scalar_one_or_none() is None:
                raise ConflictError(
                    "another request makes this job at the same moment",
                    field="Idempotency-Key",
                    remedy="try again",
                )
            self._keys.create([key_name(new.job_id)], connection, at=instant(at))
        return self.read(new.job_id)

    def sealed_slice(self, job_id: str, number: int, rows: Sequence[Row]) -> dict[str, Any]:
        """Return a received slice as it is stored."""
        return self._sealed.new_slice(job_id, number, rows, state=SliceState.RECEIVED)

    def regroup(self, job_id: str, groups: Iterable[Group], *, findings: Mapping[str, Any]) -> bool:
        """Put other slices in the place of all that a checked job has, and keep what was found.

        In one transaction, once a job: False where it was done before, or the job left its check.
        """
        checked = (jobs.c.state == JobState.CHECKING, jobs.c.findings.is_(None))
        change = update(jobs).where(jobs.c.job_id == job_id, *checked)
        # All is sealed before: on SQLite nobody else can write while the transaction lasts.
        with TemporaryFile() as file:
            made = self._put_aside(job_id, groups, file)
            file.seek(0)
            with self._database.writing(patient=True) as connection:
                if not connection.execute(change.values(findings=json.dumps(findings))).rowcount:
                    return False
                connection.execute(delete(slices).where(slices.c.job_id == job_id))
                for values, size in made:
                    connection.execute(insert(slices), [values | {"content": file.read(size)}])
        return True

    def _put_aside(
        self, job_id: str, groups: Iterable[Group], file: IO[bytes]
    ) -> list[tuple[dict[str, Any], int]]:
        """Write the sealed rows of slices to a file; return all else of each, and their size."""
        made = []
        for number, group in enumerate(groups):
            values = self._sealed.new_slice(job_id, number, group.rows, state=group.state)
            size = file.write(values.pop("content"))
            made.append((values | written_outcome(group.outcome), size))
        return made

    # ------------------------------------------------------------------ its states

    def move(
        self,
        job_id: str,
        now: JobState,
        then: JobState,
        *,
        at: datetime,
        failure: str | None = None,
        findings: Mapping[str, Any] | None = None,
    ) -> bool:
        """Take a job from one state to another; False where it was not in that state.

        The rows of a job that ends, and their key, are deleted. `findings` replaces what was found.
        """
        change = update(jobs).where(jobs.c.job_id == job_id, jobs.c.state == now)
        values = {"state": then, "changed_at": instant(at), "failure": failure}
        if findings is not None:
            values["findings"] = json.dumps(findings)
        with self._database.writing() as connection:
            if not connection.execute(change.values(values)).rowcount:
                return False
            if then in ENDED:
                forgotten = {"content": None, "claimed_by": None, "claimed_until": None}
                gone = update(slices).where(slices.c.job_id == job_id)
                connection.execute(gone.values(forgotten))
                self._keys.destroy(key_name(job_id), connection)
        return True

    def give_up(self, claim: Claim, failure: str, *, at: datetime) -> None:
        """Let a job end that cannot be carried on; what others have in hand they may finish.

        The slice goes back as if it had not been begun: nothing of it was carried out.
        """
        job_id = claim.job.job_id
        stopping = update(jobs).where(jobs.c.job_id == job_id, jobs.c.state == JobState.RUNNING)
        values = {"state": JobState.CANCELLING, "changed_at": instant(at), "failure": failure}
        with self._database.writing() as connection:
            if self.claims.undo(claim, connection):
                connection.execute(stopping.values(values))

    def past_their_stage(self, kinds: Sequence[Kind], *, only: str | None = None) -> list[Job]:
        """Return the jobs whose slices are all checked, or all carried out, or not to be begun."""
        with self._database.reading() as connection:
            query = job_offers.past_their_stage(kinds, only=only)
            found = connection.execute(query).scalars().all()
        return [self.read(job_id) for job_id in found]
