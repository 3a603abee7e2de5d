"""Get the DID document of an issuer or holder, which says which keys may sign for it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from registry.formats import did as dids
from registry.formats import strict_json
from registry.verification.checks import unknown
from registry.verification.patience import OutOfPatienceError
from registry.verification.ports import Fetcher, FetchError
from registry.verification.report import Check, CheckError

DidDocument = dict[str, Any]

_ACCEPT: Final = "application/did+json, application/did+ld+json;q=0.9, application/json;q=0.8"
_MOST_HELD: Final = 1_024

# A key found to be compromised leaves the document, so a copy must not be trusted for long.
_HELD_FOR: Final = timedelta(seconds=300)

# Anybody can name a key that does not exist, so a held copy is not renewed for that more often.
_RENEWED_AFTER: Final = timedelta(seconds=5)

_CALCULATED: Final[Mapping[str, Callable[[str], DidDocument]]] = MappingProxyType(
    {"did:key:": dids.did_key_document, "did:jwk:": dids.did_jwk_document}
)


@dataclass(frozen=True)
class _Held:
    """A copy, when it was fetched and last asked for again, and what came of that if nothing."""

    document: DidDocument
    since: datetime
    asked_at: datetime
    failure: Check | None = None
    renewing: threading.Lock = field(default_factory=threading.Lock, compare=False)


class DidDocuments:
    """Resolves did:key and did:jwk by arithmetic, did:web through the fetcher.

    Copies of fetched documents are kept for 300 s; `newer` asks again within that time, at most
    every 5 s for one DID. Documents that are the verifier's own (`is_own`) cost no request, and
    are read each time: a key that left them is missed at once. May be used from several threads
    at once.
    """

    def __init__(
        self, fetcher: Fetcher, *, is_own: Callable[[str], bool] = lambda _did: False
    ) -> None:
        self._fetcher = fetcher
        self._is_own = is_own
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def document(self, did: str, *, owner: str, now: datetime) -> DidDocument:
        """Return the DID document whose id is `did`.

        Raises `CheckError` with outcome unknown, named after the `owner`: issuer or holder.
        """
        try:
            return self._document(did, owner, now)
        except dids.DidError as error:
            raise unknown(owner, "did-malformed", looked_at=did, did=did) from error

    def newer(self, document: DidDocument, *, owner: str, now: datetime) -> DidDocument | None:
        """Return a newer version of a document returned before, None where there is none.

        None, too, for a document that was fetched so lately that there is no asking again. Raises
        `CheckError` with outcome unknown where it was asked for and nothing came.
        """
        did = str(document["id"])
        held = self._copy(did)
        if held is None:
            return None
        with held.renewing:
            # Another thread may have renewed it while this one waited.
            held = self._renewed(did, self._copy(did) or held, owner=owner, now=now)
        return None if held.document == document else held.document

    def _renewed(self, did: str, held: _Held, *, owner: str, now: datetime) -> _Held:
        """Return a copy after it was asked for again, or as it is when that was just done."""
        if held.asked_at <= now < held.asked_at + _RENEWED_AFTER:
            if held.failure is not None:
                raise CheckError(held.failure)
            return held
        try:
            renewed = _Held(self._fetch(did, owner), now, now)
        except CheckError as error:
            # That one verification took too long says nothing about the document to others.
            if not isinstance(error.__cause__, OutOfPatienceError):
                self._keep(did, replace(held, asked_at=now, failure=error.check))
            raise
        self._keep(did, renewed)
        return renewed

    def _document(self, did: str, owner: str, now: datetime) -> DidDocument:
        for prefix, calculate in _CALCULATED.items():
            if did.startswith(prefix):
                return calculate(did)
        if did.startswith("did:web:"):
            return self._web_document(did, owner, now)
        raise unknown(owner, "did-method-not-supported", looked_at=did, did=did)

    def _web_document(self, did: str, owner: str, now: datetime) -> DidDocument:
        held = self._copy(did)
        is_fresh = held is not None and held.since <= now < held.since + _HELD_FOR
        if held is not None and is_fresh and not self._is_own(did):
            return held.document
        document = self._fetch(did, owner)
        self._keep(did, _Held(document, now, now))
        return document

    def _copy(self, did: str) -> _Held | None:
        with self._lock:
            return self._held.get(did)

    def _fetch(self, did: str, owner: str) -> DidDocument:
        url = dids.did_web_document_url(did)
        try:
            document = strict_json.loads(self._fetcher.fetch(url, accept=_ACCEPT).body)
        except FetchError as error:
            code, reason = "did-document-unreachable", error.reason
            raise unknown(owner, code, looked_at=did, url=url, reason=reason) from error
        except strict_json.StrictJsonError as error:
            raise unknown(owner, "did-document-malformed", looked_at=did, url=url) from error
        return _named(did, document, owner=owner)

    def _keep(self, did: str, held: _Held) -> None:
        with self._lock:
            self._held.pop(did, None)
            self._held[did] = held
            if len(self._held) > _MOST_HELD:
                del self._held[next(iter(self._held))]


def _named(did: str, document: Any, *, owner: str) -> DidDocument:
    """Return the document if it is about `did`, as did:web requires of a resolver."""
    if isinstance(document, dict) and document.get("id") == did:
        return document
    raise unknown(owner, "did-document-mismatch", looked_at=did, did=did)
