"""Receive a file of learners as it arrives: read, sealed and noted a thousand rows at a time."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from registry.application import CredentialRegistry
from registry.commands import Caller, Commands, issuer_scope
from registry.csv_import import Fault, Form, Row, read_rows
from registry.domain.errors import InvalidValueError
from registry.domain.issuer_keys import key_types_of
from registry.domain.job import MOST_ROWS, SLICE_ROWS, Job, Kind, NewJob
from registry.domain.job import Row as JobRow
from registry.domain.securing import Mechanism
from registry.issuance import complete_definition
from registry.jobs.issuing_terms import Duplicates, IssuingTerms
from registry.store.job_intake import JobIntake
from registry.store.jobs import JobStore
from registry.store.key_store import KeyStore

MOST_BYTES: Final = 512 * 1024 * 1024

_OPERATION: Final = "issuing-jobs"


class FileTooLargeError(InvalidValueError):
    """The file is larger than a job takes."""


class IssuingReceiver:
    """Takes issuing jobs: what is returned is whole, what breaks off leaves nothing behind."""

    def __init__(
        self,
        *,
        application: CredentialRegistry,
        store: JobStore,
        intake: JobIntake,
        keys: KeyStore,
        commands: Commands,
    ) -> None:
        self._application = application
        self._store = store
        self._intake = intake
        self._keys = keys
        self._commands = commands
        self.slice_rows = SLICE_ROWS
        """Rows that are claimed, issued in one save, and reported together."""

    def job_id(self, caller: Caller, issuer_id: str) -> str:
        """Return the id of the job that a request makes: the same under the same key."""
        scope = issuer_scope(issuer_id)
        return str(self._commands.new_id(caller, scope=scope, operation=_OPERATION))

    def check(self, issuer_id: str, terms: IssuingTerms) -> None:
        """Raise what would keep every row from being issued."""
        application = self._application
        application.check_here(issuer_id)
        issuer = application.issuer(issuer_id)
        issuer.check_open()
        achievement = application.achievement(issuer_id, terms.achievement_id)
        achievement.check_open()
        complete_definition(achievement)
        for key_type in key_types_of(Mechanism(achievement.cryptosuite)):
            issuer.signing_key(key_type)
        application.issuing_rule.check(issuer_id)

    def receive(
        self,
        caller: Caller,
        issuer_id: str,
        terms: IssuingTerms,
        *,
        form: Form,
        chunks: Iterable[bytes],
    ) -> Job:
        """Take a file, or recognise it as one that was taken under the same key.

        Raises FileError or FileTooLargeError, and what is refused to every job.
        """
        job_id = self.job_id(caller, issuer_id)
        body = _Body(chunks)
        if self._intake.is_received(job_id, at=self._commands.clock()):
            for _ in body:
                pass
            self._intake.check_same(job_id, self._digest(issuer_id, terms, body))
            return self._store.read(job_id)
        self.check(issuer_id, terms)
        return self._receive(caller, issuer_id, terms, form=form, body=body, job_id=job_id)

    def _receive(
        self,
        caller: Caller,
        issuer_id: str,
        terms: IssuingTerms,
        *,
        form: Form,
        body: "_Body",
        job_id: str,
    ) -> Job:
        upload = self._commands.salt()
        turn = None if terms.dry_run else f"{issuer_id}/{terms.achievement_id}"
        new = NewJob(job_id, Kind.ISSUING, issuer_id, caller.actor, upload, terms.plain(), turn)
        self._store.create(new, at=self._commands.clock())
        is_whole = False
        try:
            self._add(new, terms, read_rows(body, form, grades=self._grades(new), most=MOST_ROWS))
            digest = self._digest(issuer_id, terms, body)
            at = self._commands.clock()
            self._intake.complete(job_id, upload, request_digest=digest, at=at)
            is_whole = True
        finally:
            if not is_whole:
                self._intake.discard(job_id, upload)
        return self._store.read(job_id)

    def _grades(self, new: NewJob) -> tuple[str, ...] | None:
        achievement = self._application.achievement(new.issuer_id, new.terms["achievement_id"])
        scheme = complete_definition(achievement).grade_scheme
        return scheme.allowed_values or None if scheme else ()

    def _add(self, new: NewJob, terms: IssuingTerms, found: Iterator[Row | list[Fault]]) -> None:
        newest, number = terms.duplicates is Duplicates.SUPERSEDE, 0
        while some := list(islice(found, self.slice_rows)):
            rows = [row for row in some if isinstance(row, Row)]
            digests = self._intake.digest(new.job_id, map(whom, rows))
            lines = _lines(digests, rows, newest=newest)
            self._intake.add(
                new.job_id,
                new.request_digest,
                self._store.sealed_slice(new.job_id, number, [_plain(each) for each in some]),
                at=self._commands.clock(),
            )
            self._intake.note(new.job_id, lines, newest=newest)
            number += 1

    def _digest(self, issuer_id: str, terms: IssuingTerms, body: "_Body") -> str:
        request = json.dumps([terms.plain(), body.digest], sort_keys=True).encode()
        scope, kind = issuer_scope(issuer_id), f"request/{_OPERATION}"
        return self._keys.keyed_digest(scope, kind, request).hex()


def whom(row: Row) -> bytes:
    """Return what names a row's learner."""
    return f"{row.identity_type}\0{row.identifier}".encode()


def _lines(digests: list[bytes], rows: list[Row], *, newest: bool) -> dict[bytes, int]:
    pairs = list(zip(digests, (row.line for row in rows), strict=True))
    return dict(pairs if newest else reversed(pairs))


def _plain(found: Row | list[Fault]) -> JobRow:
    if isinstance(found, Row):
        return found.plain()
    faults = [[fault.column, fault.code] for fault in found]
    return {"line": found[0].line, "faults": faults}


class _Body:
    """The bytes of a request, counted and digested as they are read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hash = hashlib.sha256()
        self._bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            self._bytes += len(chunk)
            if self._bytes > MOST_BYTES:
                raise FileTooLargeError(f"a file has at most {MOST_BYTES:,} bytes")
            yield chunk

    @property
    def digest(self) -> Any:
        """The digest of what was read so far."""
        return self._hash.hexdigest()
