"""Find the credentials that bear a name, without a view of the history."""

from registry.commands import issuer_scope, uuid8
from registry.domain.credential_name import CredentialName
from registry.store.key_store import KeyStore
from registry.streams import Streams


class CredentialNames:
    """Reads the names that issuers gave to credentials.

    The id of a name's stream is a digest keyed with the issuer's secret: the history does not
    tell a name, nor that two issuers use the same one.
    """

    def __init__(self, streams: Streams, keys: KeyStore) -> None:
        self._streams = streams
        self._keys = keys

    def load(self, issuer_id: str, name: str) -> CredentialName:
        """Return a name as it is now; one that nothing bears yet is at version 0."""
        digest = self._keys.keyed_digest(
            issuer_scope(issuer_id), "credential-name", name.encode("utf-8", "surrogatepass")
        )
        return self._streams.load(CredentialName(uuid8(digest[:16])))
