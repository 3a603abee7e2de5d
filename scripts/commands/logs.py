"""Prove what stands in the transparency log, and check that it only ever grew."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.domain.errors import InvalidValueError
from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError
from registry.formats.tlog.lines import base64_text
from registry.formats.tlog.notes import Note, NoteError
from registry.formats.tlog.policies import Policy
from scripts.answers import Answer, Session, facts
from scripts.arguments import CaFileOption, command, file_option, group
from scripts.commands import log_keeping
from scripts.commands.receipts import PolicyOption, read_policy
from scripts.local import opened, read_settings
from scripts.progress import progress
from scripts.transparency.auditing import (
    check_entries,
    check_growth,
    kept,
    newest_signed,
    prove_leaf,
    signed,
    tree_of_size,
)
from scripts.transparency.receipts import write
from scripts.transparency.sources import LogInFolder, LogSource, ServedLog
from scripts.transparency.steps import StepFailedError, Steps

SOUND = "The log is signed as the policy asks, and what was checked of it is one growing tree."
WITNESSED = "That its operator shows everybody the same tree is what the witnesses vouch for."
UNWITNESSED = (
    "Whether everybody is shown the same tree is not known: the policy asks for no witness."
)

UrlOption = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="A served log; the folder's own unless given."),
]
NumberOption = Annotated[
    int | None,
    typer.Option("--log", min=1, help="Which log of the folder; the one that grows unless given."),
]
TokenOption = Annotated[Path | None, file_option(about="An auditor's API key, to read entries.")]


def add_to(app: typer.Typer) -> None:
    """Add `log`."""
    log = group(app, "log", about="Prove and check what stands in the transparency log.")
    command(log, "prove")(prove)
    command(log, "consistency")(consistency)
    command(log, "verify")(verify)
    log_keeping.add_to_group(log)


def prove(
    session: Session,
    credential: Annotated[
        str | None, typer.Argument(metavar="[CREDENTIAL]", help="The credential's id.")
    ] = None,
    leaf: Annotated[int | None, typer.Option(min=0, help="Or the number of a leaf.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", dir_okay=False, help="A file for the proof."),
    ] = None,
    url: UrlOption = None,
    log: NumberOption = None,
    token_file: TokenOption = None,
    ca_file: CaFileOption = None,
) -> Answer:
    """Prove that a leaf stands in the log.

    That is under the newest checkpoint: unlike a receipt, the proof waits for no witness. The leaf
    is in its `extra` line.

    Examples:
      registry log prove 018f… -o issued.tlog-proof
      registry log prove --leaf 4711
      registry log prove --leaf 4711 --url https://registry.example.org/log --token-file key
    """
    if (credential is None) == (leaf is None):
        raise typer.BadParameter("give the id of a credential or --leaf, one of the two")
    index = leaf if credential is None else _leaf_of(session, credential)
    with _source(session, url, log, ca_file=ca_file, token_file=token_file) as source:
        try:
            proof = prove_leaf(source, index or 0, source.checkpoint())
        except StepFailedError as error:
            return _refused(f"leaf {index}", error)
    document = {"leaf_index": proof.index, "file": str(out) if out else None}
    if out is None:
        return Answer(document | {"proof": proof.to_text()}, proof.to_text().rstrip("\n"))
    write(out, proof)
    return Answer(document, facts(document))


def consistency(
    session: Session,
    old: Annotated[
        Path, typer.Argument(metavar="OLD", exists=True, dir_okay=False, help="A checkpoint.")
    ],
    new: Annotated[
        Path | None,
        typer.Argument(
            metavar="[NEW]", exists=True, dir_okay=False, help="A later one; the newest by default."
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=0, help="Or the size that the later tree has.")
    ] = None,
    url: UrlOption = None,
    log: NumberOption = None,
    ca_file: CaFileOption = None,
) -> Answer:
    """Print the proof that the log only grew.

    It shows that one tree of the log begins with another (RFC 6962 §2.1.2). No signature is looked
    at: `registry log verify` does that.

    Examples:
      registry log consistency checkpoint-of-march
      registry log consistency checkpoint-of-march --size 5000
    """
    if new is not None and size is not None:
        raise typer.BadParameter("give a later checkpoint's file or --size, one of the two")
    before = _unsigned(old)
    with _source(session, url, log, ca_file=ca_file) as source:
        newest = _read_checkpoint(source.checkpoint(), "the newest checkpoint")
        after = _unsigned(new) if new else newest
        after = after if size is None else tree_of_size(source, newest, size)
        try:
            growth = check_growth(source, before, after)
        except StepFailedError as error:
            return _refused(str(old), error)
    proof = [base64_text(step) for step in growth.proof]
    document = {"old_size": before.size, "new_size": after.size, "proof": proof}
    return Answer(document, facts(document | {"proof": f"{len(proof)} hashes"}) + _listed(proof))


def verify(  # noqa: PLR0913 - each is an option of the command line
    session: Session,
    policy: PolicyOption,
    checkpoint: Annotated[
        Path | None, file_option(about="One that you kept: the log must extend it.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Where to keep it for the next time."),
    ] = None,
    entries: Annotated[
        bool, typer.Option("--entries", help="Hash every entry, too; of a URL auditors only.")
    ] = False,
    url: UrlOption = None,
    log: NumberOption = None,
    token_file: TokenOption = None,
    ca_file: CaFileOption = None,
) -> Answer:
    """Check a log as its auditor.

    Looked at are the log's signature, its witnesses', and that it only grew; with --entries also
    that every entry is a leaf of the tree.

    Exits with 0 when everything holds, 1 when a step does not, 2 for wrong usage, 4 where the log
    could not be read.

    Examples:
      registry log verify --policy policy
      registry log verify --url https://registry.example.org/log --policy policy --keep newest
      registry log verify --policy policy --checkpoint newest --entries
    """
    trusted = read_policy(policy)
    with _source(session, url, log, ca_file=ca_file, token_file=token_file) as source:
        steps, newest = Steps(url or "the log"), None
        try:
            note = newest_signed(source, trusted)
            newest = _check_signed(steps, note, trusted)
            if checkpoint is not None:
                growth = check_growth(source, kept(checkpoint.read_bytes(), trusted), newest)
                steps.passed("growth", f"the log grew from {growth.old.size} to {newest.size}")
            if entries:
                _check_entries(steps, source, newest)
        except StepFailedError as error:
            steps.failed(error)
    if keep is not None and steps.hold:
        keep.write_bytes(note)
    found = _facts(newest) if newest else {}
    proves = f"{SOUND} {WITNESSED if trusted.quorum else UNWITNESSED}"
    return steps.answer(holds="sound", refused="refused", facts=found, proves=proves)


def _check_signed(steps: Steps, note: bytes, policy: Policy) -> Checkpoint:
    verdict = signed(note, policy)
    witnesses = ", ".join(each.key.name for each in verdict.cosignatures)
    by = f" and cosigned by {witnesses}" if witnesses else ""
    steps.passed("signatures", f"the checkpoint is signed by {verdict.log.name}{by}")
    return verdict.checkpoint


def _check_entries(steps: Steps, source: LogSource, newest: Checkpoint) -> None:
    with progress("leaves", newest.size) as bar:
        check_entries(source, newest, on_leaf=bar.reach)
    steps.passed("entries", f"{newest.size} entries are the leaves of the tree")


def _facts(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
    }


def _refused(subject: str, error: StepFailedError) -> Answer:
    steps = Steps(subject)
    steps.failed(error)
    return steps.answer(holds="proved", refused="refused", facts={}, proves="")


def _leaf_of(session: Session, credential: str) -> int:
    """Return the leaf of a credential's issuance, once the folder's log has it."""
    with opened(session) as registry:
        credential_id = str(registry.application.any_credential(credential).id)
        index = registry.receipts.index_of(credential_id)
        if index >= registry.transparency.size:
            registry.transparency.run()
        return registry.receipts.index_of(credential_id)


@contextmanager
def _source(
    session: Session,
    url: str | None,
    number: int | None,
    *,
    ca_file: Path | None,
    token_file: Path | None = None,
) -> Iterator[LogSource]:
    if url is None:
        yield LogInFolder(read_settings(session).effective_log_folder, number=number)
        return
    token = token_file.read_text().strip() if token_file else None
    with closing(ServedLog(url, ca_file=ca_file, token=token)) as served:
        yield served


def _unsigned(file: Path) -> Checkpoint:
    return _read_checkpoint(file.read_bytes(), str(file))


def _read_checkpoint(note: bytes, what: str) -> Checkpoint:
    try:
        return Checkpoint.parse(Note.parse(note).text)
    except (NoteError, CheckpointError) as error:
        raise InvalidValueError(
            f"{what}: {error}",
            field="checkpoint",
            remedy="give a file that log verify --keep wrote",
        ) from error


def _listed(proof: list[str]) -> str:
    return "".join(f"\n{step}" for step in proof)
