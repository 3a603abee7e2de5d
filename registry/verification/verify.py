"""Verify credentials and presentations: parse, structure, signatures, validity, status."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from registry.formats import contexts as bundled
from registry.formats import rdf
from registry.formats.canonical import Canonicaliser, ContextLoader
from registry.formats.shapes import Shapes
from registry.verification.authenticity import Authenticity
from registry.verification.checks import failed
from registry.verification.compromised import OwnIssuers
from registry.verification.did_documents import DidDocuments
from registry.verification.list_cache import ListCache
from registry.verification.occasions import Occasion
from registry.verification.opening import Opened, open_document, open_value
from registry.verification.patience import Patience
from registry.verification.ports import Fetcher
from registry.verification.presentations import Presentations
from registry.verification.proofs import Means
from registry.verification.report import (
    Check,
    CheckError,
    Outcome,
    PresentationReport,
    Report,
    verdict_of,
)
from registry.verification.resources import check_references
from registry.verification.roles import ISSUER
from registry.verification.standing import Standings
from registry.verification.status import check_status, status_not_checked
from registry.verification.status_lists import Asker, StatusLists
from registry.verification.structure import Document, check_structure, issuer_of, types_of
from registry.verification.validity import check_validity

# Most documents of strangers come once, and learning a shape takes longer than a verification.
_LEARNED_AT: Final = 2


class Verifier:
    """Verifies many documents, asking for each DID document and status list only once a while.

    Lists signed by `trusted_list_issuers` count for credentials of other issuers too. With
    `holder_must_be_subject`, a presentation by anybody but the credential's subject fails.
    `canonicalise` may run elsewhere, so that a graph made to be slow can be given up. `patience`
    bounds what each call may take in all. `own_issuers` are those whose documents the verifier's
    registry publishes: it can tell a compromised key of theirs from one that never was. A verifier
    that `tells_standing` asks the issuer's registry for its accreditation, which is told beside
    the verdict and never changes it.

    May be used from several threads at once, if its fetcher may. Keep one as long as possible:
    it remembers the newest status list seen at each URL, and accepts no older one; and of the
    documents it met the shapes, so that others like them take a fraction of the time.
    """

    def __init__(  # noqa: PLR0913 - each is a decision of whoever verifies
        self,
        fetcher: Fetcher,
        *,
        contexts: ContextLoader = bundled.load,
        cache: ListCache | None = None,
        canonicalise: Canonicaliser = rdf.canonicalise,
        trusted_list_issuers: Collection[str] = (),
        holder_must_be_subject: bool = False,
        patience: Patience | None = None,
        own_issuers: OwnIssuers | None = None,
        tells_standing: bool = False,
    ) -> None:
        is_own = own_issuers.publishes if own_issuers is not None else _nobodys
        self._standings = Standings(fetcher, is_own=is_own) if tells_standing else None
        self._patience = patience = patience or Patience()
        fetcher = patience.fetcher(fetcher)
        forms = Shapes(
            contexts=contexts,
            canonicalise=patience.canonicaliser(canonicalise),
            learned_at=_LEARNED_AT,
        )
        means = Means(contexts, forms, patience.is_time_up)
        documents = DidDocuments(fetcher, is_own=is_own)
        self._authenticity = Authenticity(documents, means=means, own_issuers=own_issuers)
        self._lists = StatusLists(
            fetcher,
            authenticate=self._authenticate,
            cache=cache or ListCache(),
            trusted_issuers=trusted_list_issuers,
        )
        self._presentations = Presentations(
            self._authenticity,
            verify_credential=self._verify_value,
            holder_must_be_subject=holder_must_be_subject,
        )

    def verify(self, document: bytes, *, now: datetime) -> Report:
        """Return the verdict on a credential as of `now`, an aware datetime.

        `document` is the credential's JSON, an EnvelopedVerifiableCredential or a compact JWT.
        Raises nothing about the document: whatever it holds ends in a report.
        """
        try:
            opened = open_document(document)
        except CheckError as error:
            return _report([error.check], None)
        with self._patience.one_verification():
            report = self._verify_opened(opened, now)
        return self._with_standing([report], now)[0]

    def verify_presentation(
        self,
        document: bytes,
        *,
        now: datetime,
        challenge: str | None = None,
        domain: str | None = None,
    ) -> PresentationReport:
        """Return the verdict on a presentation and on each credential in it, as of `now`.

        `document` is the presentation's JSON, an EnvelopedVerifiablePresentation or a compact
        JWT. `challenge` and `domain` are what the holder was asked to put into the signature;
        None where that is not to be checked. Raises nothing about the document.
        """
        with self._patience.one_verification():
            report = self._presentations.verify(document, Occasion(now, challenge, domain))
        return replace(report, credentials=self._with_standing(report.credentials, now))

    def _with_standing(self, reports: Sequence[Report], now: datetime) -> tuple[Report, ...]:
        # After the verdicts, so that an answer that is slow or never comes can touch none.
        if self._standings is None:
            return tuple(reports)
        return self._standings.added_to(reports, now=now)

    def _verify_value(self, document: Document, now: datetime) -> Report:
        try:
            opened = open_value(document)
        except CheckError as error:
            return _report([error.check], None)
        return self._verify_opened(opened, now)

    def _verify_opened(self, opened: Opened, now: datetime) -> Report:
        document = opened.document
        structure = _check_kind(document) or check_structure(document)
        if structure.outcome is not Outcome.PASSED:
            return _report([structure], document)
        return _report([structure, *self._substance(opened, now)], document)

    def _substance(self, opened: Opened, now: datetime) -> Sequence[Check]:
        document = opened.document
        authenticity = self._authenticate(opened, now)
        validity = check_validity(document, now=now)
        if any(check.outcome is not Outcome.PASSED for check in authenticity):
            return [*authenticity, validity, *status_not_checked(document)]
        asker = Asker(issuer_of(document), is_token=opened.token is not None)
        status = check_status(document, lists=self._lists, asker=asker, now=now)
        return [*authenticity, *check_references(document), validity, *status]

    def _authenticate(self, opened: Opened, now: datetime) -> Sequence[Check]:
        did = issuer_of(opened.document)
        return self._authenticity.check(opened, did=did, role=ISSUER, now=now)


def verify_credential(
    document: bytes, *, fetcher: Fetcher, now: datetime, contexts: ContextLoader = bundled.load
) -> Report:
    """Verify one credential, remembering nothing."""
    return Verifier(fetcher, contexts=contexts).verify(document, now=now)


def _nobodys(_did: str) -> bool:
    return False


def _check_kind(document: Document) -> Check | None:
    """Report a presentation where a credential is expected."""
    if "VerifiablePresentation" not in types_of(document):
        return None
    kind = document.get("type")
    return failed("format", "not-expected-here", looked_at="type", type=kind).check


def _report(checks: Sequence[Check], document: dict[str, Any] | None) -> Report:
    claims = document or {}
    issuer = claims.get("issuer")
    return Report(
        verdict=verdict_of(checks),
        checks=tuple(checks),
        credential_id=_text(claims.get("id")),
        issuer=_text(issuer.get("id") if isinstance(issuer, dict) else issuer),
        credential=document,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
