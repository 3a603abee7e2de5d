"""Find the key a signature names in the DID document of whoever should have made it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from registry.formats.multikey import PublicKey
from registry.verification.did_documents import DidDocument, DidDocuments
from registry.verification.report import CheckError
from registry.verification.roles import Role, authorised_key

# A failure here is one of a signature: who should have signed is known.
_NAME: Final = "proof"


@dataclass(frozen=True)
class Owner:
    """A DID whose keys sign in a role, its document as it was found, and where newer ones are."""

    document: DidDocument
    role: Role
    documents: DidDocuments
    now: datetime

    @property
    def did(self) -> str:
        """Whose keys these are."""
        return str(self.document["id"])

    def key(self, method: object) -> PublicKey:
        """Return the key of a verification method if it may sign in the role.

        A copy of the document that was held may be older than the key, so a newer one is asked for
        before the key is refused. Raises `CheckError`.
        """
        try:
            return self._key(method, self.document)
        except CheckError as error:
            if error.check.code != "key-not-authorised":
                raise
            newer = self.documents.newer(self.document, owner=_NAME, now=self.now)
            if newer is None:
                raise
        return self._key(method, newer)

    def another(self, did: str) -> "Owner":
        """Return the owner of another DID's keys, in the same role; raises `CheckError`."""
        document = self.documents.document(did, owner=_NAME, now=self.now)
        return replace(self, document=document)

    def _key(self, method: object, document: DidDocument) -> PublicKey:
        return authorised_key(method, document, role=self.role, now=self.now)
