"""Have each input verified as what it is: a credential, or a presentation of credentials."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.formats import jws
from registry.formats.jws import JwsError
from registry.formats.strict_json import StrictJsonError, loads
from registry.verification.report import (
    Check,
    PresentationReport,
    Report,
    Verdict,
    strongest,
    verdict_of,
)
from registry.verification.verify import Verifier
from scripts.verification.inputs import Input, Unread

_PRESENTATIONS = frozenset({"VerifiablePresentation", "EnvelopedVerifiablePresentation"})


@dataclass(frozen=True)
class Examined:
    """What was found of one input, and when."""

    source: str
    report: Report | PresentationReport
    checked_at: datetime

    @property
    def decisive(self) -> Check | None:
        """The first check that gives the verdict; None where all passed."""
        if self.report.verdict is Verdict.VALID:
            return None
        return next((c for c in self._checks() if verdict_of([c]) is self.report.verdict), None)

    def credentials(self) -> tuple[Report, ...]:
        """Return the reports on the credentials: of a presentation those in it."""
        if isinstance(self.report, PresentationReport):
            return self.report.credentials
        return (self.report,)

    def _checks(self) -> tuple[Check, ...]:
        inner = tuple(check for one in self.credentials() for check in one.checks)
        is_presentation = isinstance(self.report, PresentationReport)
        return self.report.checks + inner if is_presentation else inner


class Tally:
    """How many inputs got which verdict."""

    def __init__(self) -> None:
        self._counted: Counter[Verdict] = Counter()

    def add(self, one: Examined) -> None:
        """Count one more."""
        self._counted[one.report.verdict] += 1

    @property
    def counts(self) -> dict[Verdict, int]:
        """The verdicts given, strongest first."""
        return {verdict: self._counted[verdict] for verdict in Verdict if self._counted[verdict]}

    @property
    def verdict(self) -> Verdict:
        """The strongest verdict given."""
        return strongest(self.counts)


@dataclass(frozen=True)
class Examiner:
    """Verifies inputs; where a challenge or a domain is asked for, every one as a presentation."""

    verifier: Verifier
    challenge: str | None = None
    domain: str | None = None

    def examine(self, given: Input, *, now: datetime) -> Examined:
        """Return what is found of one input as of `now`."""
        if isinstance(given, Unread):
            checks = (given.check,)
            report = Report(verdict_of(checks), checks, credential_id=None, issuer=None)
            return Examined(given.source, report, now)
        return Examined(given.source, self._report(given.body, now), now)

    def _report(self, body: bytes, now: datetime) -> Report | PresentationReport:
        # A credential alone answers no challenge, so it must not pass for having answered.
        is_asked = self.challenge is not None or self.domain is not None
        if is_asked or is_presentation(body):
            return self.verifier.verify_presentation(
                body, now=now, challenge=self.challenge, domain=self.domain
            )
        return self.verifier.verify(body, now=now)


def is_presentation(body: bytes) -> bool:
    """Say whether a document calls itself a presentation: by its `type`, in a JWT by either.

    A JWT's `typ` says so where it is `vp+jwt`; under `JWT`, or without one, what it holds does.
    """
    try:
        if body.lstrip()[:1] == b"{":
            return _has_type(loads(body))
        token = jws.parse(body.strip().decode("ascii"))
        return _has_typ(token.header) or _has_type(loads(token.payload))
    except (JwsError, StrictJsonError, UnicodeDecodeError):
        return False


def _has_type(document: Any) -> bool:
    types = document.get("type") if isinstance(document, dict) else None
    named = types if isinstance(types, list) else [types]
    return any(isinstance(one, str) and one in _PRESENTATIONS for one in named)


def _has_typ(header: Mapping[str, Any]) -> bool:
    typ = header.get("typ")
    return isinstance(typ, str) and typ.lower().removeprefix("application/") == "vp+jwt"
