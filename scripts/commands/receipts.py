"""Get a credential's receipt, and check one as anybody may."""

from pathlib import Path
from typing import Annotated

import typer

from registry.domain.errors import InvalidValueError
from registry.formats.tlog.policies import Policy, PolicyError
from registry.formats.tlog.policy_files import MAX_POLICY_BYTES
from registry.formats.tlog.proofs import Proof
from scripts.answers import Answer, Session, facts
from scripts.arguments import CredentialArgument, command, file_option, group
from scripts.local import opened
from scripts.transparency.checking import check, facts_of, sentence_of
from scripts.transparency.receipts import SUFFIX, receipt_of, write
from scripts.transparency.steps import StepFailedError, Steps

PolicyOption = Annotated[
    Path,
    file_option(about="Whom to believe: a C2SP tlog-policy with the log's key and the witnesses'."),
]


def add_to(app: typer.Typer) -> None:
    """Add `receipt`."""
    receipts = group(app, "receipt", about="Proofs that a document stands in the log.")
    command(receipts, "get")(get)
    command(receipts, "verify")(verify)


def get(
    session: Session,
    credential: CredentialArgument,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", dir_okay=False, help="ID.tlog-proof unless given."
        ),
    ] = None,
) -> Answer:
    """Write a credential's receipt.

    It waits until the issuance is logged and, where the settings name a policy, cosigned.

    Example:
      registry receipt get 018f… -o badge.tlog-proof
    """
    with opened(session) as registry:
        credential_id = str(registry.application.any_credential(credential).id)
        proof = receipt_of(registry, credential_id)
    file = out or Path(f"{credential_id}{SUFFIX}")
    write(file, proof)
    document = {"credential_id": credential_id, "leaf_index": proof.index, "file": str(file)}
    return Answer(document, facts(document))


def verify(
    session: Session,  # noqa: ARG001 - as every command
    document: Annotated[
        Path, typer.Argument(metavar="CREDENTIAL", exists=True, dir_okay=False, help="A badge.")
    ],
    receipt: Annotated[
        Path, typer.Argument(metavar="RECEIPT", exists=True, dir_okay=False, help="Its receipt.")
    ],
    policy: PolicyOption,
) -> Answer:
    """Check that a badge stands in the log as it is.

    Or a status list. Needs no registry, no database and no network. The digest is computed of the
    document, found in the receipt's leaf, the leaf in the tree, the tree under the signatures that
    the policy asks for.

    Exits with 0 when everything holds, 1 when a step does not, 2 for wrong usage.

    Examples:
      registry receipt verify badge.json badge.tlog-proof --policy policy
      registry receipt verify list.json list.tlog-proof --policy policy
    """
    trusted, steps = read_policy(policy), Steps(str(document))
    received = receipt.read_bytes()
    try:
        verdict = check(steps, document.read_bytes(), received, trusted)
    except StepFailedError as error:
        steps.failed(error)
        return steps.answer(holds="proved", refused="refused", facts={}, proves="")
    found = facts_of(verdict, Proof.parse(received).index)
    return steps.answer(holds="proved", refused="refused", facts=found, proves=sentence_of(verdict))


def read_policy(file: Path) -> Policy:
    """Return the policy in a file; raises InvalidValueError."""
    try:
        with file.open("rb") as reader:
            return Policy.parse(reader.read(MAX_POLICY_BYTES + 1))
    except PolicyError as error:
        raise InvalidValueError(
            f"{file}: {error}", field="--policy", remedy="see docs/receipts.md for an example"
        ) from error
