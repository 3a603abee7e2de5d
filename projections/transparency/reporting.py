"""What operators are told of the log: where it grows, how far behind it is, who signs it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventsourcing.persistence import ApplicationRecorder

from projections.progress import age_seconds
from projections.transparency.log import TransparencyLog
from registry.formats.tlog.verifier_keys import VerifierKey


@dataclass(frozen=True)
class LogReport:
    """The log that grows. `lag_seconds` is the age of the first event no checkpoint covers."""

    origin: str
    size: int
    position: int
    lag_events: int
    lag_seconds: float
    signers: Sequence[VerifierKey]


def report(log: TransparencyLog, recorder: ApplicationRecorder, *, now: datetime) -> LogReport:
    """Return how the log stands now; raises TransparencyError or StoreUnavailableError."""
    position = log.covered_position()
    return LogReport(
        origin=log.origin,
        size=log.size,
        position=position,
        lag_events=max(0, (recorder.max_notification_id() or 0) - position),
        lag_seconds=age_seconds(recorder, position, now=now),
        signers=log.files.keys(),
    )
