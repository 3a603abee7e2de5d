"""What a verifier may have found, made without one."""

from datetime import UTC, datetime

from registry.domain.text import Text
from registry.verification.report import (
    Check,
    Outcome,
    PresentationReport,
    Report,
    strongest,
    verdict_of,
)
from scripts.verification.examining import Examined

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
PASSED = Check("proof", Outcome.PASSED, "proof-verified", Text("Podpis.", "Signed."), "key")
REVOKED = Check("status", Outcome.FAILED, "revoked", Text("Unieważnione.", "Revoked."), "list")
UNTOLD = Check("issuer", Outcome.UNKNOWN, "issuer-unreachable", Text("Kto?", "Who?"), "did")


def report(*checks: Check, credential_id: str | None = "urn:uuid:1") -> Report:
    claims = {"id": credential_id, "credentialSubject": {"name": "Jan Kowalski"}}
    return Report(verdict_of(checks), checks, credential_id, "did:web:a.example", claims)


def credential(*checks: Check, source: str = "badge.json") -> Examined:
    return Examined(source, report(*checks), NOW)


def presentation(*reports: Report, checks: tuple[Check, ...] = (PASSED,)) -> Examined:
    verdict = strongest([verdict_of(checks), *(one.verdict for one in reports)])
    found = PresentationReport(verdict, checks, "did:key:holder", reports)
    return Examined("presented.json", found, NOW)
