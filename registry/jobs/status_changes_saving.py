"""Save the changes of one list at once: the events that the check decided on, and their notes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from registry.domain.aggregate import Command
from registry.domain.errors import DocumentGoneError
from registry.domain.events import (
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    StatusEvent,
)
from registry.domain.instants import instant
from registry.domain.job import Job, Outcome, Row, RowReport
from registry.jobs.status_changes_deciding import command_id
from registry.jobs.status_changes_terms import Code, Operation, Terms, portions, refusal
from registry.store.key_store import KeyStore
from registry.store.vault import Item, Vault
from registry.streams import Streams

NOTES_AT_ONCE: Final = 1_000


@dataclass
class Plan:
    """What is to be done for the rows of one list, what was done before, and what cannot be."""

    ready: list[Row] = field(default_factory=list)
    done: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)

    def refuse(self, rows: Sequence[Row], code: Code) -> None:
        """Leave rows as they are."""
        self.refused += [{**row, "code": code} for row in rows]

    def outcome(self, code: Code) -> Outcome:
        """Report every row, those that are ready as changed under a code."""
        changed = [*self.done, *self.ready]
        reports = [RowReport(row["line"], code, None, row["id"]) for row in changed]
        reports += map(refusal, self.refused)
        reports.sort(key=lambda report: report.line)
        return Outcome(len(changed), len(self.refused), reports)


class Saving:
    """Saves the changes of one list; all rows that are ready are of one owner's list."""

    def __init__(self, job: Job, *, streams: Streams, keys: KeyStore, vault: Vault) -> None:
        self._job = job
        self._terms = Terms.of(job.terms)
        self._streams = streams
        self._keys = keys
        self._vault = vault

    def save(self, plan: Plan, command: Command, note: str | None) -> None:
        """Save what is ready, and refuse what has become impossible by itself.

        Raises ConcurrentChangeError where a stream has moved on; nothing was changed then.
        """
        if self._terms.until is not None and self._terms.until <= command.recorded_at:
            plan.refuse(plan.ready, Code.UNTIL_PASSED)
            plan.ready = []
        if not plan.ready:
            return
        owner_id, digest = plan.ready[0]["owner"], None
        if note is not None:
            digest = self._vault.note_digest(owner_id, note)
            self._keep_notes(plan, digest, note, at=instant(command.recorded_at))
        self._streams.append_all(owner_id, self._events(plan.ready, command, digest))

    def _events(
        self, rows: Sequence[Row], command: Command, digest: str | None
    ) -> Iterator[StatusEvent]:
        common = None
        for row in rows:
            common = common or self._first(row, command, digest)
            yield replace(
                common,
                originator_id=UUID(row["id"]),
                originator_version=row["version"],
                command_id=command_id(self._keys, row["owner"], self._job.job_id, row["id"]),
                nonce=command.nonce(),
                list_index=row["index"],
            )

    def _first(self, row: Row, command: Command, digest: str | None) -> StatusEvent:
        """Return the event that the others differ from in their credentials alone."""
        terms = self._terms
        details: dict[str, Any] = {
            "originator_id": UUID(row["id"]),
            "originator_version": row["version"],
            "recorded_at": instant(command.recorded_at),
            "actor": command.actor,
            "command_id": command.command_id,
            "request_digest": command.request_digest,
            "nonce": "",
            "issuer_id": row["owner"],
            "list_id": row["list"],
            "list_index": row["index"],
            "reason": terms.reason,
            "note_digest": digest,
            "effective_at": terms.effective_at and instant(terms.effective_at),
        }
        match terms.operation:
            case Operation.SUSPEND:
                until = instant(terms.until) if terms.until else None
                return CredentialSuspended(**details, until=until)
            case Operation.REINSTATE:
                return CredentialReinstated(**details)
            case Operation.REVOKE:
                return CredentialRevoked(**details)

    def _keep_notes(self, plan: Plan, digest: str, note: str, *, at: str) -> None:
        """Keep the note for each credential, under its learner's key; refuse who is erased."""
        rows, plan.ready = plan.ready, []
        for some in portions(rows, NOTES_AT_ONCE):
            items = [Item(row["id"], digest, row["subject"], note.encode()) for row in some]
            kept = _kept(items, lambda items: self._vault.put_notes(items, at=at))
            plan.ready += [row for row in some if row["id"] in kept]
            plan.refuse([row for row in some if row["id"] not in kept], Code.LEARNER_ERASED)


def _kept(items: Sequence[Item], keep: Callable[[Sequence[Item]], None]) -> set[str]:
    """Keep notes at once or, where one of the learners is erased, one by one; return whose."""
    try:
        keep(items)
    except DocumentGoneError:
        single = ([item] for item in items if len(items) > 1)
        return {each for item in single for each in _kept(item, keep)}
    return {item.credential_id for item in items}
