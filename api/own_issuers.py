"""What the registry tells its verifier of the issuers whose DID documents it publishes."""

from collections.abc import Mapping

from registry.application import CredentialRegistry
from registry.domain.errors import UnknownIssuerError
from registry.formats.did import DidError, did_web


class IssuersHere:
    """The issuers of one registry, as `verification.compromised.OwnIssuers` asks for them."""

    def __init__(self, application: CredentialRegistry) -> None:
        self._application = application
        self._prefix = _prefix(application.public_url)

    def publishes(self, did: str) -> bool:
        """Return whether a DID's document is published under the registry's own URL."""
        return self._prefix is not None and did.startswith(self._prefix)

    def compromised(self, did: str) -> Mapping[str, str]:
        """Return the keys of an issuer that others may have held, with since when."""
        if not self.publishes(did):
            return {}
        try:
            return self._application.issuer(did.rpartition(":")[2]).compromised
        except UnknownIssuerError:
            return {}


def _prefix(public_url: str) -> str | None:
    """Return how the DIDs of issuers begin, None for a URL no did:web can stand for."""
    try:
        return did_web(public_url, "issuers", "x").removesuffix("x")
    except DidError:
        return None
