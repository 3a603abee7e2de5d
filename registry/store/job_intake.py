"""Jobs whose rows are still arriving: whole or not there at all.

Until all have come, a job bears the name of its upload in the place of the request's digest: what
another upload under the same key adds is refused.

While rows arrive, a keyed digest of whom each is about is noted, by which the same person is
found again on another line, however many lines there are. It is keyed with the job's own key, and
deleted once the rows were checked.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from registry.domain.errors import ConflictError, IdempotencyConflictError
from registry.domain.instants import instant
from registry.domain.job import ENDED, JobState
from registry.store.bulk import among, insert_new
from registry.store.database import Database
from registry.store.job_rows import key_name
from registry.store.key_store import KeyStore
from registry.store.tables import job_digests as digests
from registry.store.tables import job_slices as slices
from registry.store.tables import jobs

STALLED_AFTER: Final = timedelta(seconds=60)
"""Without a slice for so long, an upload is taken to have broken off with its process."""

DIGEST_BYTES: Final = 16
"""Enough that a million persons do not meet by chance."""

_AT_ONCE: Final = 10_000
"""Digests deleted in one transaction: nobody else waits long for the database."""


class JobIntake:
    """What becomes of jobs in the state `receiving`, and whom their rows are about."""

    def __init__(self, database: Database, keys: KeyStore) -> None:
        self._database = database
        self._keys = keys

    def is_received(self, job_id: str, *, at: datetime) -> bool:
        """Say whether there is a job whose rows have all come.

        What an upload left behind that broke off is discarded. Raises ConflictError while rows
        are arriving.
        """
        query = select(jobs.c.state, jobs.c.request_digest, jobs.c.changed_at)
        with self._database.reading() as connection:
            row = connection.execute(query.where(jobs.c.job_id == job_id)).one_or_none()
        if row is None or row.state != JobState.RECEIVING:
            return row is not None
        if row.changed_at > instant(at - STALLED_AFTER):
            raise ConflictError(
                "the rows of this job are arriving in another request",
                field="Idempotency-Key",
                remedy=f"try again in {STALLED_AFTER.seconds} s",
            )
        self.discard(job_id, row.request_digest)
        return False

    def add(self, job_id: str, upload: str, values: Mapping[str, Any], *, at: datetime) -> None:
        """Add a sealed slice to a job that this `upload` makes; raises ConflictError."""
        with self._database.writing() as connection:
            touched = _receiving(job_id, upload).values(changed_at=instant(at))
            if not connection.execute(touched).rowcount:
                raise _gone()
            connection.execute(insert(slices), [values])

    def complete(self, job_id: str, upload: str, *, request_digest: str, at: datetime) -> None:
        """Let a job be checked whose rows have all come; raises ConflictError where it is gone.

        The digest is from now on that of the whole request, its rows included.
        """
        values = {
            "state": JobState.CHECKING,
            "changed_at": instant(at),
            "request_digest": request_digest,
        }
        with self._database.writing() as connection:
            if not connection.execute(_receiving(job_id, upload).values(values)).rowcount:
                raise _gone()

    def check_same(self, job_id: str, request_digest: str) -> None:
        """Raise IdempotencyConflictError unless a job was made by the same request."""
        query = select(jobs.c.request_digest).where(jobs.c.job_id == job_id)
        with self._database.reading() as connection:
            known = connection.execute(query).scalar_one_or_none()
        if known != request_digest:
            raise IdempotencyConflictError(
                "the Idempotency-Key belongs to an earlier job with other rows",
                field="Idempotency-Key",
                remedy="use a new key for a new job, or repeat the first request unchanged",
            )

    def discard(self, job_id: str, upload: str) -> None:
        """Leave nothing behind of a job that is still being received."""
        with self._database.writing() as connection:
            # The row is held first: the job cannot go on to its check meanwhile.
            if not connection.execute(_receiving(job_id, upload).values(failure=None)).rowcount:
                return
            for table in (slices, digests, jobs):
                connection.execute(delete(table).where(table.c.job_id == job_id))
            self._keys.destroy(key_name(job_id), connection)

    def sweep(self, *, before: datetime) -> int:
        """Discard the jobs that began to be received before a moment; return how many.

        The digests of jobs that ended before their check did are deleted too.
        """
        old = (jobs.c.state == JobState.RECEIVING, jobs.c.created_at < instant(before))
        with self._database.reading() as connection:
            query = select(jobs.c.job_id, jobs.c.request_digest).where(*old)
            found = connection.execute(query).all()
        for job_id, upload in found:
            self.discard(job_id, upload)
        for job_id in self._ended():
            self.forget(job_id)
        return len(found)

    def _ended(self) -> Sequence[str]:
        left = exists().where(digests.c.job_id == jobs.c.job_id)
        query = select(jobs.c.job_id).where(jobs.c.state.in_(ENDED), left)
        with self._database.reading() as connection:
            return connection.execute(query).scalars().all()

    # ------------------------------------------------------------------ whom rows are about

    def digest(self, job_id: str, whom: Iterable[bytes]) -> list[bytes]:
        """Return the keyed digest of each; the same person has the same one in one job."""
        key = self._keys.get(key_name(job_id))
        return [hmac.digest(key, b"whom\0" + each, hashlib.sha256)[:DIGEST_BYTES] for each in whom]

    def note(self, job_id: str, lines: Mapping[bytes, int], *, newest: bool) -> None:
        """Note the line of each digest; of two lines the first stays, or with `newest` the last."""
        if not lines:
            return
        rows = [
            {"job_id": job_id, "digest": digest, "line": line} for digest, line in lines.items()
        ]
        with self._database.writing() as connection:
            if newest:
                connection.execute(self._putting(), rows)
            else:
                insert_new(connection, digests, rows)

    def _putting(self) -> Any:
        dialect = sqlite if self._database.is_sqlite else postgresql
        adding = dialect.insert(digests)
        keys = [digests.c.job_id, digests.c.digest]
        return adding.on_conflict_do_update(
            index_elements=keys, set_={"line": adding.excluded.line}
        )

    def lines(self, job_id: str, wanted: Sequence[bytes]) -> dict[bytes, int]:
        """Return the line noted for each digest."""
        query = select(digests.c.digest, digests.c.line).where(digests.c.job_id == job_id)
        with self._database.reading() as connection:
            query = query.where(among(connection, digests.c.digest, wanted))
            return {bytes(digest): line for digest, line in connection.execute(query)}

    def forget(self, job_id: str) -> None:
        """Delete all digests of a job, some at a time."""
        some = select(digests.c.digest).where(digests.c.job_id == job_id).limit(_AT_ONCE)
        gone = delete(digests).where(digests.c.job_id == job_id, digests.c.digest.in_(some))
        deleted = 1
        while deleted:
            with self._database.writing() as connection:
                deleted = connection.execute(gone).rowcount


def _receiving(job_id: str, upload: str) -> Any:
    own = (jobs.c.job_id == job_id, jobs.c.request_digest == upload)
    return update(jobs).where(*own, jobs.c.state == JobState.RECEIVING)


def _gone() -> ConflictError:
    return ConflictError("the rows took too long to arrive", remedy="send them again")
