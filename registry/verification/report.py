"""Say what was checked, what came of it, and what that makes of the credential."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_LONGEST_SHOWN = 120


class Verdict(StrEnum):
    """What a credential is, strongest first: the first that holds is the verdict."""

    INVALID = "invalid"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    UNKNOWN = "unknown"
    VALID = "valid"


class Outcome(StrEnum):
    """What came of one check; *unknown* means that the verifier could not tell."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    `name` is the kind of check, `code` a short kebab-case word for machines and translations,
    `sentence` plain English, and `looked_at` the field, key or URL that the check is about.
    `problem_type` is the URL a specification gives this problem, where it gives one.
    """

    name: str
    outcome: Outcome
    code: str
    sentence: str
    looked_at: str
    problem_type: str | None = None


class CheckError(Exception):
    """A check did not pass; `check` is what to report."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.sentence)
        self.check = check


@dataclass(frozen=True)
class Report:
    """The verdict on one credential, and every check it rests on, in the order made.

    `credential_id` and `issuer` are what the document claims; they are to be believed only as
    far as the checks go.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    credential_id: str | None
    issuer: str | None


_VERDICT_OF_FAILURE: Mapping[str, Verdict] = {
    "revoked": Verdict.REVOKED,
    "suspended": Verdict.SUSPENDED,
    "expired": Verdict.EXPIRED,
    "not-yet-valid": Verdict.NOT_YET_VALID,
}

_EXIT_CODES: Mapping[Verdict, int] = {Verdict.VALID: 0, Verdict.SUSPENDED: 3, Verdict.UNKNOWN: 4}


def verdict_of(checks: Iterable[Check]) -> Verdict:
    """Return the strongest verdict any check gives; nothing checked is *unknown*."""
    given = {_verdict_of_one(check) for check in checks} or {Verdict.UNKNOWN}
    return next(verdict for verdict in Verdict if verdict in given)


def exit_code(verdict: Verdict) -> int:
    """Return 0 for valid, 3 for suspended, 4 for unknown, and 1 for all that is over or wrong."""
    return _EXIT_CODES.get(verdict, 1)


def shown(value: Any) -> str:
    """Return a value from a document as it can be put into a sentence: quoted, short, inert."""
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _verdict_of_one(check: Check) -> Verdict:
    match check.outcome:
        case Outcome.PASSED:
            return Verdict.VALID
        case Outcome.UNKNOWN:
            return Verdict.UNKNOWN
        case Outcome.FAILED:
            return _VERDICT_OF_FAILURE.get(check.code, Verdict.INVALID)
