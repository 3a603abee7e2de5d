"""Make a new registry in a folder: settings file, master key, database, first operator key."""

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import ArgumentError

from api import clock, founding
from api.settings import CONFIGURATION_FILE, Settings
from registry.domain.errors import InvalidValueError
from registry.domain.instants import instant
from registry.store.api_keys import DEFAULT_LIFETIME, ApiKeys, Role
from registry.store.database import Database
from registry.store.database_urls import read_database_url
from scripts.answers import Session
from scripts.local import not_a_database_url, read_settings


@dataclass(frozen=True)
class NewRegistry:
    """What `make` made; `operator_api_key` is None where a repeat found one made already."""

    folder: Path
    public_url: str
    database: str
    master_key_file: Path
    operator_api_key: str | None

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {name: str(value) if value else None for name, value in vars(self).items()}


def make(session: Session, **given: Any) -> NewRegistry:
    """Make a registry, or repeat what is missing; `given` are settings and None where not given.

    Raises InvalidValueError, or PublicUrlError where the folder has another public URL.
    """
    settings = read_settings(session, **given)
    recorded = _recorded(settings.folder)
    if settings.public_url is None:
        raise InvalidValueError(
            "it is not given",
            field="public_url",
            remedy="run: registry init --public-url https://registry.example.org",
        )
    _check_same_database(recorded, given.get("database_url"))
    try:
        founding.initialise(settings)
    except ArgumentError as error:
        raise not_a_database_url() from error
    write_settings(settings.folder, recorded | _to_write(settings, given))
    return NewRegistry(
        folder=settings.folder,
        public_url=settings.public_url,
        database=read_database_url(settings.effective_database_url).render_as_string(),
        master_key_file=settings.master_key_file,
        operator_api_key=_first_operator_key(settings),
    )


def write_settings(folder: Path, values: dict[str, str | int]) -> None:
    """Write the settings file, readable by its owner alone: a database URL may hold a password."""
    # A basic string of TOML is written as a string of JSON is.
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()
    ]
    temporary = folder / f".{CONFIGURATION_FILE}.new"
    descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as output:
        output.writelines(lines)
    temporary.replace(folder / CONFIGURATION_FILE)


def _recorded(folder: Path) -> dict[str, Any]:
    file = folder / CONFIGURATION_FILE
    return tomllib.loads(file.read_text()) if file.exists() else {}


def _check_same_database(recorded: dict[str, Any], wanted: object) -> None:
    if recorded and wanted is not None and wanted != recorded.get("database_url"):
        raise InvalidValueError(
            "this folder's registry has another database",
            field="database_url",
            remedy="leave it out, or make the new registry in another folder",
        )


def _to_write(settings: Settings, given: dict[str, Any]) -> dict[str, str | int]:
    """Return the settings that were given, and the port that the public URL names."""
    port = urlsplit(settings.public_url or "").port
    named = {"public_url": settings.public_url, **({"port": port} if port else {})} | given
    return {
        name: value if isinstance(value, int) else str(value)
        for name, value in named.items()
        if value is not None
    }


def _first_operator_key(settings: Settings) -> str | None:
    """Return the token of a new operator's key where the registry has no key at all."""
    database = Database(settings.effective_database_url)
    try:
        keys = ApiKeys(database, shard=settings.shard)
        if keys.all():
            return None
        now = clock.now()
        _, token = keys.create(
            Role.OPERATOR,
            issuer_id=None,
            label="first operator",
            at=instant(now),
            expires_at=instant(now + DEFAULT_LIFETIME),
        )
    finally:
        database.close()
    return token
