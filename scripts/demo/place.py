"""Where a demonstration lives: a folder with everything a registry needs to be served again."""

import json
import os
import random
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.exc import ArgumentError

from api.clock import now
from api.settings import CONFIGURATION_FILE
from registry.domain.errors import InvalidValueError
from registry.store.database import Database
from scripts import demo_tls, new_registry
from scripts.answers import Session
from scripts.demo.errors import DemonstrationError
from scripts.local import not_a_database_url

PORTS = range(20_000, 30_000)
"""Below the ports that a kernel hands out by itself: the port stays free between two servings."""

ATTEMPTS = 100
ENVIRONMENT_PREFIX = "REGISTRY_"
_TRACES = (CONFIGURATION_FILE, "master.key", "registry.db", "tls")


@dataclass(frozen=True)
class Place:
    """A registry ready to be served; `operator_token` is its first API key."""

    folder: Path
    base_url: str
    ca_file: Path
    operator_token: str

    @property
    def badges(self) -> Path:
        """Where one badge of each verdict is kept."""
        return self.folder / "badges"

    @property
    def server_log(self) -> Path:
        """What the server said."""
        return self.folder / "server.log"

    def keep_api_keys(self, tokens: dict[str, str]) -> None:
        """Write the tokens to a file that its owner alone can read."""
        body = json.dumps(tokens, indent=2).encode()
        demo_tls.write_private(self.folder / "api-keys.json", body)


def prepare(folder: Path, *, database_url: str | None, port: int | None = None) -> Place:
    """Make a registry in `folder`; raises InvalidValueError where there is one already.

    Without a port it chooses one that is free.
    """
    _require_unused(folder)
    if database_url is not None:
        _require_empty(database_url)
    _forget_environment()
    port = port or free_port()
    folder = folder.absolute()
    tls = demo_tls.make_tls_files(folder / "tls", now=now())
    made = new_registry.make(
        Session(folder),
        public_url=f"https://{demo_tls.HOST}:{port}",
        database_url=database_url,
        port=port,
        certfile=tls.certificate,
        keyfile=tls.key,
        metrics_port=0,
    )
    if made.operator_api_key is None:
        raise DemonstrationError("the new registry had an API key already")
    return Place(folder, made.public_url, tls.ca, made.operator_api_key)


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    for _ in range(ATTEMPTS):
        port = random.choice(PORTS)  # noqa: S311 - not a secret
        with socket.socket() as candidate, suppress(OSError):
            candidate.bind((str(demo_tls.ADDRESS), port))
            return port
    raise DemonstrationError("no loopback port is free")


def _require_unused(folder: Path) -> None:
    if any((folder / trace).exists() for trace in _TRACES):
        raise InvalidValueError(
            "this folder holds a registry already",
            field=str(folder),
            remedy=f"name another folder, or run: registry --folder {folder} serve",
        )


def _require_empty(database_url: str) -> None:
    try:
        database = Database(database_url)
    except ArgumentError as error:
        raise not_a_database_url() from error
    try:
        with database.reading() as connection:
            found = inspect(connection).get_table_names()
    finally:
        database.close()
    if found:
        raise InvalidValueError(
            f"the database is not empty: it has {len(found)} tables",
            field="database_url",
            remedy="make a new one for the demonstration, and drop it afterwards",
        )


def _forget_environment() -> None:
    """Drop settings of another registry, which would win over the demonstration's own."""
    for name in [name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)]:
        del os.environ[name]
