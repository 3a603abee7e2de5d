"""The write side: one short method a use case. Load, command, save.

Every method takes the caller first. What a method returns is durable. A repeat under the same
idempotency key returns what the first call returned and changes nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from registry.allocation import Allocator
from registry.commands import REGISTRY, Caller, Commands, issuer_scope
from registry.domain.achievement import Achievement
from registry.domain.aggregate import Aggregate, Command
from registry.domain.credential import Credential, Grounds
from registry.domain.errors import (
    ConcurrentChangeError,
    InvalidValueError,
    UnknownAchievementError,
    UnknownCredentialError,
    UnknownIssuerError,
)
from registry.domain.instants import instant
from registry.domain.issuer import Issuer
from registry.formats import did as dids
from registry.formats.signer import Signer
from registry.identifiers import parse_id
from registry.issuance import Order
from registry.issuing import Issued, Issuing
from registry.requests import NewAchievement, Organisation, StatusChange, checked_definition
from registry.store.key_store import KeyStore
from registry.store.signing import SigningKeys
from registry.store.vault import Item, Vault
from registry.streams import Streams

A = TypeVar("A", bound=Aggregate)
Decision = Callable[[Credential, Command, Grounds], None]

ATTEMPTS = 3
"""How often a change is decided anew because somebody else was faster, before 409 is the answer."""


class CredentialRegistry:
    """The use cases of operators and issuers."""

    def __init__(
        self,
        *,
        streams: Streams,
        commands: Commands,
        keys: KeyStore,
        vault: Vault,
        allocator: Allocator,
        public_url: str,
    ) -> None:
        self._streams = streams
        self._commands = commands
        self._keys = keys
        self._vault = vault
        self._signing = SigningKeys(keys)
        self._allocator = allocator
        self.public_url = public_url
        self._issuing = Issuing(
            streams=streams,
            commands=commands,
            vault=vault,
            allocator=allocator,
            public_url=public_url,
            signer_of=self.signer_of,
        )

    # Operators

    def register_issuer(self, caller: Caller, organisation: Organisation) -> Issuer:
        """Register an organisation; one that is did:key gets its only key at once."""
        body = vars(organisation)
        command = self._commands.make(caller, scope=REGISTRY, operation="issuers", body=body)
        issuer_id = self._commands.new_id(caller, scope=REGISTRY, operation="issuers")
        at = instant(command.recorded_at)
        details = {name: value for name, value in body.items() if name != "did_method"}

        def register(issuer: Issuer) -> None:
            self._keys.find_or_create([issuer_scope(str(issuer_id))], at=at)
            if organisation.did_method == "web":
                issuer.register(command, did=self._did_web(str(issuer_id)), **details)
                return
            key = self._signing.create(str(issuer_id), at=at)
            issuer.register(command, did=dids.did_key(key), **details)
            issuer.add_key(command, key=key, verification_method=f"{issuer.did}#{key}")

        return self._carry_out(command, lambda: self._streams.load(Issuer(issuer_id)), register)

    def _did_web(self, issuer_id: str) -> str:
        try:
            return dids.did_web(self.public_url, "issuers", issuer_id)
        except dids.DidError as error:
            raise InvalidValueError(
                f"a did:web needs an https URL with a host name, this is {self.public_url}",
                field="did_method",
                remedy='register the issuer with the did_method "key"',
            ) from error

    def add_signing_key(self, caller: Caller, issuer_id: str) -> str:
        """Make a key that signs from now on; return its public half as a Multikey."""
        command = self._issuer_command(caller, issuer_id, f"issuers/{issuer_id}/keys", {})

        def add(issuer: Issuer) -> None:
            issuer.check_key_can_be_added()
            key = self._signing.create(issuer_id, at=instant(command.recorded_at))
            issuer.add_key(command, key=key, verification_method=f"{issuer.did}#{key}")

        issuer = self._carry_out(command, lambda: self.issuer(issuer_id), add)
        return list(issuer.keys)[-1]

    def retire_signing_key(self, caller: Caller, issuer_id: str, key: str) -> Issuer:
        """Stop signing with a key."""
        operation = f"issuers/{issuer_id}/keys/{key}/retire"
        command = self._issuer_command(caller, issuer_id, operation, {})
        return self._carry_out(
            command,
            lambda: self.issuer(issuer_id),
            lambda issuer: issuer.retire_key(command, key=key),
        )

    def issuer(self, issuer_id: str) -> Issuer:
        """Return an issuer; raises UnknownIssuerError."""
        issuer = self._streams.load(
            Issuer(parse_id(issuer_id, UnknownIssuerError, field="issuer_id"))
        )
        if not hasattr(issuer, "did"):
            raise UnknownIssuerError("there is no such issuer", field="issuer_id")
        return issuer

    def open_signer(self, issuer_id: str, key: str, *, verification_method: str) -> Signer:
        """Return what signs with one key of an issuer's; raises SecretMissingError."""
        return self._signing.signer(issuer_id, key, verification_method=verification_method)

    def signer_of(self, issuer_id: str) -> Signer:
        """Return what signs for an issuer now."""
        issuer = self.issuer(issuer_id)
        key = issuer.signing_key
        return self._signing.signer(issuer_id, key, verification_method=issuer.keys[key])

    # Issuers

    def add_reason_code(
        self, caller: Caller, issuer_id: str, *, code: str, label_pl: str, label_en: str
    ) -> Issuer:
        """Use one more reason code."""
        labels = {"code": code, "label_pl": label_pl, "label_en": label_en}
        command = self._issuer_command(caller, issuer_id, "reason-codes", labels)
        return self._carry_out(
            command,
            lambda: self.issuer(issuer_id),
            lambda issuer: issuer.add_reason_code(command, **labels),
        )

    def define_achievement(
        self, caller: Caller, issuer_id: str, new: NewAchievement
    ) -> Achievement:
        """Define a micro-credential; a definition may be incomplete until the first issuing."""
        command = self._issuer_command(caller, issuer_id, "achievements", vars(new))
        scope = issuer_scope(issuer_id)
        achievement_id = self._commands.new_id(caller, scope=scope, operation="achievements")
        return self._carry_out(
            command,
            lambda: self._streams.load(Achievement(achievement_id)),
            lambda achievement: achievement.define(
                command,
                issuer_id=issuer_id,
                definition=checked_definition(new.definition),
                language=new.language.value,
                cryptosuite=new.cryptosuite.value,
                profile=new.profile,
            ),
        )

    def revise_achievement(
        self, caller: Caller, issuer_id: str, achievement_id: str, definition: dict[str, Any]
    ) -> Achievement:
        """Record the next version of a definition."""
        operation = f"achievements/{achievement_id}"
        command = self._issuer_command(caller, issuer_id, operation, definition)
        return self._carry_out(
            command,
            lambda: self.achievement(issuer_id, achievement_id),
            lambda achievement: achievement.revise(
                command, definition=checked_definition(definition)
            ),
        )

    def withdraw_achievement(
        self, caller: Caller, issuer_id: str, achievement_id: str
    ) -> Achievement:
        """Issue nothing more for an achievement."""
        operation = f"achievements/{achievement_id}/withdraw"
        command = self._issuer_command(caller, issuer_id, operation, {})
        return self._carry_out(
            command,
            lambda: self.achievement(issuer_id, achievement_id),
            lambda achievement: achievement.withdraw(command),
        )

    def achievement(self, issuer_id: str, achievement_id: str) -> Achievement:
        """Return an achievement of this issuer; raises UnknownAchievementError."""
        achievement = self.any_achievement(achievement_id)
        if achievement.issuer_id != issuer_id:
            raise UnknownAchievementError("there is no such achievement", field="achievement_id")
        return achievement

    def any_achievement(self, achievement_id: str) -> Achievement:
        """Return an achievement of whichever issuer; raises UnknownAchievementError."""
        number = parse_id(achievement_id, UnknownAchievementError, field="achievement_id")
        achievement = self._streams.load(Achievement(number))
        if not achievement.definitions:
            raise UnknownAchievementError("there is no such achievement", field="achievement_id")
        return achievement

    def issue(self, caller: Caller, issuer_id: str, orders: Sequence[Order]) -> list[Issued]:
        """Issue credentials, all or none; what an order supersedes is revoked in the same save."""
        return self._issuing.issue(caller, self.issuer(issuer_id), orders)

    def suspend(
        self, caller: Caller, issuer_id: str, credential_id: str, change: StatusChange
    ) -> Credential:
        """Suspend a credential, for good or until `change.until`."""

        def decide(credential: Credential, command: Command, grounds: Grounds) -> None:
            credential.suspend(command, grounds, until=change.until)

        return self._change(
            caller, issuer_id, credential_id, operation="suspend", change=change, decide=decide
        )

    def reinstate(
        self, caller: Caller, issuer_id: str, credential_id: str, change: StatusChange
    ) -> Credential:
        """End a suspension."""
        return self._change(
            caller,
            issuer_id,
            credential_id,
            operation="reinstate",
            change=change,
            decide=Credential.reinstate,
        )

    def revoke(
        self, caller: Caller, issuer_id: str, credential_id: str, change: StatusChange
    ) -> Credential:
        """Revoke a credential for ever."""
        return self._change(
            caller,
            issuer_id,
            credential_id,
            operation="revoke",
            change=change,
            decide=Credential.revoke,
        )

    def credential(self, issuer_id: str, credential_id: str) -> Credential:
        """Return a credential of this issuer; raises UnknownCredentialError."""
        credential = self.any_credential(credential_id)
        if credential.issuance.issuer_id != issuer_id:
            raise UnknownCredentialError("there is no such credential", field="credential_id")
        return credential

    def any_credential(self, credential_id: str) -> Credential:
        """Return a credential of whichever issuer; raises UnknownCredentialError."""
        number = parse_id(credential_id, UnknownCredentialError, field="credential_id")
        credential = self._streams.load(Credential(number))
        if not hasattr(credential, "issuance"):
            raise UnknownCredentialError("there is no such credential", field="credential_id")
        return credential

    def document(self, issuer_id: str, credential_id: str) -> bytes:
        """Return the secured document; raises DocumentGoneError once it was erased."""
        issuance = self.credential(issuer_id, credential_id).issuance
        return self._vault.document(credential_id, issuance.document_digest)

    # The registry itself

    def stop(self) -> None:
        """Give back unspent indexes; for a graceful stop."""
        self._allocator.give_back()

    def _change(
        self,
        caller: Caller,
        issuer_id: str,
        credential_id: str,
        *,
        operation: str,
        change: StatusChange,
        decide: Decision,
    ) -> Credential:
        command = self._issuer_command(
            caller, issuer_id, f"credentials/{credential_id}/{operation}", change.plain()
        )

        def carry_out(credential: Credential) -> None:
            self.issuer(issuer_id).check_reason(change.reason)
            note_digest = self._note_digest(issuer_id, change.note)
            decide(credential, command, Grounds(change.reason, note_digest, change.effective_at))
            self._keep_note(credential, change.note, command)

        return self._carry_out(
            command, lambda: self.credential(issuer_id, credential_id), carry_out
        )

    def _note_digest(self, issuer_id: str, note: str | None) -> str | None:
        return None if note is None else self._vault.note_digest(issuer_id, note)

    def _keep_note(self, credential: Credential, note: str | None, command: Command) -> None:
        if note is None:
            return
        issuance = credential.issuance
        digest = self._vault.note_digest(issuance.issuer_id, note)
        item = Item(str(credential.id), digest, issuance.subject_ref, note.encode())
        self._vault.put_note(item, at=instant(command.recorded_at))

    def _carry_out(self, command: Command, load: Callable[[], A], decide: Callable[[A], None]) -> A:
        """Load, decide, save, and return the aggregate.

        A repeat of the command returns the aggregate as the first call left it. Where somebody
        else was faster the decision is made anew on what is there now.
        """
        for _ in range(ATTEMPTS):
            with suppress(ConcurrentChangeError):
                return self._try_to_carry_out(command, load(), decide)
        return self._try_to_carry_out(command, load(), decide)

    def _try_to_carry_out(self, command: Command, aggregate: A, decide: Callable[[A], None]) -> A:
        if (version := aggregate.answered(command)) is not None:
            return self._streams.load_at(type(aggregate)(aggregate.id), version)
        aggregate.expect(command)
        decide(aggregate)
        self._streams.store(aggregate)
        return aggregate

    def _issuer_command(
        self, caller: Caller, issuer_id: str, operation: str, body: object
    ) -> Command:
        self.issuer(issuer_id)
        scope = issuer_scope(issuer_id)
        return self._commands.make(caller, scope=scope, operation=operation, body=body)
