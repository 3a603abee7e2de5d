"""A registry that makes evidence of a credential, as tests of evidence need it."""

from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import clock, opening
from api.evidence import evidence_maker
from registry.domain.credential import Credential
from tests.integration.projections.by_hand import ByHand


@dataclass(frozen=True)
class Office:
    """A registry that makes evidence, and a credential of it."""

    by_hand: ByHand
    credential: Credential

    def log(self) -> None:
        """Publish what is due and make leaves of every event, under a signed checkpoint."""
        self.by_hand.settle()
        self.by_hand.registry.transparency.run()
        self.by_hand.registry.catch_up.run()

    def make(self, **changes: object) -> bytes:
        maker = replace(evidence_maker(self.by_hand.registry), **changes)  # type: ignore[arg-type] # any field of it
        return maker.make(str(self.credential.id), at=clock.now())

    @property
    def keys(self) -> tuple[Ed25519PrivateKey, ...]:
        """The keys that sign the log."""
        return opening.open_log_keys(self.by_hand.registry.settings)

    @property
    def document(self) -> bytes:
        issuance = self.credential.issuance
        return self.by_hand.registry.vault.document(
            str(self.credential.id), issuance.document_digest
        )

    def change(self) -> None:
        """Suspend, reinstate and revoke the credential, publishing its lists each time."""
        for change in (self.by_hand.suspend, self.by_hand.reinstate, self.by_hand.revoke):
            change(self.credential)
            self.log()


def new_office(by_hand: ByHand) -> Office:
    """Issue two credentials; return the office of the first."""
    (credential, _) = by_hand.issue(2)
    office = Office(by_hand, credential)
    office.log()
    return office
