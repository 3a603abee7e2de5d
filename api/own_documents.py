"""Read the registry's own status lists and DID documents from where they are published."""

import re
from collections.abc import Callable
from datetime import datetime

from api.negotiation import choose
from api.published import LIST_TYPES
from projections.publish_folder import DID_NAME, LIST_NAME, PublishFolder, as_jwt
from registry.domain.errors import RegistryError
from registry.formats.vc_jwt import VC_JWT
from registry.verification.list_cache import ListCache, VerifiedList
from registry.verification.ports import Fetched, Fetcher, FetchError

_LIST = re.compile(LIST_NAME)
_DID_DOCUMENT = re.compile(DID_NAME)

_STANDING = re.compile(r"issuers/([0-9a-f-]{36})/standing")
_DID_TYPE = "application/did+json"


class OwnDocuments:
    """A `Fetcher` that answers for the registry's URLs from its folder, before one for all others.

    Nothing under the public URL is ever asked for over the network: a registry that verifies its
    own credentials needs no way back to itself, and cannot be made to call itself. `standing` gives
    what is answered about the standing of an issuer (its id); it raises RegistryError. Without it
    there is no such answer.
    """

    def __init__(
        self,
        folder: PublishFolder,
        public_url: str,
        *,
        beyond: Fetcher,
        standing: Callable[[str], bytes] | None = None,
    ) -> None:
        self._folder = folder
        self._standing = standing
        self._prefix = f"{public_url}/"
        self._beyond = beyond

    def fetch(self, url: str, *, accept: str) -> Fetched:
        """Return what is published under a URL, as `ports.Fetcher` has it."""
        if not url.startswith(self._prefix):
            return self._beyond.fetch(url, accept=accept)
        name = url.removeprefix(self._prefix)
        if _LIST.fullmatch(name):
            return self._list(name, accept)
        if _DID_DOCUMENT.fullmatch(name):
            return Fetched(self._read(name), _DID_TYPE)
        if match := _STANDING.fullmatch(name):
            return Fetched(self._standing_of(match[1]), "application/json")
        raise _nothing_published()

    def _list(self, name: str, accept: str) -> Fetched:
        compact = as_jwt(name)
        offers = (*LIST_TYPES, VC_JWT) if (self._folder.root / compact).exists() else LIST_TYPES
        media_type = choose(accept, offers)
        if media_type is None:
            raise _nothing_published()
        return Fetched(self._read(compact if media_type == VC_JWT else name), media_type)

    def _standing_of(self, issuer_id: str) -> bytes:
        if self._standing is None:
            raise _nothing_published()
        try:
            return self._standing(issuer_id)
        except RegistryError as error:
            raise _nothing_published() from error

    def _read(self, name: str) -> bytes:
        try:
            return (self._folder.root / name).read_bytes()
        except OSError as error:
            raise _nothing_published() from error


class OthersListCache(ListCache):
    """A cache that keeps others' lists and reads the registry's own each time.

    They cost no request, and the registry knows of a revocation as soon as it is published.
    """

    def __init__(self, public_url: str) -> None:
        super().__init__()
        self._prefix = f"{public_url}/"

    def get(self, url: str, *, now: datetime) -> VerifiedList | None:
        """Return another's list if it is fresh."""
        return None if url.startswith(self._prefix) else super().get(url, now=now)


def _nothing_published() -> FetchError:
    return FetchError(
        "this registry publishes nothing there.", pl="ten rejestr niczego tam nie publikuje."
    )
