"""Who acts for a credential: its issuer, or once that is closed the custodian in its place."""

from dataclasses import dataclass
from uuid import UUID

from registry.domain.credential import Credential
from registry.domain.errors import (
    IssuerClosedError,
    UnknownCredentialError,
    UnknownIssuerError,
)
from registry.domain.issuer import Issuer
from registry.identifiers import parse_id
from registry.lookups import Lookups
from registry.streams import Streams


@dataclass(frozen=True)
class Changeable:
    """A credential that may be changed in its issuer's name, both as they were a moment ago."""

    credential: Credential
    owner: Issuer

    @property
    def owner_id(self) -> str:
        """Return the id of the issuer in whose name it is changed."""
        return str(self.owner.id)


class Custody:
    """Finds credentials on behalf of an issuer that asks; what is not its own is not there."""

    def __init__(self, streams: Streams, lookups: Lookups) -> None:
        self._streams = streams
        self._lookups = lookups

    def is_custodian(self, asker_id: str, owner_id: str) -> bool:
        """Return whether the asker acts for another issuer, which is closed."""
        try:
            return self._custodian(self._lookups.issuer(owner_id)) == asker_id
        except UnknownIssuerError:
            return False

    def readable(self, asker_id: str, credential_id: str) -> Credential:
        """Return a credential of the asker's, or of a closed issuer it is custodian of.

        Raises UnknownCredentialError, after the same work for one that is not there and for one
        that is somebody else's.
        """
        return self._found(asker_id, credential_id).credential

    def changeable(self, asker_id: str, credential_id: str) -> Changeable:
        """Return a credential whose status the asker may change, and in whose name.

        Raises UnknownCredentialError, or IssuerClosedError for the closed issuer itself.
        """
        found = self._found(asker_id, credential_id)
        if found.owner_id == asker_id and found.owner.closed:
            raise IssuerClosedError(
                "the issuer is closed and changes no status itself",
                remedy="ask its custodian, or an operator where it has none",
            )
        return found

    def _found(self, asker_id: str, credential_id: str) -> Changeable:
        number = parse_id(credential_id, UnknownCredentialError, field="credential_id")
        asker = Issuer(parse_id(asker_id, UnknownIssuerError, field="issuer_id"))
        # Most ask for their own; whoever does not waits as long as for one that is not there.
        credential, owner = self._streams.load_both(Credential(number), asker)
        owner_id = credential.issuance.issuer_id if credential.version else asker_id
        if not credential.version or owner_id != asker_id:
            owner = self._lookups.issuer(owner_id)
        custodian_id = self._custodian(owner)
        if not credential.version or asker_id not in (owner_id, custodian_id):
            raise UnknownCredentialError("there is no such credential", field="credential_id")
        return Changeable(credential, owner)

    def _custodian(self, owner: Issuer) -> str | None:
        """Return who acts for a closed issuer: a custodian that closed is followed by its own."""
        passed = {str(owner.id)}
        while owner.custodian_id is not None:
            custodian_id = owner.custodian_id
            if custodian_id in passed:
                return None  # Two that closed at the same moment may have named each other.
            passed.add(custodian_id)
            owner = self._streams.load(Issuer(UUID(custodian_id)))
            if not owner.closed:
                return custodian_id
        return None
