"""What the registry does for a confirmed erasure, until it is done and so that it stays done.

In this order, each step safe to repeat: the journal outside the database, the deletion, the event
of each credential, and `ErasureCompleted` once no file of the database holds the key's bytes. A
crash anywhere is made good at the next start and by `tick`; so is a database restored from before.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from registry.commands import Commands
from registry.domain.aggregate import Command
from registry.domain.credential import Credential
from registry.domain.erasure import Erasure, ErasureReason, ErasureState
from registry.domain.instants import parse_instant
from registry.store.destruction import Destruction
from registry.store.erasure_journal import Entry, ErasureJournal
from registry.store.mapper import UnknownEventError
from registry.streams import Streams

LATE = timedelta(hours=1)
"""How long after an erasure a credential that was being issued meanwhile is still looked for."""

LOOK_EVERY = timedelta(minutes=10)
BATCH = 500

Settle = Callable[[], str | None]
"""Clears deleted bytes; returns what is in the way, None once no file holds any."""


class Holdings(Protocol):
    """What the views tell: they may lag, so that nothing is decided by them alone.

    `pending` lags behind nothing: what is confirmed and not folded yet is among it.
    """

    def credentials_of(self, reference: str) -> Collection[str]: ...

    def pending(self) -> Sequence[str]: ...

    def confirmed(self) -> Collection[str]: ...


class ErasureWork:
    """Carries erasures out; `settle_quickly` is tried by itself, `settle` when an operator asks.

    Those of issuers that are at home in another shard are carried out there: here only what is
    held of the learner is destroyed.
    """

    def __init__(
        self,
        *,
        streams: Streams,
        commands: Commands,
        destruction: Destruction,
        journal: ErasureJournal,
        holdings: Holdings,
        settle_quickly: Settle,
        settle: Settle,
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._destruction = destruction
        self._journal = journal
        self._holdings = holdings
        self._settle_quickly = settle_quickly
        self._settle = settle
        self._destroyed: set[str] = set()
        self._compared = False
        self._unsettled = False
        self._looked_at: datetime | None = None

    def prepare(self) -> int:
        """Destroy what a crash left undone or a restored database brought back; return how many.

        To be done before anything is served. It records no events, which would come before those
        that are still to be restored.
        """
        for erasure_id in self._holdings.pending():
            self._journal.add(_entry(self._load(erasure_id)))
        back = [
            reference
            for references in _batches(list(self._journal.entries()))
            for reference in self._destruction.undestroyed(references)
        ]
        for reference in back:
            self._destruction.destroy(reference)
        self._unsettled = bool(back) and self._settle_quickly() is not None
        return len(back)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Let nobody else confirm an erasure or place a hold meanwhile."""
        with self._journal.deciding():
            yield

    def write_down(self, erasure_id: str) -> None:
        """Put a confirmed erasure in the journal: from here on the learner counts as erased."""
        self._journal.add(_entry(self._load(erasure_id)))

    def is_under_way(self, reference: str) -> bool:
        """Return whether erasing a learner was confirmed and is not completed."""
        pending = map(self._load, self._holdings.pending())
        return any(erasure.subject_ref == reference for erasure in pending)

    def pending_of(self, issuer_id: str) -> list[str]:
        """Return the ids of an issuer's erasures that were confirmed and are not completed."""
        return [each for each in self._pending() if self._load(each).issuer_id == issuer_id]

    def carry_out(self, erasure_id: str) -> Erasure:
        """Do what is left to be done for a confirmed erasure, and return it as it is then."""
        self._destroy(self._load(erasure_id))
        self._complete([erasure_id], self._settle_quickly)
        return self._load(erasure_id)

    def tick(self) -> int:
        """Go on with every erasure that is not completed; return how many were."""
        if not self._compared:
            self._compare_with_journal()
            self._compared = True
        pending = self._pending()
        for erasure_id in set(pending) - self._destroyed:
            self._destroy(self._load(erasure_id))
        self._look_for_late_ones()
        if self._unsettled:
            # Of whom a restored database brought back, the history may say that all is done.
            self._unsettled = self._settle_quickly() is not None
        return self._complete(pending, self._settle_quickly)

    def settle(self) -> str | None:
        """Complete every pending erasure, at whatever cost; return what is in the way, or None."""
        pending = self._pending()
        for erasure_id in pending:
            self._destroy(self._load(erasure_id))
        hindrance = self._settle()
        self._complete(pending, lambda: hindrance)
        return hindrance

    def _pending(self) -> list[str]:
        is_here = self._streams.homes.is_here
        return [each for each in self._holdings.pending() if is_here(self._load(each).issuer_id)]

    def _destroy(self, erasure: Erasure) -> None:
        if erasure.state not in (ErasureState.PENDING, ErasureState.COMPLETED):
            return
        self._journal.add(_entry(erasure))
        ids = self._destruction.destroy(erasure.subject_ref)
        self._record(_entry(erasure), ids)
        self._destroyed.add(str(erasure.id))

    def _record(self, entry: Entry, ids: Collection[str]) -> None:
        """Record of each credential that its document is gone; nothing of what was never issued."""
        for credential_id in {*ids, *self._holdings.credentials_of(entry.subject_ref)}:
            # A newer version's event in the stream is no reason to keep the others waiting.
            with suppress(UnknownEventError):
                self._record_of(credential_id, entry.erasure_id)

    def _record_of(self, credential_id: str, erasure_id: str) -> None:
        command = self._commands.own()

        def erase(credential: Credential) -> None:
            if credential.version:
                credential.erase(command, erasure_id=erasure_id)

        self._streams.carry_out(
            command, lambda: self._streams.load(Credential(UUID(credential_id))), erase
        )

    def _complete(self, erasure_ids: Collection[str], settle: Settle) -> int:
        if not erasure_ids or settle() is not None:
            return 0
        for erasure_id in erasure_ids:
            self._complete_one(erasure_id, self._commands.own())
        return len(erasure_ids)

    def _complete_one(self, erasure_id: str, command: Command) -> None:
        self._streams.carry_out(
            command, lambda: self._load(erasure_id), lambda erasure: erasure.complete(command)
        )

    def _compare_with_journal(self) -> None:
        """Record what the journal has and a restored database lost, and the other way round."""
        entries = {entry.erasure_id: entry for entry in self._journal.entries().values()}
        confirmed = set(self._holdings.confirmed())
        self._journal.add(*(_entry(self._load(each)) for each in confirmed - entries.keys()))
        for erasure_id in entries.keys() - confirmed:
            if self._streams.homes.is_here(entries[erasure_id].issuer_id):
                self._record_anew(entries[erasure_id])
                self.carry_out(erasure_id)

    def _record_anew(self, entry: Entry) -> None:
        """Record a request and its confirmation; who they came from is lost with the events."""
        erasure, command = self._load(entry.erasure_id), self._commands.own()
        if not erasure.version:
            erasure.request(
                command,
                issuer_id=entry.issuer_id,
                subject_ref=entry.subject_ref,
                reason=ErasureReason(entry.reason),
            )
        if erasure.state is ErasureState.REQUESTED:
            erasure.confirm_alone(command)
        self._streams.store(erasure)

    def _look_for_late_ones(self) -> None:
        """Record of credentials that were issued while the learner was erased."""
        now = self._commands.clock()
        if self._looked_at and timedelta(0) <= now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        for entry in self._journal.entries().values():
            late = now - parse_instant(entry.at) < LATE
            if late and self._streams.homes.is_here(entry.issuer_id):
                self._record(entry, ())

    def _load(self, erasure_id: str) -> Erasure:
        return self._streams.load(Erasure(UUID(erasure_id)))


def _entry(erasure: Erasure) -> Entry:
    return Entry(
        erasure_id=str(erasure.id),
        issuer_id=erasure.issuer_id,
        subject_ref=erasure.subject_ref,
        reason=erasure.reason,
        at=erasure.decided_at or erasure.requested_at,
    )


def _batches(items: Sequence[str]) -> Iterator[Sequence[str]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
