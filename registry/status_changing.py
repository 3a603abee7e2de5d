"""Change the status of a credential: suspend, reinstate, revoke; why, and with which note."""

from collections.abc import Callable

from registry.commands import Caller
from registry.custody import Changeable
from registry.domain.aggregate import Command
from registry.domain.credential import Credential, Grounds
from registry.domain.instants import instant
from registry.domain.issuer import Issuer
from registry.issuer_commands import IssuerCommands
from registry.lookups import Lookups
from registry.requests import StatusChange
from registry.store.vault import Item, Vault
from registry.streams import Streams

Decision = Callable[[Credential, Command, Grounds], None]


class StatusChanging:
    """The use case of changing a status."""

    def __init__(
        self, *, streams: Streams, commands: IssuerCommands, lookups: Lookups, vault: Vault
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._lookups = lookups
        self._vault = vault

    def change(
        self,
        caller: Caller,
        issuer_id: str,
        credential_id: str,
        *,
        operation: str,
        change: StatusChange,
        decide: Decision,
        seen: Changeable | None = None,
    ) -> Credential:
        """Carry out one change; raises UnknownCredentialError, UnknownReasonError, or a refusal.

        With `seen` the first attempt decides on that: one whose credential has changed since is not
        stored, and the next one loads both.
        """
        operation = f"credentials/{credential_id}/{operation}"
        body = change.plain()
        command = self._commands.make(caller, issuer_id, operation=operation, body=body)

        unused = [seen] if seen else []
        owner: Issuer

        def load() -> Credential:
            nonlocal owner
            if unused:
                found = unused.pop()
                credential, owner = found.credential, found.owner
            else:
                credential, owner = self._lookups.credential_and_issuer(issuer_id, credential_id)
            return credential

        def carry_out(credential: Credential) -> None:
            owner.check_reason(change.reason)
            note_digest = self._note_digest(issuer_id, change.note)
            decide(credential, command, Grounds(change.reason, note_digest, change.effective_at))
            self._keep_note(credential, change.note, command)

        return self._streams.carry_out(command, load, carry_out)

    def _note_digest(self, issuer_id: str, note: str | None) -> str | None:
        return None if note is None else self._vault.note_digest(issuer_id, note)

    def _keep_note(self, credential: Credential, note: str | None, command: Command) -> None:
        if note is None:
            return
        issuance = credential.issuance
        digest = self._vault.note_digest(issuance.issuer_id, note)
        item = Item(str(credential.id), digest, issuance.subject_ref, note.encode())
        self._vault.put_note(item, at=instant(command.recorded_at))
