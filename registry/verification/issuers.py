"""Get the DID document of an issuer, which says which keys may sign for it."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from registry.formats import did as dids
from registry.formats import strict_json
from registry.verification.ports import Fetcher, FetchError
from registry.verification.report import Check, CheckError, Outcome, shown

_ACCEPT = "application/did+json, application/did+ld+json;q=0.9, application/json;q=0.8"
_MOST_HELD = 1_024

# A key found to be compromised leaves the document, so a copy must not be trusted for long.
_HELD_FOR = timedelta(seconds=300)


@dataclass(frozen=True)
class _Held:
    document: dict[str, Any]
    since: datetime


class IssuerDocuments:
    """Resolves did:key by arithmetic and did:web through the fetcher, keeping copies for 300 s.

    May be used from several threads at once.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def document(self, did: str, *, now: datetime) -> dict[str, Any]:
        """Return the DID document whose id is `did`; raises `CheckError` with outcome unknown."""
        try:
            if did.startswith("did:key:"):
                return dids.did_key_document(did)
            if did.startswith("did:web:"):
                return self._web_document(did, now)
        except dids.DidError as error:
            sentence = f"The issuer's DID cannot be used: {error}."
            raise _unknown(did, "issuer-malformed", sentence=sentence) from error
        sentence = f"The issuer {shown(did)} is neither a did:key nor a did:web."
        raise _unknown(did, "issuer-not-supported", sentence=sentence)

    def _web_document(self, did: str, now: datetime) -> dict[str, Any]:
        with self._lock:
            held = self._held.get(did)
        if held is not None and held.since <= now < held.since + _HELD_FOR:
            return held.document
        document = self._fetch(did)
        self._keep(did, _Held(document, now))
        return document

    def _fetch(self, did: str) -> dict[str, Any]:
        url = dids.did_web_document_url(did)
        try:
            document = strict_json.loads(self._fetcher.fetch(url, accept=_ACCEPT).body)
        except FetchError as error:
            sentence = f"The issuer's DID document could not be fetched from {url}: {error}"
            raise _unknown(did, "issuer-unreachable", sentence=sentence) from error
        except strict_json.StrictJsonError as error:
            sentence = f"What {url} answers is not a DID document: {error}."
            raise _unknown(did, "issuer-document-malformed", sentence=sentence) from error
        return _named(did, document)

    def _keep(self, did: str, held: _Held) -> None:
        with self._lock:
            self._held.pop(did, None)
            self._held[did] = held
            if len(self._held) > _MOST_HELD:
                del self._held[next(iter(self._held))]


def _named(did: str, document: Any) -> dict[str, Any]:
    """Return the document if it is about `did`, as did:web requires of a resolver."""
    if isinstance(document, dict) and document.get("id") == did:
        return document
    sentence = "The issuer's DID document does not bear the issuer's DID as its id."
    raise _unknown(did, "issuer-document-mismatch", sentence=sentence)


def _unknown(did: str, code: str, *, sentence: str) -> CheckError:
    return CheckError(Check("issuer", Outcome.UNKNOWN, code, sentence, did))
