"""Put reports of the verifier into the form of VCALM 1.0."""

from collections.abc import Iterable, Sequence
from typing import Any

from api.verifying_bodies import (
    IssuerStandingAnswer,
    ProblemDetails,
    VerifyOptions,
    VerifyPresentationOptions,
)
from registry.domain.text import Language
from registry.verification.report import (
    Check,
    IssuerStanding,
    Outcome,
    PresentationReport,
    Report,
    Verdict,
)
from registry.verification.status import where_of

Json = dict[str, Any]

_UNNAMED = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
_SINGLE = ("validFrom", "validUntil")


def credential_members(report: Report, options: VerifyOptions, language: Language) -> Json:
    """Return the members of the answer about a credential."""
    members = _verdict(report.verdict)
    if report.standing is not None:
        members["issuerStanding"] = _standing(report.standing, language)
    if options.returnProblemDetails:
        members["problemDetails"] = problems(report.checks, language)
    if options.returnResults:
        members["results"] = _credential_results(report)
    return members


def presentation_members(
    report: PresentationReport,
    options: VerifyPresentationOptions,
    language: Language,
    *,
    given: Json | str,
) -> Json:
    """Return the members of the answer about a presentation that was given, and its credentials."""
    members = _verdict(report.verdict)
    if options.returnProblemDetails:
        inner = [check for one in report.credentials for check in one.checks]
        members["problemDetails"] = problems([*report.checks, *inner], language)
    if options.returnResults:
        every = options.model_copy(update={"returnProblemDetails": True})
        credentials = [credential_members(one, every, language) for one in report.credentials]
        presentation = _presentation_results(report, options, given)
        members["results"] = {"presentation": presentation, "credentials": credentials}
    return members


def problems(checks: Iterable[Check], language: Language) -> list[Json]:
    """Return a problem for each check that did not pass."""
    return [
        _problem(check, language).model_dump()
        for check in checks
        if check.outcome is not Outcome.PASSED
    ]


def _standing(standing: IssuerStanding, language: Language) -> Json:
    return IssuerStandingAnswer(
        now=standing.now,
        atIssuance=standing.at_issuance,
        issuedAt=standing.issued_at,
        source=standing.source,
        detail=[told.in_language(language) for told in standing.sentences],
    ).model_dump()


def _problem(check: Check, language: Language) -> ProblemDetails:
    kind = check.problem_type or _UNNAMED
    return ProblemDetails(
        type=kind,
        title=kind.rpartition("#")[2],
        detail=check.sentence.in_language(language),
        code=check.code,
    )


def _verdict(verdict: Verdict) -> Json:
    return {"verified": verdict is Verdict.VALID, "verdict": verdict.value}


def _credential_results(report: Report) -> Json:
    document = report.credential or {}
    validity = _named(report.checks, "validity")
    results: Json = {
        field: {"verified": _holds(validity, field), "input": document[field]}
        for field in _SINGLE
        if field in document
    }
    schemas = _listed(document, "credentialSchema")
    # No schema is applied, so none can be called verified.
    results["credentialSchema"] = [{"verified": False, "input": schema} for schema in schemas]
    entries = _listed(document, "credentialStatus")
    status = _named(report.checks, "status")
    results["credentialStatus"] = [_result(_of_entry(status, each), each) for each in entries]
    results["proof"] = _proofs(report.checks, document)
    return results


def _presentation_results(
    report: PresentationReport, options: VerifyPresentationOptions, given: Json | str
) -> Json:
    asked = {"challenge": options.challenge, "domain": options.domain, "holder": report.holder}
    results: Json = {
        name: _result(_named(report.checks, name), value)
        for name, value in asked.items()
        if value is not None
    }
    return results | {"proof": _proofs(report.checks, given if isinstance(given, dict) else {})}


def _result(checks: Sequence[Check], given: Any) -> Json:
    """Return what came of some checks; what was not checked is not verified."""
    verified = bool(checks) and all(check.outcome is Outcome.PASSED for check in checks)
    return {"verified": verified, "input": given}


def _named(checks: Iterable[Check], name: str) -> list[Check]:
    return [check for check in checks if check.name == name]


def _holds(checks: list[Check], field: str) -> bool:
    """Return whether no check found fault with a field; what was not checked holds not."""
    wrong = [check for check in checks if check.outcome is not Outcome.PASSED]
    return bool(checks) and not any(field in check.looked_at for check in wrong)


def _of_entry(checks: list[Check], entry: Any) -> list[Check]:
    if not isinstance(entry, dict):
        return []
    return [check for check in checks if check.looked_at == where_of(entry)] or checks


def _proofs(checks: Iterable[Check], document: Json) -> list[Json]:
    proofs, made = _listed(document, "proof"), _named(checks, "proof")
    if len(made) != len(proofs):
        return [_result(made, proof) for proof in proofs]
    return [_result([check], proof) for check, proof in zip(made, proofs, strict=True)]


def _listed(document: Json, field: str) -> list[Any]:
    value = document.get(field, [])
    return value if isinstance(value, list) else [value]
