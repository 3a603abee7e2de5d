"""Say what was checked, what came of it, and what that makes of a credential or presentation."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from registry.domain.text import Text

_LONGEST_SHOWN = 120
_JSON = json.JSONEncoder(ensure_ascii=False)


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

    `name` is the kind of check, `code` a short kebab-case word for machines, `sentence` what
    came of it for a person, and `looked_at` the field, key or URL that the check is about, to be
    shown as untrusted text. `problem_type` is the URL a specification gives this problem; every
    check that did not pass has one.
    """

    name: str
    outcome: Outcome
    code: str
    sentence: Text
    looked_at: str
    problem_type: str | None = None


class CheckError(Exception):
    """A check did not pass; `check` is what to report."""

    def __init__(self, check: Check) -> None:
        super().__init__(check.sentence.en)
        self.check = check


@dataclass(frozen=True)
class IssuerStanding:
    """What the issuer's registry, at `source`, says of its accreditation: no part of the verdict.

    `now` and `at_issuance` are each a `Standing` of the registry's, or "unknown". `issued_at` is
    when the credential says it was issued.
    """

    now: str
    at_issuance: str
    issued_at: str | None
    source: str
    sentences: tuple[Text, ...]


@dataclass(frozen=True)
class Report:
    """The verdict on one credential, and every check it rests on, in the order made.

    `credential_id`, `issuer` and `credential` are what the document claims; they are to be
    believed only as far as the checks go. `credential` is the credential as JSON, taken out of
    its JWT where it came in one; None where there is no JSON object. `standing` is None where it
    was not asked for, or there is nothing to be told.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    credential_id: str | None
    issuer: str | None
    credential: dict[str, Any] | None = field(default=None, repr=False)
    standing: IssuerStanding | None = None


@dataclass(frozen=True)
class PresentationReport:
    """The verdict on a presentation: the strongest of its own checks and of its credentials'.

    `holder` is who presented, as the document claims; None where it does not say. `credentials`
    stand in the order in which they are presented.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    holder: str | None
    credentials: tuple[Report, ...] = ()


_VERDICT_OF_FAILURE: Mapping[str, Verdict] = {
    "revoked": Verdict.REVOKED,
    "suspended": Verdict.SUSPENDED,
    "expired": Verdict.EXPIRED,
    "proof-expired": Verdict.EXPIRED,
    "not-yet-valid": Verdict.NOT_YET_VALID,
    "proof-not-yet-valid": Verdict.NOT_YET_VALID,
}

_EXIT_CODES: Mapping[Verdict, int] = {Verdict.VALID: 0, Verdict.SUSPENDED: 3, Verdict.UNKNOWN: 4}


def verdict_of(checks: Iterable[Check]) -> Verdict:
    """Return the strongest verdict any check gives; nothing checked is *unknown*."""
    return strongest(_verdict_of_one(check) for check in checks)


def strongest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the first in the order of `Verdict`; of none at all, *unknown*."""
    given = set(verdicts) or {Verdict.UNKNOWN}
    return next(verdict for verdict in Verdict if verdict in given)


def exit_code(*verdicts: Verdict) -> int:
    """Return the exit code for inputs with these verdicts, which is that of the strongest.

    0 for valid, 3 for suspended, 4 for unknown, and 1 for all that is over or wrong.
    """
    return _EXIT_CODES.get(strongest(verdicts), 1)


def shown(value: Any) -> str:
    """Return a value from a document as it can be put into a sentence: quoted, short, inert.

    Letters of any alphabet stay as they are. What is not printed (control characters, marks that
    turn the direction of writing) and what opens an HTML tag is written as a JSON escape.
    """
    text = _JSON.encode(value)
    if len(text) > _LONGEST_SHOWN:
        text = f"{text[:_LONGEST_SHOWN]}…"
    if text.isprintable() and "<" not in text:
        return text
    return "".join(map(_inert, text))


def _inert(character: str) -> str:
    if character.isprintable() and character != "<":
        return character
    return "".join(f"\\u{unit:04x}" for unit in _utf_16_units(character))


def _utf_16_units(character: str) -> Iterator[int]:
    encoded = character.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(encoded[at : at + 2]) for at in range(0, len(encoded), 2))


def _verdict_of_one(check: Check) -> Verdict:
    match check.outcome:
        case Outcome.PASSED:
            return Verdict.VALID
        case Outcome.UNKNOWN:
            return Verdict.UNKNOWN
        case Outcome.FAILED:
            return _VERDICT_OF_FAILURE.get(check.code, Verdict.INVALID)
