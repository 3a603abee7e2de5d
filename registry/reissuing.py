"""Issue a credential anew under the next key, word for word, because its own key was compromised.

The holder's document is taken from the vault and keeps everything but its id, its entries and its
signature. What it says was decided when it was issued: nothing of that is decided again.
"""

from hashlib import sha256
from typing import Any
from uuid import UUID

from registry.allocation import Allocator
from registry.commands import Caller
from registry.domain.aggregate import Command
from registry.domain.credential import Credential, Issuance, Placement, Status
from registry.domain.errors import (
    ConcurrentChangeError,
    ConflictError,
    KeyRotationError,
    RevokedIsFinalError,
)
from registry.domain.instants import document_instant, instant, parse_instant
from registry.domain.issuer import Issuer
from registry.domain.profiles import purposes_of
from registry.domain.securing import Mechanism
from registry.domain.status_list import Shelf
from registry.formats import jws, vc_jwt
from registry.formats.did import method_ids
from registry.formats.securing import secure_credential
from registry.formats.signer import Signer
from registry.formats.strict_json import loads
from registry.issuance import entries
from registry.issuer_commands import IssuerCommands
from registry.issuing import SignerOf
from registry.lookups import Lookups
from registry.premises import still_signing
from registry.store.learner_keys import VaultDamagedError
from registry.store.vault import Item, Vault
from registry.streams import Streams


class Reissuing:
    """The use case of issuing anew what a compromised key signed.

    Whether it is proved to be older than the compromise is for the caller to have found out.
    `signer_of` opens a key of an issuer that may be closed: this awards nothing new.
    """

    def __init__(
        self,
        *,
        streams: Streams,
        commands: IssuerCommands,
        lookups: Lookups,
        vault: Vault,
        allocator: Allocator,
        public_url: str,
        signer_of: SignerOf,
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._lookups = lookups
        self._vault = vault
        self._allocator = allocator
        self._public_url = public_url
        self._signer_of = signer_of

    def reissue(self, caller: Caller, issuer_id: str, credential_id: str) -> Credential:
        """Put a new credential in the place of one, which is revoked in the same save.

        A repeat under the same idempotency key returns the new one as it was issued.
        Raises DocumentGoneError for one that was erased, VaultDamagedError, RevokedIsFinalError,
        ConflictError for one that is suspended or was not issued for an achievement, and
        KeyRotationError where its key is not recorded as compromised.
        """
        operation = f"credentials/{credential_id}/reissue"
        command = self._commands.make(caller, issuer_id, operation=operation, body={})
        number = self._commands.new_id(caller, issuer_id, operation=operation)
        if answered := self._answered(number, command):
            return answered
        try:
            return self._reissue_anew(issuer_id, credential_id, number, command)
        except (ConcurrentChangeError, RevokedIsFinalError):
            # The same request may have come twice at once: the other one was first, and may have
            # revoked what this one read.
            if answered := self._answered(number, command):
                return answered
            raise

    def _answered(self, number: UUID, command: Command) -> Credential | None:
        """Return what this very command issued before, as it was then."""
        if self._streams.load(Credential(number)).answered(command) is None:
            return None
        self._streams.confirm()
        return self._streams.load_at(Credential(number), 1)

    def _reissue_anew(
        self, issuer_id: str, credential_id: str, number: UUID, command: Command
    ) -> Credential:
        old = self._lookups.credential(issuer_id, credential_id)
        issuer = self._lookups.issuer(issuer_id)
        _check_can_be_reissued(issuer, old)
        document, new = self._document(old), Credential(number)
        self._carry_out(issuer, old, new, command=command, document=document)
        return new

    def _document(self, old: Credential) -> dict[str, Any]:
        """Return what the credential says, without what secured it."""
        digest = old.issuance.document_digest
        body = self._vault.document(str(old.id), digest)
        if sha256(body).hexdigest() != digest:
            raise VaultDamagedError(
                "the stored document is not the one that was issued",
                remedy="restore it from a backup",
            )
        if Mechanism(old.issuance.cryptosuite).is_jwt:
            return dict(vc_jwt.read(jws.parse(body.decode("ascii"))).document)
        return {name: value for name, value in loads(body).items() if name != "proof"}

    def _carry_out(
        self,
        issuer: Issuer,
        old: Credential,
        new: Credential,
        *,
        command: Command,
        document: dict[str, Any],
    ) -> None:
        was = old.issuance
        signer = self._signer_of(issuer, Mechanism(was.cryptosuite))
        shelf = Shelf(was.issuer_id, was.cryptosuite, was.profile)
        [placement] = self._allocator.take(shelf, 1)
        body = self._secured(document, new.id, placement, signer=signer, old=old, command=command)
        digest = sha256(body).hexdigest()
        item = Item(str(new.id), digest, was.subject_ref, body)
        self._vault.put_documents([item], at=instant(command.recorded_at))
        new.issue(command, _issuance(old, placement, digest=digest, signer=signer))
        old.supersede(command, by=str(new.id))
        methods = [signer.verification_method]
        self._streams.store(
            new, old, premise=lambda: [still_signing(self._streams, issuer, methods)]
        )

    def _secured(
        self,
        document: dict[str, Any],
        number: UUID,
        placement: Placement,
        *,
        signer: Signer,
        old: Credential,
        command: Command,
    ) -> bytes:
        purposes = purposes_of(old.issuance.profile)
        changed = document | {
            "id": f"urn:uuid:{number}",
            "credentialStatus": entries(self._public_url, placement, purposes=purposes),
        }
        return secure_credential(
            changed,
            mechanism=Mechanism(old.issuance.cryptosuite),
            signer=signer,
            created=document_instant(command.recorded_at),
        ).body


def _check_can_be_reissued(issuer: Issuer, old: Credential) -> None:
    old.check_not_revoked("issued anew")
    withdrawn = (method_ids(issuer.did, key) for key in issuer.compromised)
    if not any(old.issuance.verification_method in methods for methods in withdrawn):
        raise KeyRotationError(
            "the key that signed the credential is not recorded as compromised",
            remedy="run: registry key compromise KEY --since TIME",
        )
    if old.status is Status.SUSPENDED:
        raise ConflictError(
            "the credential is suspended", remedy="reinstate it first, or revoke it instead"
        )
    if old.issuance.achievement_id is None:
        raise ConflictError(
            "the credential was sent to be signed as it was",
            remedy="whoever sent it sends it anew, then revokes this one",
        )


def _issuance(old: Credential, placement: Placement, *, digest: str, signer: Signer) -> Issuance:
    was = old.issuance
    return Issuance(
        issuer_id=was.issuer_id,
        achievement_id=was.achievement_id,
        achievement_version=was.achievement_version,
        profile=was.profile,
        placement=placement,
        subject_ref=was.subject_ref,
        document_digest=digest,
        verification_method=signer.verification_method,
        cryptosuite=was.cryptosuite,
        valid_from=parse_instant(was.valid_from),
        valid_until=parse_instant(was.valid_until) if was.valid_until else None,
        supersedes=str(old.id),
    )
