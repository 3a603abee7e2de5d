"""Check credentials and presentations as anybody may, one or many, also without the network."""

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from registry.domain.errors import InvalidValueError
from registry.domain.text import Language
from registry.verification.guarded_fetch import GuardedFetcher
from registry.verification.killable import KillableCanonicaliser
from registry.verification.ports import Fetcher
from registry.verification.verify import Verifier
from scripts.answers import Session
from scripts.arguments import CaFileOption, command
from scripts.verification.examining import Examiner
from scripts.verification.inputs import Inputs
from scripts.verification.keeping import KeepingFetcher
from scripts.verification.offline import SavedDocuments
from scripts.verification.report_files import Form
from scripts.verification.running import ReportPlace, Verification
from scripts.verification.wording import language_of_environment


def add_to(app: typer.Typer) -> None:
    """Add `verify`."""
    command(app, "verify")(verify)


def verify(  # noqa: PLR0913 - each is an option of the command line
    session: Session,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Files, folders, JSON Lines, URLs, compact JWTs; - reads standard input.",
        ),
    ],
    challenge: Annotated[
        str | None, typer.Option(help="What the holder was asked to sign in a presentation.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option(help="Whom the presentation must be meant for.")
    ] = None,
    holder_must_be_subject: Annotated[
        bool,
        typer.Option("--holder-must-be-subject", help="Take no presentation by anybody else."),
    ] = False,
    trusted_list_issuer: Annotated[
        list[str] | None,
        typer.Option(metavar="DID", help="Whose status lists count for others' credentials too."),
    ] = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Standard input is JSON Lines, one document a line.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write a .csv, .json or .jsonl report."),
    ] = None,
    report_format: Annotated[
        Form | None, typer.Option(help="The report's format, where its name does not tell.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a report that is there already.")
    ] = False,
    language: Annotated[
        Language | None, typer.Option(help="Of the sentences; the environment's unless given.")
    ] = None,
    offline: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Ask no network; take status lists and DID documents from this folder.",
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="Keep the status lists and DID documents fetched, for --offline.",
        ),
    ] = None,
    ca_file: CaFileOption = None,
    allow_loopback: Annotated[
        bool, typer.Option("--allow-loopback", help="For development: ask this machine too.")
    ] = False,
) -> int:
    """Check credentials and presentations as anybody may.

    Looked at are form, issuer, signature, period and status. A folder is read with all below it:
    its .json, .jsonld, .jwt, .txt, .jsonl and .ndjson files.

    Exits with 0 when valid, 1 when invalid, revoked, expired or not yet valid, 2 for wrong usage,
    3 when suspended, 4 when it cannot be told. Of several the first of invalid, revoked,
    suspended, expired, not yet valid, unknown, valid counts.

    Examples:
      registry verify badge.json
      registry verify https://university.example.org/badges/1.json
      registry verify eyJhbGciOiJFZERTQSIsInR5cCI6InZjK2p3dCJ9.eyJ…
      registry verify presentation.json --challenge 7f3a --domain jobs.example.org
      registry verify badges learners.jsonl --report found.csv
      registry verify badges --keep saved; registry verify badges --offline saved
      registry verify - --allow-loopback --ca-file demo/tls/ca.pem < badge.json
    """
    place = _place(report, report_format, force=force, sources=sources)
    of_inputs, of_references = _fetchers(offline, keep, ca_file, allow_loopback=allow_loopback)
    apart = [path for path in (offline, keep, report) if path is not None]
    with closing(KillableCanonicaliser()) as canonicalise:
        verifier = Verifier(
            of_references,
            canonicalise=canonicalise,
            trusted_list_issuers=trusted_list_issuer or (),
            holder_must_be_subject=holder_must_be_subject,
            tells_standing=True,
        )
        verification = Verification(
            Inputs(sources, of_inputs, lines=lines, apart=apart),
            Examiner(verifier, challenge=challenge, domain=domain),
            language or language_of_environment(),
            as_json=session.as_json,
            report=place,
        )
        return verification.run()


def _fetchers(
    offline: Path | None, keep: Path | None, ca_file: Path | None, *, allow_loopback: bool
) -> tuple[Fetcher, Fetcher]:
    """Return what fetches the inputs that are URLs, and what fetches all that they refer to."""
    if offline is not None:
        if keep is not None:
            raise typer.BadParameter("--offline fetches nothing that --keep could keep")
        saved = SavedDocuments(offline)
        return saved, saved
    guarded = _guarded(allow_loopback=allow_loopback, ca_file=ca_file)
    if keep is None:
        return guarded, guarded
    keep.mkdir(parents=True, exist_ok=True)
    return guarded, KeepingFetcher(guarded, keep)


def _guarded(*, allow_loopback: bool, ca_file: Path | None) -> GuardedFetcher:
    try:
        return GuardedFetcher(allow_loopback=allow_loopback, ca_file=ca_file)
    except OSError as error:
        raise InvalidValueError(
            f"{ca_file} holds no certificate in PEM that can be read",
            field="--ca-file",
            remedy="give a file that begins with -----BEGIN CERTIFICATE-----",
        ) from error


def _place(
    report: Path | None, form: Form | None, *, force: bool, sources: Sequence[str]
) -> ReportPlace | None:
    """Return where the report goes; raises InvalidValueError before any work is done for it."""
    if report is None:
        if form is not None or force:
            raise typer.BadParameter("--report-format and --force go with --report")
        return None
    if not report.parent.is_dir():
        raise InvalidValueError(f"there is no folder {report.parent}", field="--report")
    if os.path.lexists(report) and (report.is_symlink() or not report.is_file()):
        raise InvalidValueError(f"{report} is no regular file", field="--report")
    if os.path.realpath(report) in {os.path.realpath(source) for source in sources}:
        raise InvalidValueError(f"{report} is one of the things to verify", field="--report")
    if report.exists() and not force:
        remedy = "name another file, or replace it with --force"
        raise InvalidValueError(f"{report} is there already", field="--report", remedy=remedy)
    return ReportPlace(report, form or _form_of(report))


def _form_of(report: Path) -> Form:
    try:
        return Form(report.suffix.lower().removeprefix(".").replace("ndjson", "jsonl"))
    except ValueError as error:
        raise InvalidValueError(
            f"{report} ends in none of .csv, .json and .jsonl",
            field="--report",
            remedy="name it so, or say --report-format csv",
        ) from error
