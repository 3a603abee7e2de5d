"""Get a status list and make sure that it is what the credential's issuer published.

Bitstring Status List 1.0 §3.2 (Validate Algorithm), steps 3 to 7, and the rules a credential
that carries a list must keep (§2.2).

The specification lets a list have another issuer than the credentials that point to it (§2.2).
Whoever holds the credential cannot have chosen that list, since the entry is signed; but nothing
the credential's issuer signed says whose word its server may pass on, so an attacker who takes
over that server alone could clear every revocation. Such a list counts only where the verifier is
told to trust its issuer's lists, and the check then says who signed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from registry.formats import bitstring
from registry.formats.one_or_many import values_of
from registry.verification.checks import unknown
from registry.verification.instants import is_over, is_to_come, parse_proof_instant
from registry.verification.list_cache import ListCache, OlderListError, VerifiedList
from registry.verification.opening import Opened, open_document
from registry.verification.ports import Fetcher, FetchError
from registry.verification.proofs import own_proofs
from registry.verification.report import Check, CheckError, Outcome
from registry.verification.structure import (
    Document,
    check_structure,
    issuer_of,
    types_of,
)
from registry.verification.validity import period_of

NAME: Final = "status"

_JSON: Final = "application/vc, application/vc+jwt;q=0.9, application/ld+json;q=0.8"
_JWT: Final = "application/vc+jwt, application/vc;q=0.9, application/jwt;q=0.8"
_REST: Final = ", application/json;q=0.7"

Authenticate = Callable[[Opened, datetime], Sequence[Check]]


@dataclass(frozen=True)
class Asker:
    """The credential a list is wanted for: whose it is, and whether it is a JWT.

    A list should be secured as the credential is (§3, "same mechanism"), so that form is asked
    for first; another is read all the same.
    """

    issuer: str
    is_token: bool = False

    @property
    def accept(self) -> str:
        """The value of the Accept header."""
        return (_JWT if self.is_token else _JSON) + _REST


class StatusLists:
    """Verified status lists, from the cache or through the fetcher.

    `authenticate` returns the checks of a document's contexts, issuer and signatures. Lists of
    `trusted_issuers` count for credentials of every issuer, others for their own issuer's alone.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        authenticate: Authenticate,
        cache: ListCache,
        trusted_issuers: Collection[str] = (),
    ) -> None:
        self._fetcher = fetcher
        self._authenticate = authenticate
        self._cache = cache
        self._trusted_issuers = frozenset(trusted_issuers)

    def load(self, url: str, *, asker: Asker, now: datetime) -> VerifiedList:
        """Return the list at `url` if it may speak for the asker's issuer and holds at `now`.

        Raises `CheckError` with outcome unknown.
        """
        verified = self._cache.get(url, now=now)
        if verified is None:
            verified = self._accept(self._fetch(url, asker=asker, now=now), now)
        self._require_issuer(verified.issuer, asker)
        return verified

    def _accept(self, fetched: VerifiedList, now: datetime) -> VerifiedList:
        # A list that does not hold yet, or no more, must neither be kept nor raise the floor.
        _require_current(fetched, now=now)
        try:
            return self._cache.accept(fetched, now=now)
        except OlderListError as error:
            raise unknown(NAME, "status-list-older-than-seen", looked_at=fetched.url) from error

    def _fetch(self, url: str, *, asker: Asker, now: datetime) -> VerifiedList:
        try:
            fetched = self._fetcher.fetch(url, accept=asker.accept)
        except FetchError as error:
            code, reason = "status-list-unreachable", error.reason
            raise unknown(NAME, code, looked_at=url, url=url, reason=reason) from error
        opened = _opened(fetched.body, url)
        _require_list_form(opened.document, url)
        # Only now: nobody's DID document is fetched for a list that would not count anyway.
        self._require_issuer(issuer_of(opened.document), asker)
        self._require_authentic(opened, now)
        return _read(opened, url)

    def _require_issuer(self, of_list: str, asker: Asker) -> None:
        if of_list != asker.issuer and of_list not in self._trusted_issuers:
            raise unknown(NAME, "status-list-other-issuer", looked_at=of_list, signer=of_list)

    def _require_authentic(self, opened: Opened, now: datetime) -> None:
        for check in self._authenticate(opened, now):
            if check.outcome is not Outcome.PASSED:
                code, why = "status-list-not-verified", check.sentence
                raise unknown(NAME, code, looked_at=check.looked_at, why=why)


