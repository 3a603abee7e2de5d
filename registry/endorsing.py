"""Issue the endorsement of an accreditation, and let its status follow the accreditation's."""

from uuid import UUID

from registry.domain.accreditation import Accreditation, AccreditationScheme, Grant
from registry.domain.aggregate import Command
from registry.domain.credential import Credential, Grounds, Status
from registry.domain.instants import document_instant
from registry.domain.issuer import Issuer
from registry.domain.profiles import GenericProfile
from registry.domain.securing import Mechanism
from registry.formats.endorsement import Endorsement, build_endorsement
from registry.generic_issuing import GenericIssuing
from registry.issuing import Issued
from registry.lookups import Lookups
from registry.requests import CredentialOrder
from registry.store.vault import Vault

MECHANISMS = (
    Mechanism.EDDSA_RDFC_2022,
    Mechanism.ECDSA_RDFC_2019_P256,
    Mechanism.ECDSA_RDFC_2019_P384,
)
"""How endorsements are secured: the first that the accreditor has a key for."""


class Endorsing:
    """Makes and finds the credentials that say an issuer is accredited."""

    def __init__(self, *, lookups: Lookups, generic: GenericIssuing, vault: Vault) -> None:
        self._lookups = lookups
        self._generic = generic
        self._vault = vault

    def endorse(
        self, command: Command, scheme: AccreditationScheme, issuer: Issuer, grant: Grant
    ) -> Credential:
        """Sign an endorsement and keep it in the vault; return it, yet to be stored."""
        accreditor = self._lookups.issuer(scheme.accreditor_id)
        accreditor.check_open()
        until = grant.valid_until
        document = build_endorsement(
            Endorsement(
                credential_id=f"urn:uuid:{grant.endorsement_id}",
                issuer_id=issuer.did,
                accreditor_id=accreditor.did,
                accreditor_name=accreditor.name_en,
                accreditor_url=accreditor.url,
                scheme_pl=scheme.name_pl,
                scheme_en=scheme.name_en,
                scheme_url=scheme.url,
                scope=grant.scope,
                valid_from=document_instant(grant.valid_from),
                valid_until=document_instant(until) if until else None,
            )
        )
        return self._generic.draw_up(
            command,
            accreditor,
            CredentialOrder(document),
            profile=GenericProfile(mechanism_of(accreditor)),
            credential_id=UUID(grant.endorsement_id),
        )

    def credential(self, accreditation: Accreditation) -> Credential:
        """Return the credential that endorses; raises UnknownCredentialError."""
        return self._lookups.any_credential(accreditation.granted.endorsement_id or "")

    def document(self, accreditation: Accreditation) -> Issued:
        """Return it with its document; raises DocumentGoneError once it was erased."""
        credential = self.credential(accreditation)
        digest = credential.issuance.document_digest
        return Issued(credential, self._vault.document(str(credential.id), digest))


def mechanism_of(accreditor: Issuer) -> Mechanism:
    """Return how an accreditor's endorsements are secured; raises NoSigningKeyError."""
    # Where none fits, the refusal says which key to add: that of the first.
    mechanism = next(filter(accreditor.can_sign, MECHANISMS), MECHANISMS[0])
    accreditor.check_can_sign(mechanism)
    return mechanism


# What the accreditor did to an endorsement by itself is not undone, and not done twice.


def suspend(endorsement: Credential, command: Command, grounds: Grounds) -> None:
    """Suspend an endorsement unless it is suspended or revoked."""
    if endorsement.status is Status.ACTIVE:
        endorsement.suspend(command, grounds)


def reinstate(endorsement: Credential, command: Command, grounds: Grounds) -> None:
    """Reinstate a suspended endorsement; raises RevokedIsFinalError for a revoked one."""
    if endorsement.status is not Status.ACTIVE:
        endorsement.reinstate(command, grounds)


def revoke(endorsement: Credential, command: Command, grounds: Grounds) -> None:
    """Revoke an endorsement unless it is revoked."""
    if endorsement.status is not Status.REVOKED:
        endorsement.revoke(command, grounds)
