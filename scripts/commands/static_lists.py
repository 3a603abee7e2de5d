"""Copy what is published to the static targets, and tell how far each is, with no server up."""

from collections.abc import Callable

import typer

from api import logging
from api.parts import build_static
from api.settings import Settings
from projections.static.publication import Standing, StaticPublication
from registry.domain.errors import InvalidValueError, RegistryError
from scripts.answers import FAILED, Answer, Session, say, table
from scripts.arguments import command
from scripts.local import existing

COLUMNS = ("target", "files", "behind", "ahead")


def add_to(lists: typer.Typer) -> None:
    """Add `publish-static` and `static-status`."""
    command(lists, "publish-static")(publish_static)
    command(lists, "static-status")(static_status)


def publish_static(session: Session) -> Answer:
    """Copy to every static target what it lacks, now.

    Needs the publish folder alone: no database, no key, no server. Safe beside one that runs. It
    ends with exit code 1 where a target could not be written.

    Example:
      registry list publish-static
    """
    return _each(session, StaticPublication.finish, verb="copied")


def static_status(session: Session) -> Answer:
    """Read every static target and tell what it lacks.

    `behind` is what a target lacks in its newest version, `ahead` what it has in a newer version
    than the publish folder. Where any is behind the exit code is 1.

    Example:
      registry list static-status
    """
    return _each(session, StaticPublication.compare, verb="lacks")


def _each(session: Session, do: Callable[[StaticPublication], list[str]], *, verb: str) -> Answer:
    settings = _with_targets(existing(session))
    logging.configure_command()
    items = [_one(publication, do, verb=verb) for publication in build_static(settings)]
    rows = [[item[name] for name in COLUMNS] for item in items]
    failed = any(item["failure"] or item["behind"] for item in items)
    return Answer({"items": items}, table(COLUMNS, rows), FAILED if failed else 0)


def _one(
    publication: StaticPublication, do: Callable[[StaticPublication], list[str]], *, verb: str
) -> dict[str, object]:
    failure, names = None, list[str]()
    try:
        names = do(publication)
    except RegistryError as error:
        failure = error.reason
        say(f"{publication.target.url}: {error.title} {error.reason}; {error.remedy}")
    for name in names:
        say(f"{publication.target.url}: {verb} {name}")
    return {**_facts(publication.standing), verb: names, "failure": failure}


def _facts(standing: Standing) -> dict[str, object]:
    for sentence in standing.damaged:
        say(f"not copied: {sentence}")
    return {
        "target": standing.url,
        "files": standing.files,
        "behind": standing.behind,
        "ahead": standing.ahead,
        "damaged": list(standing.damaged),
    }


def _with_targets(settings: Settings) -> Settings:
    if settings.static_targets:
        return settings
    raise InvalidValueError(
        "no static target is set",
        field="static_targets",
        remedy='set it in registry.toml, such as static_targets = ["file:///srv/lists"]',
    )
