"""Ask the registry of an issuer for the issuer's standing: told, and deciding nothing.

A registry answers for its issuers beside their DID documents, so what it says is worth as much as
the keys found there, no more: whoever runs a host can call itself a registry. What the accreditor
itself signs is the endorsement. Only periods and standings are read; every sentence is our own.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from registry.domain.instants import instant
from registry.domain.standing import Period, Standing
from registry.domain.text import Text
from registry.formats import did as dids
from registry.formats import strict_json
from registry.formats.one_or_many import values_of
from registry.verification.instants import InstantError, parse_instant, parse_proof_instant
from registry.verification.patience import OutOfPatienceError, Patience
from registry.verification.ports import Fetcher, FetchError
from registry.verification.report import IssuerStanding, Outcome, Report
from registry.verification.sentences import sentence

UNKNOWN: Final = "unknown"

_NOW: Final[Mapping[str, str]] = {
    Standing.ACCREDITED: "standing-now-accredited",
    Standing.SUSPENDED: "standing-now-suspended",
    Standing.NOT_YET: "standing-now-not-yet-accredited",
    Standing.EXPIRED: "standing-now-expired",
    Standing.WITHDRAWN: "standing-now-withdrawn",
    Standing.NOT_ACCREDITED: "standing-now-not-accredited",
    Standing.NO_SCHEME: "standing-now-no-scheme",
    UNKNOWN: "standing-now-unknown",
}
_THEN: Final[Mapping[str, str]] = {
    Standing.ACCREDITED: "standing-then-accredited",
    Standing.SUSPENDED: "standing-then-suspended",
    Standing.NOT_YET: "standing-then-not-yet-accredited",
    Standing.EXPIRED: "standing-then-expired",
    Standing.WITHDRAWN: "standing-then-withdrawn",
    Standing.NOT_ACCREDITED: "standing-then-not-accredited",
    Standing.NO_SCHEME: "standing-then-no-scheme",
    UNKNOWN: "standing-then-unknown",
}

_UUID: Final = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_ISSUER: Final = re.compile(rf"did:web:[^/?#]+:issuers:{_UUID}")
_MOST_HELD: Final = 1_024
_MOST_PERIODS: Final = 1_000
_HELD_FOR: Final = timedelta(seconds=300)
_FAILURE_HELD_FOR: Final = timedelta(seconds=60)

# What such a check finds has no part in who made the document.
_NOT_OF_AUTHENTICITY: Final = frozenset({"validity", "status"})


@dataclass(frozen=True)
class _Held:
    """What a registry answered about one issuer, None for nothing that could be used, and when."""

    periods: Sequence[Period] | None
    since: datetime

    def is_fresh(self, now: datetime) -> bool:
        hold = _FAILURE_HELD_FOR if self.periods is None else _HELD_FOR
        return self.since <= now < self.since + hold


class Standings:
    """Adds their issuers' standing to reports; asks once a while for each issuer.

    It has a patience of its own, so that a slow answer cannot make a verdict *unknown*. May be
    used from several threads at once. Issuers of the verifier's own registry (`is_own`) cost no
    request and are asked about each time.
    """

    def __init__(
        self, fetcher: Fetcher, *, is_own: Callable[[str], bool] = lambda _did: False
    ) -> None:
        self._is_own = is_own
        self._patience = Patience(seconds=5.0, fetches=16)
        self._fetcher = self._patience.fetcher(fetcher)
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def added_to(self, reports: Sequence[Report], *, now: datetime) -> tuple[Report, ...]:
        """Return the reports, each with the standing of an issuer whose document it surely is.

        An issuer whose DID tells no registry of this kind has none, nor has one whose registry
        keeps no scheme.
        """
        with self._patience.one_verification():
            return tuple(self._added(report, now) for report in reports)

    def _added(self, report: Report, now: datetime) -> Report:
        did = report.issuer or ""
        if not (_ISSUER.fullmatch(did) and _is_authentic(report)):
            return report
        try:
            url = dids.did_web_document_url(did).removesuffix("did.json") + "standing"
        except dids.DidError:
            return report
        periods = self._periods(did, url, now)
        standing = _told(report, periods, url=url, now=now)
        return report if standing.now == Standing.NO_SCHEME else replace(report, standing=standing)

    def _periods(self, did: str, url: str, now: datetime) -> Sequence[Period]:
        with self._lock:
            held = self._held.get(did)
        if held is None or not held.is_fresh(now) or self._is_own(did):
            try:
                held = _Held(self._asked(did, url), now)
            except OutOfPatienceError:
                return []
            self._keep(did, held)
        return held.periods or []

    def _asked(self, did: str, url: str) -> Sequence[Period] | None:
        try:
            return _read(
                strict_json.loads(self._fetcher.fetch(url, accept="application/json").body), did
            )
        except OutOfPatienceError:
            raise
        except (FetchError, strict_json.StrictJsonError):
            return None

    def _keep(self, did: str, held: _Held) -> None:
        with self._lock:
            self._held.pop(did, None)
            self._held[did] = held
            if len(self._held) > _MOST_HELD:
                del self._held[next(iter(self._held))]


def said_now(standing: str, *, registry: str) -> Text:
    """Return what is said of a standing now, or of one that is unknown."""
    return sentence(_NOW[standing], registry=registry)


def said_then(standing: str, *, registry: str, at: str | None) -> Text:
    """Return what is said of a standing at some instant, or of one that is unknown."""
    return sentence(_THEN[standing], registry=registry, at=at)


def _read(answer: Any, did: str) -> Sequence[Period] | None:
    """Return the periods that an answer about `did` tells, None for any other answer."""
    listed = answer.get("periods") if isinstance(answer, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_PERIODS or answer.get("issuer") != did:
        return None
    try:
        return [_period(each) for each in listed]
    except (InstantError, KeyError, TypeError, ValueError):
        return None


def _period(told: Any) -> Period:
    start, end = (
        None if told[edge] is None else parse_instant(told[edge]) for edge in ("start", "end")
    )
    return Period(start, end, Standing(told["standing"]))


def _told(report: Report, periods: Sequence[Period], *, url: str, now: datetime) -> IssuerStanding:
    issued_at = _issued_at(report.credential or {})
    present, past = _at(periods, now), _at(periods, issued_at)
    at, registry = instant(issued_at) if issued_at else None, url.partition("/issuers/")[0]
    told = [said_now(present, registry=registry)]
    if present != UNKNOWN:
        told.append(said_then(past, registry=registry, at=at))
    return IssuerStanding(
        now=present,
        at_issuance=past,
        issued_at=at,
        source=url,
        sentences=tuple(told),
    )


def _at(periods: Sequence[Period], moment: datetime | None) -> str:
    if moment is None:
        return UNKNOWN
    return next((each.standing.value for each in periods if each.holds(moment)), UNKNOWN)


def _is_authentic(report: Report) -> bool:
    """Say whether the credential is known to be its issuer's, whatever its status is."""
    made = [check for check in report.checks if check.name not in _NOT_OF_AUTHENTICITY]
    signed = any(check.name == "proof" for check in made)
    return signed and all(check.outcome is Outcome.PASSED for check in made)


def _issued_at(document: dict[str, Any]) -> datetime | None:
    """Return when the credential was issued, as it says itself: signed first, or valid since."""
    try:
        created = [
            parse_proof_instant(proof["created"])
            for proof in values_of(document.get("proof"))
            if isinstance(proof, dict) and "created" in proof
        ]
        start = document.get("validFrom", document.get("issuanceDate"))
        return min(created) if created else parse_instant(start)
    except InstantError:
        return None
