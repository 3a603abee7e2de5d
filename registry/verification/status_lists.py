"""Get a status list and make sure that it is what the credential's issuer published.

Bitstring Status List 1.0 §3.2 (Validate Algorithm), steps 3 to 7, and the rules a credential
that carries a list must keep (§2.2).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from registry.formats import bitstring
from registry.verification.instants import is_over, is_to_come
from registry.verification.list_cache import ListCache, OlderListError, VerifiedList
from registry.verification.opening import open_document
from registry.verification.ports import Fetcher, FetchError
from registry.verification.report import Check, CheckError, Outcome, shown
from registry.verification.structure import (
    Document,
    as_list,
    check_structure,
    issuer_of,
    types_of,
)
from registry.verification.validity import PeriodError, period_of

_ACCEPT = "application/vc, application/ld+json;q=0.9, application/json;q=0.8"
_PROBLEM = "https://www.w3.org/ns/credentials/status-list#"

Authenticate = Callable[[Document, datetime], Sequence[Check]]


class StatusError(Exception):
    """A status cannot be told; `code` says why, `problem_type` is the specification's name."""

    problem_type: str

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class StatusRetrievalError(StatusError):
    """The status list could not be had (STATUS_RETRIEVAL_ERROR)."""

    problem_type = f"{_PROBLEM}STATUS_RETRIEVAL_ERROR"


class StatusVerificationError(StatusError):
    """The status list could not be found right (STATUS_VERIFICATION_ERROR)."""

    problem_type = f"{_PROBLEM}STATUS_VERIFICATION_ERROR"


class StatusLists:
    """Verified status lists, from the cache or through the fetcher.

    `authenticate` returns the checks of a document's contexts, issuer and proofs.
    """

    def __init__(self, fetcher: Fetcher, *, authenticate: Authenticate, cache: ListCache) -> None:
        self._fetcher = fetcher
        self._authenticate = authenticate
        self._cache = cache

    def load(self, url: str, *, issuer: str, now: datetime) -> VerifiedList:
        """Return the list at `url` if `issuer` published it and it holds at `now`.

        Raises `StatusError`, or `bitstring.BitstringError` when the list cannot be expanded.
        """
        verified = self._cache.get(url, now=now)
        if verified is None:
            verified = self._accept(self._fetch(url, issuer=issuer, now=now), now)
        _require_issuer(verified.issuer, issuer)
        return verified

    def _accept(self, fetched: VerifiedList, now: datetime) -> VerifiedList:
        # A list that does not hold yet, or no more, must neither be kept nor raise the floor.
        _require_current(fetched, now=now)
        try:
            return self._cache.accept(fetched, now=now)
        except OlderListError as error:
            sentence = "The status list is older than one already seen at the same URL."
            raise StatusVerificationError("status-list-older-than-seen", sentence) from error

    def _fetch(self, url: str, *, issuer: str, now: datetime) -> VerifiedList:
        try:
            fetched = self._fetcher.fetch(url, accept=_ACCEPT)
        except FetchError as error:
            sentence = f"The status list could not be fetched from {url}: {error}"
            raise StatusRetrievalError("status-list-unreachable", sentence) from error
        document = _opened(fetched.body)
        _require_list_form(document, url)
        # Only now: nobody's DID document is fetched for a list that would not count anyway.
        _require_issuer(issuer_of(document), issuer)
        self._require_authentic(document, now)
        return _read(document, url)

    def _require_authentic(self, document: Document, now: datetime) -> None:
        for check in self._authenticate(document, now):
            if check.outcome is not Outcome.PASSED:
                sentence = f"The status list cannot be trusted. {check.sentence}"
                raise StatusVerificationError("status-list-not-verified", sentence)


def _opened(body: bytes) -> Document:
    try:
        return open_document(body)
    except CheckError as error:
        sentence = f"The status list cannot be read. {error.check.sentence}"
        raise StatusVerificationError("status-list-malformed", sentence) from error


def _require_list_form(document: Document, url: str) -> None:
    """Refuse what is not a status list at all, such as a badge put in a list's place."""
    structure = check_structure(document)
    if structure.outcome is not Outcome.PASSED:
        sentence = f"The status list is not a credential. {structure.sentence}"
        raise StatusVerificationError("status-list-malformed", sentence)
    if "BitstringStatusListCredential" not in types_of(document):
        sentence = "What stands at the status list's URL is a credential, but not a status list."
        raise StatusVerificationError("not-a-status-list", sentence)
    if document.get("id", url) != url:
        sentence = f"The status list says that it belongs at {shown(document['id'])}, not {url}."
        raise StatusVerificationError("status-list-other-id", sentence)


def _require_issuer(of_list: str, of_credential: str) -> None:
    if of_list != of_credential:
        sentence = (
            f"The status list was issued by {shown(of_list)}, not by the credential's issuer."
        )
        raise StatusVerificationError("status-list-other-issuer", sentence)


def _require_current(verified: VerifiedList, *, now: datetime) -> None:
    if is_over(verified.period.end, now=now):
        raise StatusVerificationError("status-list-expired", "The status list has expired.")
    if is_to_come(verified.period.start, now=now):
        sentence = "The status list is from the future; check this computer's clock."
        raise StatusVerificationError("status-list-not-yet-valid", sentence)


def _read(document: Document, url: str) -> VerifiedList:
    """Return what a list credential says, strictly read and expanded."""
    subject = document["credentialSubject"]
    if not isinstance(subject, dict) or "BitstringStatusList" not in types_of(subject):
        raise _malformed("The status list's credentialSubject is not one BitstringStatusList.")
    try:
        period = period_of(document)
    except PeriodError as error:
        raise _malformed(f"The status list's {error}") from error
    return VerifiedList(
        url=url,
        issuer=issuer_of(document),
        purposes=_purposes(subject),
        entry_size=_positive(subject, "statusSize"),
        period=period,
        ttl_ms=_positive(subject, "ttl"),
        bits=_bits(subject),
    )


def _purposes(subject: dict[str, Any]) -> frozenset[str]:
    purposes = as_list(subject.get("statusPurpose"))
    if not purposes or not all(isinstance(purpose, str) for purpose in purposes):
        raise _malformed("The status list's statusPurpose is not one or more texts.")
    return frozenset(purposes)


def _positive(subject: dict[str, Any], field: str) -> int | None:
    value = subject.get(field)
    if value is None or (type(value) is int and value > 0):
        return value
    raise _malformed(f"The status list's {field} is not a whole number above zero.")


def _bits(subject: dict[str, Any]) -> bytes:
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str):
        raise _malformed("The status list's encodedList is not a text.")
    return bitstring.decode(encoded)


def _malformed(sentence: str) -> bitstring.MalformedValueError:
    return bitstring.MalformedValueError(sentence)