def _opened(body: bytes, url: str) -> Opened:
    try:
        return open_document(body)
    except CheckError as error:
        code, why = "status-list-malformed", error.check.sentence
        raise unknown(NAME, code, looked_at=url, why=why) from error


def _require_list_form(document: Document, url: str) -> None:
    """Refuse what is not a status list at all, such as a badge put in a list's place."""
    structure = check_structure(document, is_list=True)
    if structure.outcome is not Outcome.PASSED:
        raise unknown(NAME, "status-list-malformed", looked_at=url, why=structure.sentence)
    if "BitstringStatusListCredential" not in types_of(document):
        raise unknown(NAME, "not-a-status-list", looked_at=url)
    # Without an id, its host could put any other list of the same issuer in its place.
    if "id" not in document:
        raise unknown(NAME, "status-list-without-id", looked_at=url)
    if document["id"] != url:
        raise unknown(NAME, "status-list-other-id", looked_at=url, id=document["id"], url=url)


def _require_current(verified: VerifiedList, *, now: datetime) -> None:
    if is_over(verified.end, now=now):
        raise unknown(NAME, "status-list-expired", looked_at=verified.url)
    if is_to_come(verified.period.start, now=now):
        raise unknown(NAME, "status-list-not-yet-valid", looked_at=verified.url)


def _read(opened: Opened, url: str) -> VerifiedList:
    """Return what a list credential says, strictly read and expanded."""
    document = opened.document
    subject = document["credentialSubject"]
    if not isinstance(subject, dict) or "BitstringStatusList" not in types_of(subject):
        raise _malformed("credentialSubject", url)
    try:
        period = period_of(document)
    except CheckError as error:
        raise _malformed(error.check.looked_at, url) from error
    return VerifiedList(
        url=url,
        issuer=issuer_of(document),
        purposes=_purposes(subject, url),
        entry_size=_whole(subject, "statusSize", at_least=1, url=url),
        period=period,
        ttl_ms=_whole(subject, "ttl", at_least=0, url=url),
        bits=_bits(subject, url),
        signed_at=_signed_at(opened),
        signed_until=_signed_until(opened),
        form="proof" if opened.token is None else "token",
    )


def _signed_at(opened: Opened) -> datetime | None:
    """Return when the list's issuer signed it; the last of several proofs counts."""
    if opened.token is not None:
        return opened.token.content.instant("iat")
    # Anybody can countersign an old list today, which makes it no newer.
    proofs = own_proofs(opened.document, issuer_of(opened.document))
    created = [parse_proof_instant(proof["created"]) for proof in proofs if "created" in proof]
    return max(created, default=None)


def _signed_until(opened: Opened) -> datetime | None:
    """Return the earliest end of the list's signatures, all of which must hold."""
    token = opened.token
    proofs = values_of(opened.document.get("proof"))
    ends = [parse_proof_instant(proof["expires"]) for proof in proofs if "expires" in proof]
    exp = token.content.instant("exp") if token is not None else None
    return min(ends if exp is None else [*ends, exp], default=None)


def _purposes(subject: dict[str, Any], url: str) -> frozenset[str]:
    purposes = values_of(subject.get("statusPurpose"))
    if not purposes or not all(isinstance(purpose, str) for purpose in purposes):
        raise _malformed("statusPurpose", url)
    return frozenset(purposes)


def _whole(subject: dict[str, Any], field: str, *, at_least: int, url: str) -> int | None:
    value = subject.get(field)
    if field not in subject or (type(value) is int and value >= at_least):
        return value
    raise _malformed(field, url)


def _bits(subject: dict[str, Any], url: str) -> bytes:
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str):
        raise _malformed("encodedList", url)
    try:
        return bitstring.decode(encoded)
    except bitstring.ListLengthError as error:
        raise unknown(NAME, "status-list-length", looked_at=url) from error
    except bitstring.MalformedValueError as error:
        raise _malformed("encodedList", url) from error


def _malformed(field: str, url: str) -> CheckError:
    return unknown(NAME, "status-list-field-malformed", looked_at=url, field=field)
