"""Check credentials as anybody may: from files, URLs or standard input."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from registry.domain.errors import InvalidValueError
from registry.formats.strict_json import MAX_BYTES
from registry.verification.guarded_fetch import GuardedFetcher
from registry.verification.ports import Fetcher, FetchError
from registry.verification.report import Check, Outcome, Report, Verdict, exit_code, shown
from registry.verification.verify import Verifier
from scripts.answers import Answer, Session, inert
from scripts.arguments import command

STANDARD_INPUT = "-"

_ACCEPT = "application/vc, application/ld+json;q=0.9, application/json;q=0.8"
_COLOURS = {Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.UNKNOWN: "yellow"}


@dataclass(frozen=True)
class Verified:
    """The report on one source."""

    source: str
    report: Report


def add_to(app: typer.Typer) -> None:
    """Add `verify`."""
    command(app, "verify")(verify)


def verify(
    session: Session,  # noqa: ARG001 - every command is given it
    sources: Annotated[
        list[str], typer.Argument(metavar="FILE_OR_URL...", help="Credentials; - reads stdin.")
    ],
    ca_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="An authority to trust beside the usual."),
    ] = None,
    allow_loopback: Annotated[
        bool, typer.Option("--allow-loopback", help="For development: ask this machine too.")
    ] = False,
) -> Answer:
    """Check credentials as anybody may.

    Looked at are form, issuer, signature, period and status.

    Exits with 0 when valid, 1 when invalid, revoked, expired or not yet valid, 2 for wrong usage,
    3 when suspended, 4 when it cannot be told; of several credentials the worst counts.

    Examples:
      registry verify badge.json
      registry verify https://university.example.org/badges/1.json
      registry verify - --allow-loopback --ca-file demo/tls/ca.pem < badge.json
    """
    fetcher = _fetcher(allow_loopback=allow_loopback, ca_file=ca_file)
    verifier = Verifier(fetcher)
    found = [Verified(source, _report(source, verifier, fetcher)) for source in sources]
    worst = min((one.report.verdict for one in found), key=list(Verdict).index)
    document = {"verdict": worst.value, "reports": [_document(one) for one in found]}
    return Answer(document, _shown(found), exit_code=exit_code(worst))


def _fetcher(*, allow_loopback: bool, ca_file: Path | None) -> GuardedFetcher:
    try:
        return GuardedFetcher(allow_loopback=allow_loopback, ca_file=ca_file)
    except OSError as error:
        raise InvalidValueError(
            f"{ca_file} holds no certificate in PEM that can be read",
            field="--ca-file",
            remedy="give a file that begins with -----BEGIN CERTIFICATE-----",
        ) from error


def _report(source: str, verifier: Verifier, fetcher: Fetcher) -> Report:
    try:
        body = _read(source, fetcher)
    except FetchError as error:
        return _unreachable(source, error)
    return verifier.verify(body, now=datetime.now(UTC))


def _read(source: str, fetcher: Fetcher) -> bytes:
    if source == STANDARD_INPUT:
        return _bounded(sys.stdin.buffer.read(MAX_BYTES + 1), source)
    if "://" in source:
        return fetcher.fetch(source, accept=_ACCEPT).body
    try:
        with Path(source).open("rb") as file:
            return _bounded(file.read(MAX_BYTES + 1), source)
    except OSError as error:
        raise InvalidValueError(
            f"cannot be read: {error.strerror}",
            field=source,
            remedy="give the JSON file of a badge, a URL, or - for standard input",
        ) from error


def _bounded(body: bytes, source: str) -> bytes:
    if len(body) > MAX_BYTES:
        raise InvalidValueError(f"it is longer than {MAX_BYTES:,} bytes", field=source)
    return body


def _unreachable(source: str, error: FetchError) -> Report:
    sentence = f"The credential could not be fetched: {error}"
    check = Check("format", Outcome.UNKNOWN, "credential-unreachable", sentence, shown(source))
    return Report(Verdict.UNKNOWN, (check,), credential_id=None, issuer=None)


def _document(one: Verified) -> dict[str, Any]:
    code = exit_code(one.report.verdict)
    return {"source": one.source, **asdict(one.report), "exit_code": code}


def _shown(found: Sequence[Verified]) -> Text:
    lines = [line for one in found for line in _lines(one)]
    return Text("\n").join(lines)


def _lines(one: Verified) -> list[Text]:
    heading = Text(f"{inert(one.source)}: ").append(one.report.verdict.value, style="bold")
    return [heading, *(_line(check) for check in one.report.checks)]


def _line(check: Check) -> Text:
    outcome = (f"{check.outcome.value:8}", _COLOURS[check.outcome])
    return Text.assemble("  ", outcome, f"{check.name:10}", inert(check.sentence))
