"""Who does what, of several processes of one registry: each piece of work has one leader at a time.

On PostgreSQL a leader holds a session's advisory lock on a connection of its own, which the server
frees when that connection ends: at once after a `kill -9`, and within `SILENCE_SECONDS` where a
process stands still or its machine is cut off, because the session must be heard from. A pooler
that gives each transaction another connection (PgBouncer in transaction mode) must not stand in
between. On SQLite it is the lock of a file beside the database, which goes with its process.

A lock is no fence: a leader may have lost it without knowing. So it asks again right before it
publishes, and two who publish all the same still collide on the version's primary key.
"""

import hashlib
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

import psycopg
import structlog
from sqlalchemy import URL

from registry.store.database import CONNECT_SECONDS, Database
from registry.store.database_urls import read_database_url
from registry.store.folders import try_lock

log = structlog.get_logger(__name__)

TRY_SECONDS = 0.5
"""How often a process that does not lead tries to."""

HEARTBEAT_SECONDS = 1.0
SILENCE_SECONDS = 4
"""How long the server hears nothing of a leader before it lets others lead."""


class LeadershipLostError(Exception):
    """Another process leads this work now."""


class Leadership(Protocol):
    """What one process leads; safe to use from many threads."""

    def lead(self, work: str) -> bool:
        """Return whether this process leads `work`, trying to where nobody does.

        Cheap where it leads, and at most every half a second a question where it does not.
        """
        ...

    def still_leads(self, work: str) -> bool:
        """Ask anew whether this process leads; False also where nobody answers."""
        ...

    @property
    def held(self) -> frozenset[str]:
        """What this process leads, as far as it knows."""
        ...

    def close(self) -> None:
        """Lead nothing any more, so that others may."""
        ...


def open_leadership(database: Database, direct_url: str | None = None) -> Leadership:
    """Return what elects leaders among the processes of a database; connects when first asked.

    `direct_url` leads to a PostgreSQL past a pooler; without it the database's own URL is used.
    """
    if database.is_sqlite:
        return FileLeadership(Path(str(database.url.database)))
    return PostgresLeadership(read_database_url(direct_url) if direct_url else database.url)


class _Tries:
    """Lets each work be tried for at most every half a second."""

    def __init__(self) -> None:
        self._tried_at: dict[str, float] = {}

    def is_due(self, work: str) -> bool:
        now = time.monotonic()
        if now - self._tried_at.get(work, -TRY_SECONDS) < TRY_SECONDS:
            return False
        self._tried_at[work] = now
        return True


class FileLeadership:
    """Leads by locks of files named `DATABASE.leads.WORK.lock`, for processes of one machine."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._tries = _Tries()
        self._files: dict[str, IO[str]] = {}

    @property
    def held(self) -> frozenset[str]:
        return frozenset(self._files)

    def lead(self, work: str) -> bool:
        if work in self._files:
            return True
        with self._lock:
            return work in self._files or (self._tries.is_due(work) and self._try(work))

    def still_leads(self, work: str) -> bool:
        with self._lock:
            file = self._files.get(work)
            if file is None:
                return False
            if self._is_in_place(work, file):
                return True
            self._files.pop(work).close()
        return False

    def close(self) -> None:
        with self._lock:
            while self._files:
                self._files.popitem()[1].close()

    def _try(self, work: str) -> bool:
        file = self._path(work).open("w")
        if not try_lock(file) or not self._is_in_place(work, file):
            file.close()
            return False
        self._files[work] = file
        return True

    def _is_in_place(self, work: str, file: IO[str]) -> bool:
        """Return whether others would meet this very file: it may have been removed."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path(work).stat())
        except FileNotFoundError:
            return False

    def _path(self, work: str) -> Path:
        name = work.replace("/", "-")
        return self._database.with_name(f"{self._database.name}.leads.{name}.lock")


class PostgresLeadership:
    """Leads by advisory locks of one session, which a thread keeps alive while anything is led."""

    def __init__(self, url: URL, *, connect: Callable[..., Any] = psycopg.connect) -> None:
        self._url = url
        self._connect = connect
        self._lock = threading.Lock()
        self._tries = _Tries()
        self._connection: psycopg.Connection[Any] | None = None
        self._held: frozenset[str] = frozenset()
        self._heard_at = 0.0
        self._closing = threading.Event()
        self._heart: threading.Thread | None = None

    @property
    def held(self) -> frozenset[str]:
        is_fresh = time.monotonic() - self._heard_at < SILENCE_SECONDS
        return self._held if is_fresh else frozenset()

    def lead(self, work: str) -> bool:
        # Without the lock: another thread may be waiting for the server's answer.
        if work in self.held:
            return True
        with self._lock:
            if work in self.held or not self._tries.is_due(work):
                return work in self.held
            if not self._ask("SELECT pg_try_advisory_lock(%s)", key_of(work)):
                return False
            self._held |= {work}
        self._keep_alive()
        return True

    def still_leads(self, work: str) -> bool:
        with self._lock:
            return work in self._held and self._confirm()

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            self._step_down()
        if self._heart is not None:
            self._heart.join()

    def _confirm(self) -> bool:
        """Return whether this session holds every lock it should; steps down where it does not."""
        query = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND objsubid = 1 AND pid = pg_backend_pid() "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND (classid::bigint << 32) | objid::bigint = ANY(%s)"
        )
        expected = self._held
        if self._ask(query, [key_of(work) for work in expected]) == len(expected):
            return True
        if self._held:
            log.warning(
                "leadership lost",
                work=sorted(expected),
                remedy="set direct_database_url where a pooler stands before the database",
            )
        self._step_down()
        return False

    def _ask(self, query: str, parameter: Any) -> Any:
        """Return the server's one value, or None where it does not answer: then nothing is led."""
        asked_at = time.monotonic()
        try:
            connection = self._connected()
            row = connection.execute(query, (parameter,)).fetchone()
        except psycopg.Error as error:
            if self._held:
                reason = type(error).__name__
                log.warning("leadership lost", work=sorted(self._held), reason=reason)
            self._step_down()
            return None
        self._heard_at = asked_at
        return row[0] if row else None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._closing.is_set():
            raise psycopg.OperationalError("this process leads nothing any more")
        if self._connection is None:
            self._connection = self._connect(**_arguments(self._url))
        return self._connection

    def _step_down(self) -> None:
        self._held = frozenset()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _keep_alive(self) -> None:
        with self._lock:
            if self._heart is None:
                self._heart = threading.Thread(target=self._beat, name="leadership", daemon=True)
                self._heart.start()

    def _beat(self) -> None:
        while not self._closing.wait(HEARTBEAT_SECONDS):
            with self._lock:
                if self._connection is not None:
                    self._confirm()


def key_of(work: str) -> int:
    """Return the number of the advisory lock: 64 bits, signed."""
    digest = hashlib.sha256(f"leads {work}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _arguments(url: URL) -> dict[str, Any]:
    """Return how to connect so that either end soon notices that the other is gone."""
    limits = {
        "idle_session_timeout": SILENCE_SECONDS * 1000,
        "statement_timeout": 2_000,
        "tcp_keepalives_idle": 1,
        "tcp_keepalives_interval": 1,
        "tcp_keepalives_count": 3,
    }
    options = " ".join(f"-c {name}={value}" for name, value in limits.items())
    dialect = url.get_dialect()()
    _, given = dialect.create_connect_args(url)
    return {
        **given,
        "autocommit": True,
        "prepare_threshold": None,
        "application_name": "registry leadership",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 1,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": 3_000,
        "options": options,
    }
