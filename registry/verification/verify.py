"""Verify a credential: parse, structure, contexts, issuer, proofs, validity, status."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from registry.formats import contexts as bundled
from registry.formats.canonical import ContextLoader
from registry.verification.issuers import IssuerDocuments
from registry.verification.list_cache import ListCache
from registry.verification.opening import open_document
from registry.verification.ports import Fetcher
from registry.verification.proofs import check_proofs
from registry.verification.report import Check, CheckError, Outcome, Report, verdict_of
from registry.verification.status import check_status, status_not_checked
from registry.verification.status_lists import StatusLists
from registry.verification.structure import Document, check_structure, issuer_of
from registry.verification.validity import check_validity
from registry.verification.vocabulary import check_vocabulary


class Verifier:
    """Verifies many credentials, asking for each DID document and status list only once a while.

    May be used from several threads at once, if its fetcher may. Keep one as long as possible:
    it remembers the newest status list seen at each URL, and accepts no older one.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        contexts: ContextLoader = bundled.load,
        cache: ListCache | None = None,
    ) -> None:
        self._contexts = contexts
        self._issuers = IssuerDocuments(fetcher)
        self._lists = StatusLists(
            fetcher,
            authenticate=lambda document, now: self._authenticate(document, now=now),
            cache=cache or ListCache(),
        )

    def verify(self, document: bytes, *, now: datetime) -> Report:
        """Return the verdict on a credential as of `now`, an aware datetime.

        Raises nothing about the document: whatever it holds ends in a report.
        """
        try:
            opened = open_document(document)
        except CheckError as error:
            return _report([error.check], None)
        structure = check_structure(opened)
        if structure.outcome is not Outcome.PASSED:
            return _report([structure], opened)
        return _report([structure, *self._substance(opened, now=now)], opened)

    def _substance(self, document: Document, *, now: datetime) -> Sequence[Check]:
        authenticity = self._authenticate(document, now=now)
        validity = check_validity(document, now=now)
        if all(check.outcome is Outcome.PASSED for check in authenticity):
            status = check_status(document, lists=self._lists, now=now)
        else:
            status = status_not_checked(document)
        return [*authenticity, validity, *status]

    def _authenticate(self, document: Document, *, now: datetime) -> Sequence[Check]:
        """Check contexts, issuer and proofs, stopping where the next has nothing to stand on."""
        vocabulary = check_vocabulary(document, contexts=self._contexts)
        if vocabulary.outcome is not Outcome.PASSED:
            return [vocabulary]
        issuer = issuer_of(document)
        try:
            keys = self._issuers.document(issuer, now=now)
        except CheckError as error:
            return [vocabulary, error.check]
        proofs = check_proofs(document, keys, contexts=self._contexts, now=now)
        return [vocabulary, _issuer_found(issuer), *proofs]


def verify_credential(
    document: bytes, *, fetcher: Fetcher, now: datetime, contexts: ContextLoader = bundled.load
) -> Report:
    """Verify one credential, remembering nothing."""
    return Verifier(fetcher, contexts=contexts).verify(document, now=now)


def _issuer_found(issuer: str) -> Check:
    sentence = "The issuer's DID document was found, and says which keys are its own."
    return Check("issuer", Outcome.PASSED, "issuer-found", sentence, issuer)


def _report(checks: Sequence[Check], document: dict[str, Any] | None) -> Report:
    claims = document or {}
    issuer = claims.get("issuer")
    return Report(
        verdict=verdict_of(checks),
        checks=tuple(checks),
        credential_id=_text(claims.get("id")),
        issuer=_text(issuer.get("id") if isinstance(issuer, dict) else issuer),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
