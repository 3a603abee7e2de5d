"""What the registry does by itself: end suspensions, retire lists, sweep the vault."""

from datetime import timedelta
from uuid import UUID

from registry.commands import Commands
from registry.domain.aggregate import Aggregate
from registry.domain.credential import Credential, Status
from registry.domain.errors import ConcurrentChangeError
from registry.domain.instants import instant, parse_instant
from registry.domain.status_list import StatusList
from registry.store import installation
from registry.store.database import Database
from registry.store.mapper import UnknownEventError
from registry.store.vault import Kind, Stored, Vault
from registry.streams import Streams

SWEEP_AFTER = timedelta(hours=1)


class Housekeeping:
    """Use cases whose actor is the registry."""

    def __init__(
        self, *, database: Database, streams: Streams, commands: Commands, vault: Vault
    ) -> None:
        self._database = database
        self._streams = streams
        self._commands = commands
        self._vault = vault

    def end_suspension(self, credential_id: str) -> bool:
        """Reinstate a credential whose suspension has reached its end; return whether it did.

        Somebody who reinstated or revoked it by hand first is no error.
        """
        credential = self._readable(credential_id)
        command = self._commands.own()
        if credential is None or credential.status is not Status.SUSPENDED:
            return False
        if not self._streams.homes.is_here(credential.issuance.issuer_id):
            return False
        until = credential.suspended_until
        if until is None or parse_instant(until) > command.recorded_at:
            return False
        credential.end_suspension(command)
        return self._stored(credential)

    def retire_list(self, list_id: str) -> bool:
        """End the publication of a closed list that nobody needs; return whether it was done."""
        status_list = self._streams.load(StatusList(UUID(list_id)))
        if status_list.retired or not self._streams.homes.is_here(status_list.shelf.issuer_id):
            return False
        status_list.retire(self._commands.own())
        return self._stored(status_list)

    def sweep_vault(self) -> int:
        """Remove documents and notes older than an hour whose event never came; return how many."""
        start = installation.swept_until(self._database)
        end = instant(self._commands.clock() - SWEEP_AFTER)
        removed = sum(self._sweep(kind, start, end) for kind in Kind)
        if end > start:
            installation.record_sweep(self._database, until=end)
        return removed

    def _sweep(self, kind: Kind, start: str, end: str) -> int:
        removed, last = 0, None
        while found := self._vault.stored_between(kind, start, end, after=last):
            orphans = [stored for stored in found if self._is_orphaned(stored)]
            for stored in orphans:
                self._vault.remove(kind, stored)
            removed, last = removed + len(orphans), found[-1]
        return removed

    def _is_orphaned(self, stored: Stored) -> bool:
        credential = self._readable(stored.credential_id)
        return credential is not None and stored.digest not in credential.vault_digests

    def _readable(self, credential_id: str) -> Credential | None:
        """Return a credential, or None where its stream holds an event unknown here."""
        try:
            return self._streams.load(Credential(UUID(credential_id)))
        except UnknownEventError:
            return None

    def _stored(self, aggregate: Aggregate) -> bool:
        """Save, unless somebody else was faster: what they did stands."""
        try:
            self._streams.store(aggregate)
        except ConcurrentChangeError:
            return False
        return True
