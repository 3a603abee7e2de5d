"""Verify a presentation: who presents, to whom, and each credential in it (VCDM 2.0 §4.13).

The data model lets anybody present a credential about somebody else (a parent, an assistant, an
employer who forwards it), and so do the tests of W3C. That the holder is not the subject is
therefore said and does not decide, unless the verifier's owner asks that it does.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from registry.formats.one_or_many import values_of
from registry.verification.authenticity import Authenticity, is_signed
from registry.verification.checks import failed, passed, unknown
from registry.verification.occasions import Occasion, check_occasion
from registry.verification.opening import Opened, open_document
from registry.verification.report import (
    Check,
    CheckError,
    Outcome,
    PresentationReport,
    Report,
    strongest,
    verdict_of,
)
from registry.verification.roles import HOLDER
from registry.verification.structure import (
    Document,
    check_presentation_structure,
    types_of,
)

# Each may cost a fetch of a DID document and of status lists, within what one call may take.
MAXIMUM_CREDENTIALS: Final = 16

VerifyCredential = Callable[[Document, datetime], Report]


class Presentations:
    """Verifies presentations; `verify_credential` reports on one credential of them."""

    def __init__(
        self,
        authenticity: Authenticity,
        *,
        verify_credential: VerifyCredential,
        holder_must_be_subject: bool,
    ) -> None:
        self._authenticity = authenticity
        self._verify_credential = verify_credential
        self._holder_must_be_subject = holder_must_be_subject

    def verify(self, data: bytes, occasion: Occasion) -> PresentationReport:
        """Return the verdict on a presentation and on each credential in it."""
        try:
            opened = open_document(data)
            _require_presentation(opened.document)
        except CheckError as error:
            return _report([error.check], holder=None, credentials=())
        structure = check_presentation_structure(opened.document)
        holder = _stated_holder(opened.document)
        if structure.outcome is not Outcome.PASSED:
            return _report([structure], holder=holder, credentials=())
        return self._substance(opened, structure, occasion)

    def _substance(
        self, opened: Opened, structure: Check, occasion: Occasion
    ) -> PresentationReport:
        presented = values_of(opened.document.get("verifiableCredential"))
        holder = _stated_holder(opened.document) or _signer(opened)
        binding = self._binding(opened, holder, occasion)
        checks = [structure, *binding]
        if len(presented) > MAXIMUM_CREDENTIALS:
            return _report([*checks, _too_many()], holder=holder, credentials=())
        credentials = tuple(self._verify_credential(one, occasion.now) for one in presented)
        if holder is not None and all(check.outcome is Outcome.PASSED for check in binding):
            checks += self._subjects(credentials, holder=holder)
        return _report(checks, holder=holder, credentials=credentials)

    def _binding(self, opened: Opened, holder: str | None, occasion: Occasion) -> Sequence[Check]:
        """Report whether the holder presents, to this verifier and on this occasion."""
        if not is_signed(opened):
            return [unknown("proof", "presentation-not-signed", looked_at="proof").check]
        if holder is None:
            return [failed("proof", "key-not-named", looked_at="proof.verificationMethod").check]
        authenticity = self._authenticity.check(opened, did=holder, role=HOLDER, now=occasion.now)
        return [*authenticity, *check_occasion(opened, occasion)]

    def _subjects(self, credentials: Sequence[Report], *, holder: str) -> Sequence[Check]:
        """Report whether the holder, who is known by now, is whom the credentials are about."""
        return [
            self._subject(subject, holder)
            for report in credentials
            for subject in values_of((report.credential or {}).get("credentialSubject"))
            if isinstance(subject, dict)
        ]

    def _subject(self, subject: dict[str, Any], holder: str) -> Check:
        identifier = subject.get("id")
        if identifier == holder:
            return passed("subject", "presented-by-subject", looked_at=holder)
        if not isinstance(identifier, str) or not identifier.startswith("did:"):
            return self._subject_not_a_did()
        code, values = "holder-is-not-subject", {"subject": identifier, "holder": holder}
        if self._holder_must_be_subject:
            return failed("subject", code, looked_at=identifier, **values).check
        return passed("subject", code, looked_at=identifier, **values)

    def _subject_not_a_did(self) -> Check:
        """Report a subject that no signature can show to be the holder."""
        where = "credentialSubject.id"
        if self._holder_must_be_subject:
            return unknown("subject", "subject-not-a-did", looked_at=where).check
        return passed("subject", "subject-not-a-did", looked_at=where)


def _require_presentation(document: Document) -> None:
    kinds = types_of(document)
    if "VerifiableCredential" in kinds and "VerifiablePresentation" not in kinds:
        kind = document.get("type")
        raise failed("format", "not-expected-here", looked_at="type", type=kind)


def _stated_holder(document: Document) -> str | None:
    holder = document.get("holder")
    identifier = holder.get("id") if isinstance(holder, dict) else holder
    return identifier if isinstance(identifier, str) else None


def _signer(opened: Opened) -> str | None:
    """Return the owner of the key that signed, for a presentation that names no holder."""
    if opened.token is not None:
        return opened.token.content.kid.partition("#")[0]
    proofs = values_of(opened.document.get("proof"))
    method = proofs[0].get("verificationMethod") if proofs else None
    return method.partition("#")[0] if isinstance(method, str) else None


def _too_many() -> Check:
    code, most = "too-many-credentials", MAXIMUM_CREDENTIALS
    return unknown("credentials", code, looked_at="verifiableCredential", most=most).check


def _report(
    checks: Sequence[Check], *, holder: str | None, credentials: tuple[Report, ...]
) -> PresentationReport:
    verdicts = [verdict_of(checks), *(report.verdict for report in credentials)]
    return PresentationReport(strongest(verdicts), tuple(checks), holder, credentials)
