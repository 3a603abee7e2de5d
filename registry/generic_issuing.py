"""Secure credentials of any kind as they were sent, and set their status, for the VC API.

A credential is recorded together with the name its issuer gave it, so that it is found by that
name from then on, without a view of the history.
"""

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from registry import generic_credential as sent
from registry import reserved
from registry.allocation import Allocator
from registry.commands import Caller
from registry.credential_names import CredentialNames
from registry.domain.aggregate import Aggregate, Command
from registry.domain.credential import Credential, Grounds, Issuance, Placement, Status
from registry.domain.credential_name import CredentialName
from registry.domain.errors import (
    ConcurrentChangeError,
    CredentialRefusedError,
    InvalidValueError,
    UnknownCredentialError,
)
from registry.domain.instants import document_instant, instant
from registry.domain.issuer import Issuer
from registry.domain.profiles import GENERIC, PURPOSES, GenericProfile, purposes_of
from registry.domain.status_list import Shelf
from registry.formats.canonical import CanonicalisationError, Canonicaliser
from registry.formats.proof_errors import ProofError
from registry.formats.securing import SecuringError, check_readable, secure_credential
from registry.formats.signer import Signer
from registry.formats.vc_jwt import VcJwtError
from registry.formats.vcdm import NotIssuableError, Problem, check_issuable
from registry.issuance import entries, list_url
from registry.issuer_commands import IssuerCommands
from registry.issuing import Issued, MayIssue, SignerOf
from registry.lookups import Lookups
from registry.premises import still_issuing
from registry.requests import CredentialOrder, StatusOrder
from registry.store.key_store import KeyStore
from registry.store.vault import Item, Vault
from registry.streams import Premise, Streams

ATTEMPTS = 50
"""How often a name is read anew because another credential was given it at the same moment."""

_ISSUE = "credentials/issue"
_REASON = "other"
_NOWHERE = Placement("00000000-0000-0000-0000-000000000000", 0)
"""Where a credential is tried out, before it is given a place."""


@dataclass(frozen=True)
class _Work:
    """A credential that was sent, and how it is to be secured."""

    order: CredentialOrder
    command: Command
    issuer: Issuer
    profile: GenericProfile
    credential_id: UUID
    is_badge: bool = False

    def completed(self, public_url: str, placement: Placement | None) -> dict[str, Any]:
        """Return the credential with all that is added to it."""
        purposes = purposes_of(self.profile.name) if placement else ()
        return sent.completed(
            self.order,
            did=self.issuer.did,
            mechanism=self.profile.mechanism,
            entries=entries(public_url, placement, purposes=purposes) if placement else [],
            now=self.command.recorded_at,
        )

    @property
    def gets_entries(self) -> bool:
        return bool(self.profile.purposes) and sent.gets_entries(self.order)


