"""The write side: one short method a use case. Load, command, save.

Every method takes the caller first. What a method returns is durable. A repeat under the same
idempotency key returns what the first call returned and changes nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from registry.accreditations import Accreditations, IssuingRule
from registry.accrediting import Accrediting
from registry.allocation import Allocator
from registry.badge_writing import BadgeWriter
from registry.commands import Caller, Commands
from registry.custody import Changeable
from registry.domain.achievement import Achievement
from registry.domain.aggregate import Command
from registry.domain.credential import Credential, Grounds
from registry.domain.issuer import Issuer
from registry.formats import rdf
from registry.formats.canonical import Canonicaliser
from registry.formats.shapes import Forms, Shapes
from registry.generic_issuing import GenericIssuing
from registry.issuance import Order
from registry.issuing import Issued, Issuing
from registry.operating import OperatorUseCases
from registry.reissuing import Reissuing
from registry.requests import (
    CredentialOrder,
    NewAchievement,
    StatusChange,
    StatusOrder,
    checked_definition,
)
from registry.status_changing import StatusChanging
from registry.store.key_store import KeyStore
from registry.store.vault import Vault
from registry.streams import Streams


class CredentialRegistry(OperatorUseCases):
    """The use cases of operators and issuers.

    `canonicalise` may run elsewhere, so that a graph made to be slow can be given up. `make_forms`
    makes what puts badges into canonical form, and remembers how. With
    `accreditation_enforced` an issuer needs an accreditation that counts, once there is a scheme.
    """

    def __init__(  # noqa: PLR0913 - one argument for each part it is made of
        self,
        *,
        streams: Streams,
        commands: Commands,
        keys: KeyStore,
        vault: Vault,
        allocator: Allocator,
        public_url: str,
        canonicalise: Canonicaliser = rdf.canonicalise,
        make_forms: Callable[[], Forms] = Shapes,
        accreditation_enforced: bool = False,
        shards: Sequence[str] = (),
    ) -> None:
        super().__init__(streams=streams, commands=commands, keys=keys, public_url=public_url)
        self._vault = vault
        self._allocator = allocator
        records = Accreditations(streams, public_url=public_url, shards=shards)
        self.issuing_rule = IssuingRule(
            records, enforced=accreditation_enforced, clock=commands.clock
        )
        self._issuing = Issuing(
            streams=streams,
            commands=commands,
            lookups=self._lookups,
            vault=vault,
            allocator=allocator,
            writer=BadgeWriter(public_url=public_url, make_forms=make_forms, pick=commands.pick),
            signer_of=self._signer,
            check_may_issue=self.issuing_rule.check,
        )
        self._generic = GenericIssuing(
            streams=streams,
            commands=self._issuer_commands,
            lookups=self._lookups,
            keys=keys,
            vault=vault,
            allocator=allocator,
            public_url=public_url,
            signer_of=self._signer,
            canonicalise=canonicalise,
            check_may_issue=self.issuing_rule.check,
        )
        self.accrediting = Accrediting(
            streams=streams,
            commands=self._issuer_commands,
            lookups=self._lookups,
            records=records,
            generic=self._generic,
            vault=vault,
        )
        self.reissuing = Reissuing(
            streams=streams,
            commands=self._issuer_commands,
            lookups=self._lookups,
            vault=vault,
            allocator=allocator,
            public_url=public_url,
            signer_of=self._any_signer,
        )
        self._statuses = StatusChanging(
            streams=streams, commands=self._issuer_commands, lookups=self._lookups, vault=vault
        )

    # What an issuer sets up

    def add_reason_code(
        self, caller: Caller, issuer_id: str, *, code: str, label_pl: str, label_en: str
    ) -> Issuer:
        """Use one more reason code."""
        labels = {"code": code, "label_pl": label_pl, "label_en": label_en}
        command = self._command(caller, issuer_id, "reason-codes", labels)

        def add(issuer: Issuer) -> None:
            issuer.check_open()
            issuer.add_reason_code(command, **labels)

        return self._streams.carry_out(command, lambda: self.issuer(issuer_id), add)

    def define_achievement(
        self, caller: Caller, issuer_id: str, new: NewAchievement
    ) -> Achievement:
        """Define a micro-credential; a definition may be incomplete until the first issuing.

        So may the keys of an issuer that has none yet; one that has keys needs those that fit.
        """
        command = self._command(caller, issuer_id, "achievements", vars(new))
        achievement_id = self._issuer_commands.new_id(caller, issuer_id, operation="achievements")

        def define(achievement: Achievement) -> None:
            issuer = self._open_issuer(issuer_id)
            if issuer.keys:
                issuer.check_can_sign(new.cryptosuite)
            achievement.define(
                command,
                issuer_id=issuer_id,
                definition=checked_definition(new.definition),
                language=new.language.value,
                cryptosuite=new.cryptosuite.value,
                profile=new.profile,
            )

        return self._streams.carry_out(
            command,
            lambda: self._streams.load(Achievement(achievement_id)),
            define,
            premise=lambda: [self._open_issuer(issuer_id)],
        )

    def revise_achievement(
        self, caller: Caller, issuer_id: str, achievement_id: str, definition: dict[str, Any]
    ) -> Achievement:
        """Record the next version of a definition."""
        command = self._command(caller, issuer_id, f"achievements/{achievement_id}", definition)
        return self._streams.carry_out(
            command,
            lambda: self.achievement(issuer_id, achievement_id),
            lambda achievement: achievement.revise(
                command, definition=checked_definition(definition)
            ),
            premise=lambda: [self._open_issuer(issuer_id)],
        )

    def withdraw_achievement(
        self, caller: Caller, issuer_id: str, achievement_id: str
    ) -> Achievement:
        """Issue nothing more for an achievement, also for one of an issuer that is closed."""
        command = self._command(caller, issuer_id, f"achievements/{achievement_id}/withdraw", {})
        return self._streams.carry_out(
            command,
            lambda: self.achievement(issuer_id, achievement_id),
            lambda achievement: achievement.withdraw(command),
        )

    def achievement(self, issuer_id: str, achievement_id: str) -> Achievement:
        """Return an achievement of this issuer; raises UnknownAchievementError."""
        return self._lookups.achievement(issuer_id, achievement_id)

    def any_achievement(self, achievement_id: str) -> Achievement:
        """Return an achievement of whichever issuer; raises UnknownAchievementError."""
        return self._lookups.any_achievement(achievement_id)

    # Credentials

    def issue(self, caller: Caller, issuer_id: str, orders: Sequence[Order]) -> list[Issued]:
        """Issue credentials, all or none; what an order supersedes is revoked in the same save."""
        issuer = self.issuer(issuer_id)
        self.check_here(issuer_id)
        return self._issuing.issue(caller, issuer, orders)

    def issue_credential(self, caller: Caller, issuer_id: str, order: CredentialOrder) -> Issued:
        """Secure a credential as it was sent; raises GenericIssuingClosedError.

        `set_status` finds it by its name, however many bear that.
        """
        return self._generic.issue(caller, self.issuer(issuer_id), order)

    def set_status(self, caller: Caller, issuer_id: str, order: StatusOrder) -> Credential:
        """Set or clear one status of a generic credential; what is so already stays so."""
        self.issuer(issuer_id).check_open()
        return self._generic.set_status(caller, issuer_id, order)

    def open_status_list(self, caller: Caller, issuer_id: str, purpose: str) -> str:
        """Open the next list for an issuer's generic credentials ahead of need; return its id."""
        issuer = self.issuer(issuer_id)
        issuer.check_open()
        return self._generic.open_status_list(caller, issuer, purpose)

    def suspend(
        self,
        caller: Caller,
        issuer_id: str,
        credential_id: str,
        change: StatusChange,
        *,
        seen: Changeable | None = None,
    ) -> Credential:
        """Suspend a credential, for good or until `change.until`."""

        def decide(credential: Credential, command: Command, grounds: Grounds) -> None:
            credential.suspend(command, grounds, until=change.until)

        return self._statuses.change(
            caller,
            issuer_id,
            credential_id,
            operation="suspend",
            change=change,
            decide=decide,
            seen=seen,
        )

    def reinstate(
        self,
        caller: Caller,
        issuer_id: str,
        credential_id: str,
        change: StatusChange,
        *,
        seen: Changeable | None = None,
    ) -> Credential:
        """End a suspension."""
        decide = Credential.reinstate
        return self._statuses.change(
            caller,
            issuer_id,
            credential_id,
            operation="reinstate",
            change=change,
            decide=decide,
            seen=seen,
        )

    def revoke(
        self,
        caller: Caller,
        issuer_id: str,
        credential_id: str,
        change: StatusChange,
        *,
        seen: Changeable | None = None,
    ) -> Credential:
        """Revoke a credential for ever."""
        decide = Credential.revoke
        return self._statuses.change(
            caller,
            issuer_id,
            credential_id,
            operation="revoke",
            change=change,
            decide=decide,
            seen=seen,
        )

    def credential(self, issuer_id: str, credential_id: str) -> Credential:
        """Return a credential of this issuer; raises UnknownCredentialError."""
        return self._lookups.credential(issuer_id, credential_id)

    def any_credential(self, credential_id: str) -> Credential:
        """Return a credential of whichever issuer; raises UnknownCredentialError."""
        return self._lookups.any_credential(credential_id)

    def document(self, issuer_id: str, credential_id: str) -> bytes:
        """Return the secured document; raises DocumentGoneError once it was erased."""
        return self.issued(issuer_id, credential_id).document

    def issued(self, issuer_id: str, credential_id: str) -> Issued:
        """Return a credential with its secured document; raises DocumentGoneError once erased."""
        credential = self.credential(issuer_id, credential_id)
        digest = credential.issuance.document_digest
        return Issued(credential, self._vault.document(credential_id, digest))

    # The registry itself

    def stop(self) -> None:
        """Give back unspent indexes; for a graceful stop."""
        self._allocator.give_back()

    def _open_issuer(self, issuer_id: str) -> Issuer:
        issuer = self.issuer(issuer_id)
        issuer.check_open()
        return issuer

    def _command(self, caller: Caller, issuer_id: str, operation: str, body: object) -> Command:
        return self._issuer_commands.make(caller, issuer_id, operation=operation, body=body)
