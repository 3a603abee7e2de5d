"""Make checks from the catalogue of sentences."""

from dataclasses import replace

from registry.verification.report import Check, CheckError, Outcome
from registry.verification.sentences import problem_type, sentence


def passed(name: str, code: str, *, looked_at: str, **values: object) -> Check:
    """Return a check that passed; `values` fill the sentence's placeholders."""
    return Check(name, Outcome.PASSED, code, sentence(code, **values), looked_at)


def failed(name: str, code: str, *, looked_at: str, **values: object) -> CheckError:
    """Return, to be raised, a check that failed."""
    return _problem(passed(name, code, looked_at=looked_at, **values), Outcome.FAILED)


def unknown(name: str, code: str, *, looked_at: str, **values: object) -> CheckError:
    """Return, to be raised, a check that could not be made."""
    return _problem(passed(name, code, looked_at=looked_at, **values), Outcome.UNKNOWN)


def _problem(check: Check, outcome: Outcome) -> CheckError:
    return CheckError(replace(check, outcome=outcome, problem_type=problem_type(check.code)))
