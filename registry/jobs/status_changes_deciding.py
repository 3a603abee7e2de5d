"""Decide whether one credential of a mass change can be changed: by the aggregate's own rules."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from registry.commands import issuer_scope
from registry.custody import Custody
from registry.domain.aggregate import Command
from registry.domain.credential import Credential, Grounds, Status
from registry.domain.errors import (
    AlreadySuspendedError,
    ConflictError,
    EffectiveAtError,
    IssuerClosedError,
    NoStatusEntryError,
    NotSuspendableError,
    NotSuspendedError,
    RevokedIsFinalError,
    UnknownReasonError,
)
from registry.domain.events import StatusEvent
from registry.domain.job import Job
from registry.jobs.status_changes_terms import Code, Operation, Terms
from registry.lookups import Lookups
from registry.store.key_store import KeyStore
from registry.store.vault import Vault

_CODES: Final[dict[type[ConflictError], Code]] = {
    RevokedIsFinalError: Code.REVOKED_ALREADY,
    AlreadySuspendedError: Code.SUSPENDED_ALREADY,
    NotSuspendedError: Code.NOT_SUSPENDED,
    NotSuspendableError: Code.NO_ENTRY,
    NoStatusEntryError: Code.NO_ENTRY,
}


@dataclass(frozen=True)
class Sources:
    """What a decision reads besides the credential."""

    lookups: Lookups
    custody: Custody
    keys: KeyStore
    vault: Vault


class Deciding:
    """The decisions of one job; `command` is its command, but for each credential's own id.

    The events it returns are not recorded anywhere.
    """

    def __init__(self, job: Job, command: Command, sources: Sources, *, note: str | None) -> None:
        self._job = job
        self._terms = Terms.of(job.terms)
        self._command = replace(command, nonce=str)
        self._sources = sources
        self._note = note
        self.refused_owner = cache(self._check_owner)
        """Says why the credentials of an issuer are not the job's to change; None: they are."""
        self._grounds = cache(self._make_grounds)

    def was_done(self, credential: Credential) -> bool:
        """Tell whether this very job has changed the credential already."""
        own = self.command_id(credential)
        return credential.answered(replace(self._command, command_id=own)) is not None

    def decide(self, credential: Credential | None) -> StatusEvent | Code:
        """Return the event that would change the credential, or why it is not changed.

        Raises IssuerClosedError where the issuer that ordered the change is closed.
        """
        if credential is None:
            return Code.NOT_FOUND
        refused = self.refused_owner(credential.issuance.issuer_id) or self._refused(credential)
        return refused or self._try(credential)

    def command_id(self, credential: Credential) -> str:
        """Return the id by which a repeat of this job recognises its change."""
        owner_id = credential.issuance.issuer_id
        return command_id(self._sources.keys, owner_id, self._job.job_id, str(credential.id))

    def _refused(self, credential: Credential) -> Code | None:
        if self._note is not None and credential.erased:
            return Code.LEARNER_ERASED
        if self._terms.undoes is None or credential.status is not Status.SUSPENDED:
            return None
        owner_id, keys = credential.issuance.issuer_id, self._sources.keys
        undone = command_id(keys, owner_id, self._terms.undoes, str(credential.id))
        return None if credential.status_command_id == undone else Code.SUSPENDED_ANEW

    def _try(self, credential: Credential) -> StatusEvent | Code:
        grounds = self._grounds(credential.issuance.issuer_id)
        try:
            self._carry_out(credential, grounds)
        except EffectiveAtError as error:
            return Code.UNTIL_PASSED if error.field == "until" else Code.EFFECTIVE_AT
        except tuple(_CODES) as error:
            return _CODES[type(error)]
        (event,) = credential.collect_events()
        found: Any = event
        return found  # type: ignore[no-any-return]

    def _carry_out(self, credential: Credential, grounds: Grounds) -> None:
        match self._terms.operation:
            case Operation.SUSPEND:
                credential.suspend(self._command, grounds, until=self._terms.until)
            case Operation.REINSTATE:
                credential.reinstate(self._command, grounds)
            case Operation.REVOKE:
                credential.revoke(self._command, grounds)

    def _check_owner(self, owner_id: str) -> Code | None:
        """Say why credentials of an issuer are not the job's to change, as for a single change."""
        owner = self._sources.lookups.issuer(owner_id)
        if owner_id != self._job.issuer_id:
            if not self._sources.custody.is_custodian(self._job.issuer_id, owner_id):
                return Code.NOT_FOUND
        elif owner.closed and not self._terms.by_operator:
            raise IssuerClosedError(
                "the issuer is closed and changes no status itself",
                remedy="ask its custodian, or an operator where it has none",
            )
        try:
            owner.check_reason(self._terms.reason)
        except UnknownReasonError:
            return Code.UNKNOWN_REASON
        return None

    def _make_grounds(self, owner_id: str) -> Grounds:
        digest = self._sources.vault.note_digest(owner_id, self._note) if self._note else None
        return Grounds(self._terms.reason, digest, self._terms.effective_at)


def command_id(keys: KeyStore, owner_id: str, job_id: str, credential_id: str) -> str:
    """Return the id of the command by which a job changes a credential: always the same."""
    data = f"{job_id}/{credential_id}".encode()
    return keys.keyed_digest(issuer_scope(owner_id), "command/status-job", data).hex()
