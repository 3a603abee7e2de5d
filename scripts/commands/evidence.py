"""Make evidence of a credential, and check evidence as anybody may."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text as Styled
from typer.core import TyperGroup

from api.clock import now
from api.evidence import evidence_maker
from registry.domain.errors import InvalidValueError
from registry.domain.text import Language
from registry.formats.evidence.checks import Evidence
from registry.formats.evidence.container import MAX_BYTES
from registry.formats.strict_json import MAX_BYTES as MAX_DOCUMENT_BYTES
from registry.verification.killable import KillableCanonicaliser
from registry.verification.report import Outcome
from scripts.answers import CANNOT_BE_TOLD, FAILED, Answer, Session, facts, inert
from scripts.arguments import CredentialArgument, command, file_option
from scripts.commands.receipts import read_policy
from scripts.evidence import wording
from scripts.evidence.examining import Examination, examine, facts_of
from scripts.local import opened
from scripts.transparency.receipts import once_logged, see_logged
from scripts.verification.wording import language_of_environment

MAKE = "make"
SUFFIX = ".evidence.zip"

_VERDICTS = {
    Outcome.PASSED: ("holds", wording.HOLDS, 0),
    Outcome.FAILED: ("refused", wording.REFUSED, FAILED),
    Outcome.UNKNOWN: ("unknown", wording.UNKNOWN, CANNOT_BE_TOLD),
}


class _MakesUnlessTold(TyperGroup):
    """The group `evidence`: a credential's id in place of a command makes its evidence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {*self.commands, "-h", "--help"}
        return super().parse_args(ctx, [MAKE, *args] if args and args[0] not in known else args)


def add_to(app: typer.Typer) -> None:
    """Add `evidence`."""
    about = "One file with all that others can check of a credential."
    evidence = typer.Typer(cls=_MakesUnlessTold, help=about, rich_markup_mode=None)
    app.add_typer(evidence, name="evidence")
    command(evidence, MAKE)(make)
    command(evidence, "verify")(verify)


def make(
    session: Session,
    credential: CredentialArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", dir_okay=False, help="ID.evidence.zip unless given."
        ),
    ] = None,
) -> Answer:
    """Write the evidence of a credential; the word make may be left out.

    It holds the document itself, unless that was erased: personal data. It waits until the
    issuance is logged and, where the settings name a policy, cosigned.

    Example:
      registry evidence 018f… -o badge.zip
    """
    with opened(session) as registry:
        credential_id = str(registry.application.any_credential(credential).id)
        maker, until = evidence_maker(registry), see_logged(registry)
        archive = once_logged(lambda: maker.make(credential_id, at=now()), until=until)
    file = out or Path(f"{credential_id}{SUFFIX}")
    file.touch(mode=0o600)  # It holds personal data, as what `export-person` writes does.
    file.write_bytes(archive)
    document = {"credential_id": credential_id, "file": str(file), "bytes": len(archive)}
    return Answer(document, facts(document))


def verify(
    session: Session,  # noqa: ARG001 - as every command
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The evidence.")
    ],
    policy: Annotated[
        Path | None,
        file_option(about="Whom to believe: a C2SP tlog-policy; the enclosed one unless given."),
    ] = None,
    credential: Annotated[
        Path | None, file_option(about="A copy of the badge, to compare.")
    ] = None,
    language: Annotated[
        Language | None, typer.Option(help="Of the sentences; the environment's unless given.")
    ] = None,
) -> Answer:
    """Check evidence: every byte of it, and every signature in it.

    Needs no registry, no database and no network. Without --policy the evidence is only shown to
    agree with itself; compare the keys it prints with those you got from somebody else.

    Exits with 0 when everything holds under --policy, 1 when a step does not, 2 for wrong usage, 4
    without --policy, or when a signature cannot be told right or wrong.

    Examples:
      registry evidence verify badge.zip --policy policy
      registry evidence verify badge.zip --credential badge.json --language pl
    """
    trusted = read_policy(policy) if policy else None
    copy = _read(credential, MAX_DOCUMENT_BYTES, name="--credential") if credential else None
    archive = _read(file, 2 * MAX_BYTES, name="FILE")
    with closing(KillableCanonicaliser()) as canonicalise:
        found = examine(archive, trusted, copy=copy, canonicalise=canonicalise)
    chosen = language or language_of_environment()
    return _answer(str(file), found, is_given=trusted is not None, language=chosen)


def _read(file: Path, most_bytes: int, *, name: str) -> bytes:
    """Return the bytes of a file, of which no more than may be in it are read."""
    with file.open("rb") as reader:
        body = reader.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise InvalidValueError(
            f"{file} is longer than {most_bytes} bytes", field=name, remedy="give the right file"
        )
    return body


def _answer(subject: str, found: Examination, *, is_given: bool, language: Language) -> Answer:
    verdict, heading, code = _VERDICTS[found.outcome]
    if found.outcome is Outcome.PASSED and not is_given:
        verdict, heading, code = "unknown", wording.AGREES, CANNOT_BE_TOLD
    document: dict[str, Any] = {
        "subject": subject,
        "verdict": verdict,
        "steps": [
            {
                "step": taken.step,
                "outcome": str(taken.outcome),
                "said": taken.said.in_language(language),
            }
            for taken in found.taken
        ],
    }
    title = Styled(f"{inert(subject)}: ").append(heading.in_language(language), style="bold")
    lines = [title, *map(Styled, _step_lines(found, language))]
    if found.evidence is not None and found.outcome is not Outcome.FAILED:
        told = facts_of(found.evidence)
        document |= {"policy": "given" if is_given else "enclosed", **told}
        lines += map(Styled, _told(found.evidence, told, is_given=is_given, language=language))
    return Answer(document, Styled("\n").join(lines), exit_code=code)


def _step_lines(found: Examination, language: Language) -> Iterator[str]:
    width = max(len(word.in_language(language)) for word in wording.OUTCOMES.values())
    for taken in found.taken:
        outcome = wording.OUTCOMES[taken.outcome].in_language(language)
        yield f"  {outcome:{width}}  {taken.step:10}  {inert(taken.said.in_language(language))}"


def _told(
    evidence: Evidence, told: dict[str, Any], *, is_given: bool, language: Language
) -> Iterator[str]:
    for each in told["history"]:
        reason = f"  {inert(each['reason'])}" if each["reason"] else ""
        yield f"  {each['position']:>8}  {inert(each['recorded_at'])}  {each['event']}{reason}"
    for each in told["lists"]:
        yield "            " + wording.SHOWN.in_language(language).format(
            purpose=inert(each["purpose"]),
            version=each["version"],
            at=inert(each["published_at"]),
            bit=wording.BITS[each["entry"]].in_language(language),
        )
    manifest = evidence.manifest
    yield wording.PROVES.in_language(language).format(
        position=manifest.position, made_at=manifest.made_at
    )
    if not is_given:
        yield wording.ENCLOSED.in_language(language)
        yield from (f"  {inert(vkey)}" for vkey in told["signed_by"])
