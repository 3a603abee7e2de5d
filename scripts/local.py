"""Work on the folder's own database, without a server and beside one that runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tomllib import TOMLDecodeError
from typing import Any

from pydantic_settings import SettingsError
from sqlalchemy.exc import ArgumentError

from api import auditing, bootstrap, logging
from api.settings import CONFIGURATION_FILE, Settings, ignored_variables
from registry.commands import Caller
from registry.domain.errors import InvalidValueError
from registry.store import installation, schema
from scripts.answers import Session, inert, say

ACTOR = "command-line"
"""The actor in events of what a command changed; no name, because events are kept for ever."""


def read_settings(session: Session, **given: Any) -> Settings:
    """Return the settings; raises InvalidValueError or pydantic's ValidationError.

    What the environment holds in vain is told first: it may be why the settings are refused.
    """
    for sentence in ignored_variables(os.environ):
        say(inert(f"warning: {sentence}"))
    try:
        return Settings.read(folder=session.folder, **given)
    except TOMLDecodeError as error:
        raise InvalidValueError(str(error), field="registry.toml") from error
    except SettingsError as error:
        reason, _, _ = str(error).partition(" from source")  # The rest names a class.
        raise InvalidValueError(reason, remedy="""write a list as JSON: '["one"]'""") from error


def existing(session: Session, **given: Any) -> Settings:
    """Return the settings of a registry; raises InvalidValueError where the folder holds none."""
    settings = read_settings(session, **given)
    elsewhere = settings.public_url is not None and settings.database_url is not None
    configured = (settings.folder / CONFIGURATION_FILE).exists()
    if not (elsewhere or configured or (settings.folder / "registry.db").exists()):
        raise NoRegistryError(
            f"{settings.folder} holds no registry",
            field="folder",
            remedy="name one with --folder, or make one with registry init --public-url https://…",
        )
    return settings


class NoRegistryError(InvalidValueError):
    """There is nothing to work on."""


@contextmanager
def assembled(settings: Settings) -> Iterator[bootstrap.Registry]:
    """Give the parts of a registry without a look at its database; they log to stderr."""
    logging.configure_command()
    try:
        registry = bootstrap.build(settings)
    except ArgumentError as error:
        raise not_a_database_url() from error
    try:
        yield registry
        registry.application.stop()
    finally:
        registry.close()


@contextmanager
def audited(session: Session) -> Iterator[auditing.Audit]:
    """Give what an auditor needs, which neither writes anything nor needs the master key."""
    settings = existing(session)
    logging.configure_command()
    try:
        audit = auditing.build_audit(settings)
    except ArgumentError as error:
        raise not_a_database_url() from error
    try:
        schema.check(audit.database)
        installation.check_public_url(audit.database, audit.public_url)
        bootstrap.check_role(audit.database)
        yield audit
    finally:
        audit.database.close()


@contextmanager
def opened(session: Session) -> Iterator[bootstrap.Registry]:
    """Give a registry whose database was found right and whose views hold every event.

    They and the log hold what the command itself recorded too, once it has ended well.
    """
    with assembled(existing(session)) as registry:
        bootstrap.check(registry.database, registry.public_url, registry.erasing)
        registry.transparency.prepare()
        registry.catch_up.run()
        yield registry
        registry.application.stop()
        registry.catch_up.run()
        registry.transparency.finish()


@contextmanager
def opened_as_is(session: Session) -> Iterator[bootstrap.Registry]:
    """Give a registry without touching its views, which may be behind or out of date."""
    with assembled(existing(session)) as registry:
        schema.check(registry.database)
        installation.check_public_url(registry.database, registry.public_url)
        bootstrap.check_role(registry.database)
        registry.transparency.prepare()
        yield registry


def caller(idempotency_key: str | None, *, expected_version: int | None = None) -> Caller:
    """Return the command line as a caller."""
    return Caller(ACTOR, idempotency_key, expected_version)


def not_a_database_url() -> InvalidValueError:
    """Return the error for a URL that names no database; the URL may hold a password."""
    return InvalidValueError(
        "it is not the URL of a database",
        field="database_url",
        remedy="give sqlite:////path/to/file or postgresql://user:password@host/database",
    )