class GenericIssuing:
    """The use cases of issuers that an operator marked for generic issuing."""

    def __init__(  # noqa: PLR0913 - one argument for each part it is made of
        self,
        *,
        streams: Streams,
        commands: IssuerCommands,
        lookups: Lookups,
        keys: KeyStore,
        vault: Vault,
        allocator: Allocator,
        public_url: str,
        signer_of: SignerOf,
        canonicalise: Canonicaliser,
        check_may_issue: MayIssue,
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._lookups = lookups
        self._names = CredentialNames(streams, keys)
        self._vault = vault
        self._allocator = allocator
        self._public_url = public_url
        self._signer_of = signer_of
        self._canonicalise = canonicalise
        self._check_may_issue = check_may_issue

    def issue(self, caller: Caller, issuer: Issuer, order: CredentialOrder) -> Issued:
        """Secure a credential, or raise and change nothing."""
        profile, issuer_id = issuer.generic_profile(), str(issuer.id)
        command = self._commands.make(caller, issuer_id, operation=_ISSUE, body=vars(order))
        credential_id = self._commands.new_id(caller, issuer_id, operation=_ISSUE)
        work = _Work(order, command, issuer, profile, credential_id)
        answered = None if caller.idempotency_key is None else self._answered(work)
        return answered or self._issue_anew(work)

    def _answered(self, work: _Work) -> Issued | None:
        """Return what this very command issued before, as it was then."""
        credential = self._streams.load(Credential(work.credential_id))
        if credential.answered(work.command) is None:
            return None
        self._streams.confirm()
        as_issued = self._streams.load_at(Credential(credential.id), 1)
        digest = as_issued.issuance.document_digest
        return Issued(as_issued, self._vault.document(str(credential.id), digest))

    def draw_up(
        self,
        command: Command,
        issuer: Issuer,
        order: CredentialOrder,
        *,
        profile: GenericProfile,
        credential_id: UUID,
    ) -> Credential:
        """Secure a badge that the registry itself composed; return it, yet to be stored.

        Neither an operator's leave nor an accreditation is asked for.
        """
        work = _Work(order, command, issuer, profile, credential_id, is_badge=True)
        self._check(work)
        issuance, _ = self._secure_and_keep(work)
        credential = Credential(credential_id)
        credential.issue(command, issuance)
        return credential

    def _issue_anew(self, work: _Work) -> Issued:
        self._check_may_issue(str(work.issuer.id))
        self._check(work)
        issuance, document = self._secure_and_keep(work)
        premise = self._premise(work, issuance)
        for _ in range(ATTEMPTS):
            with suppress(ConcurrentChangeError):
                return Issued(self._record(work, issuance, premise), document)
            # Either the same request came twice at once, or another one gave the same name.
            if answered := self._answered(work):
                return answered
            # Or its key signs no more, which another attempt would not mend.
            premise()
        raise ConcurrentChangeError(
            "too many credentials are given this name at once", remedy="try again"
        )

    def _premise(self, work: _Work, issuance: Issuance) -> Premise:
        issuer_id, methods = str(work.issuer.id), [issuance.verification_method]

        def premise() -> list[Aggregate]:
            now = still_issuing(self._streams, work.issuer, methods)
            return [now, *self._check_may_issue(issuer_id)]

        return premise

    def _record(self, work: _Work, issuance: Issuance, premise: Premise) -> Credential:
        """Save the credential and who bears its name, both or neither."""
        credential = Credential(work.credential_id)
        credential.issue(work.command, issuance)
        self._streams.store(credential, *self._named(work), premise=premise)
        return credential

    def _named(self, work: _Work) -> list[CredentialName]:
        if work.order.name is None:
            return []
        issuer_id = str(work.issuer.id)
        name = self._names.load(issuer_id, work.order.name)
        name.give(work.command, issuer_id=issuer_id, credential_id=str(work.credential_id))
        return [name]

    def _check(self, work: _Work) -> None:
        """Raise what issuing would raise, before anything is changed."""
        tried = work.completed(self._public_url, _NOWHERE if work.gets_entries else None)
        self._check_reserved(work)
        try:
            check_issuable(tried)
        except NotIssuableError as error:
            faults = [_fault(problem) for problem in error.problems]
            raise CredentialRefusedError(str(error), errors=faults) from error

    def _check_reserved(self, work: _Work) -> None:
        """Raise for what only the registry itself says in the issuer's name."""
        credential = work.order.credential
        reserved.check_is_no_list(credential, public_url=self._public_url)
        issuer = work.issuer
        keys = {key: id_ for key, id_ in issuer.keys.items() if key not in issuer.compromised}
        if not reserved.is_signed_by(credential, keys):
            # What the registry signed already has the entries that were given out for it.
            reserved.check_entries(credential, public_url=self._public_url)

    def _secure_and_keep(self, work: _Work) -> tuple[Issuance, bytes]:
        """Place, secure, and keep in the vault: once, however often the name is read anew."""
        at = instant(work.command.recorded_at)
        signer = self._signer_of(work.issuer, work.profile.mechanism)
        shelf = _shelf(work.issuer, work.profile)
        placement = self._allocator.take(shelf, 1)[0] if work.gets_entries else None
        completed = work.completed(self._public_url, placement)
        document = self._secured(work, completed, signer)
        person = sent.person(completed, nonce=work.command.nonce())
        [reference] = self._vault.references(str(work.issuer.id), [person], at=at)
        valid_from, valid_until = sent.period(completed, work.command.recorded_at)
        issuance = Issuance(
            issuer_id=str(work.issuer.id),
            profile=work.profile.name if placement else GENERIC,
            placement=placement,
            subject_ref=reference,
            document_digest=sha256(document).hexdigest(),
            verification_method=signer.verification_method,
            cryptosuite=work.profile.mechanism.value,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        item = Item(str(work.credential_id), issuance.document_digest, reference, document)
        self._vault.put_documents([item], at=at)
        return issuance, document

    def _secured(self, work: _Work, document: dict[str, Any], signer: Signer) -> bytes:
        try:
            secured = secure_credential(
                document,
                mechanism=work.profile.mechanism,
                signer=signer,
                created=document_instant(work.command.recorded_at),
                previous_proof=work.order.previous_proof,
                lone_proof_in_array=work.is_badge,
                canonicalise=self._canonicalise,
            )
            check_readable(secured)
        except (CanonicalisationError, ProofError, SecuringError, VcJwtError) as error:
            raise CredentialRefusedError(str(error)) from error
        return secured.body

    def set_status(self, caller: Caller, issuer_id: str, order: StatusOrder) -> Credential:
        """Set or clear one status; what is so already stays so, without an event.

        Raises UnknownCredentialError, NotSuspendableError or NoStatusEntryError without an entry
        for the purpose, RevokedIsFinalError, and InvalidValueError where several are meant.
        """
        if order.purpose not in PURPOSES:
            raise InvalidValueError(
                f"no entry has the purpose {order.purpose!r}",
                field="credentialStatus.statusPurpose",
                remedy="name one of: " + ", ".join(PURPOSES),
            )
        command = self._commands.make(
            caller, issuer_id, operation="credentials/status", body=vars(order)
        )
        credential_id = self._meant(issuer_id, command, order)
        return self._streams.carry_out(
            command,
            lambda: self._lookups.credential(issuer_id, credential_id),
            lambda credential: _decide(credential, command, order),
        )

    def _meant(self, issuer_id: str, command: Command, order: StatusOrder) -> str:
        """Return the id of the one credential that the order can mean.

        A repeat means what it meant the first time, though others bear the name by now.
        """
        ids = self._names.load(issuer_id, order.credential_id).bearers
        bearers = [self._lookups.credential(issuer_id, each) for each in ids]
        answered = [each for each in bearers if each.answered(command) is not None]
        meant = answered or [each for each in bearers if self._fits(each, order)]
        if not meant:
            raise UnknownCredentialError("there is no such credential", field="credentialId")
        if len(meant) > 1:
            raise InvalidValueError(
                f"{len(meant)} credentials bear the name",
                field="credentialStatus",
                remedy="name the statusListCredential and the statusListIndex of the one you mean",
            )
        return str(meant[0].id)

    def _fits(self, credential: Credential, order: StatusOrder) -> bool:
        issuance = credential.issuance
        own_url = list_url(self._public_url, issuance.list_id or "", order.purpose)
        return order.list_url in (None, own_url) and order.index in (
            None,
            str(issuance.list_index),
        )

    def open_status_list(self, caller: Caller, issuer: Issuer, purpose: str) -> str:
        """Open the next list of the issuer's generic credentials ahead of need; return its id.

        It serves every purpose of the profile, among which the asked one must be. Raises
        ConflictError while too many lists wait to be filled.
        """
        profile = issuer.generic_profile()
        if purpose not in profile.purposes:
            raise InvalidValueError(
                f"the issuer's credentials have no entries with the purpose {purpose!r}",
                field="statusPurpose",
                remedy="name one of: " + (", ".join(profile.purposes) or "none, ask an operator"),
            )
        issuer.check_can_sign(profile.mechanism)
        command = self._commands.make(
            caller, str(issuer.id), operation="status-lists", body={"purpose": purpose}
        )
        return str(self._allocator.open_next(_shelf(issuer, profile), command))


def _fault(problem: Problem) -> dict[str, str]:
    return {
        "field": problem.field,
        "reason": problem.reason,
        "remedy": problem.remedy,
        "type": problem.problem_type,
    }


def _shelf(issuer: Issuer, profile: GenericProfile) -> Shelf:
    return Shelf(str(issuer.id), profile.mechanism.value, profile.name)


def _decide(credential: Credential, command: Command, order: StatusOrder) -> None:
    """Change the status to the one that is asked for, unless it is that already."""
    credential.check_entry(order.purpose)
    grounds, status = Grounds(_REASON), credential.status
    match order.purpose, order.value:
        case "revocation", True if status is not Status.REVOKED:
            credential.revoke(command, grounds)
        case "revocation", False:
            credential.check_not_revoked("made valid again")
        case "suspension", True if status is not Status.SUSPENDED:
            credential.suspend(command, grounds)
        case "suspension", False if status is not Status.ACTIVE:
            credential.reinstate(command, grounds)
