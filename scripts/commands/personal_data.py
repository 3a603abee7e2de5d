"""Hand a learner their own data."""

import zipfile
from pathlib import Path
from typing import Annotated

import typer

from registry.domain.errors import InvalidValueError
from scripts.answers import Answer, Session, facts, say
from scripts.arguments import command
from scripts.commands.erasing import PersonOption, SubjectArgument, references_meant
from scripts.local import opened


def add_to(app: typer.Typer) -> None:
    """Add `export-person`."""
    command(app, "export-person")(export_person)


def export_person(
    session: Session,
    subject: SubjectArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A new folder, or a new file ending in .zip.")
    ],
    person: PersonOption = False,
) -> Answer:
    """Write out all that is held of a learner.

    That is who they are, their documents, notes about them, and what happened: as JSON, with a
    README in Polish and English. What one issuer holds, since each is a controller of its own;
    with --person what all hold.

    Examples:
      registry export-person 3f2a… -o anna.zip
      registry export-person 3f2a… -o anna --person
    """
    if output.exists():
        raise InvalidValueError(
            "it is there already", field="--output", remedy="name a new folder or file"
        )
    with opened(session) as registry:
        references = references_meant(registry, subject, person=person)
        files = registry.personal_data.files(references)
    (_zip if output.suffix == ".zip" else _unpacked)(output, files)
    say("It holds personal data and private notes: hand it over safely, then delete it.")
    document = {"output": str(output), "references": references, "files": sorted(files)}
    return Answer(document, facts(document | {"references": len(references), "files": len(files)}))


def _zip(output: Path, files: dict[str, bytes]) -> None:
    output.touch(mode=0o600, exist_ok=False)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _unpacked(output: Path, files: dict[str, bytes]) -> None:
    output.mkdir(mode=0o700)
    for name, content in files.items():
        file = output / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(content)
