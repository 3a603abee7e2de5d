"""Two PostgreSQL servers: a primary, and a standby that confirms every commit before it returns.

`synchronous_commit` is left at "on": a commit returns once the standby has it on its disk, though
perhaps not yet in its tables. What is acknowledged then survives the primary, and a standby that is
kept from applying (by a long question of an auditor's, or paused) holds up no writer, as it would
under "remote_apply".
"""

import os
import subprocess
from dataclasses import dataclass, field

from sqlalchemy import make_url

from tests.postgres import HOST, USER, PostgresServer
from tests.waiting import wait_until

NAME = "standby"
SETTINGS = {"wal_level": "replica", "hot_standby": "on", "wal_receiver_status_interval": "1s"}


@dataclass
class Standby(PostgresServer):
    """A copy of a running primary that follows it until it is promoted."""

    primary: PostgresServer = field(kw_only=True)

    def promote(self) -> None:
        """Make it the primary; returns once it takes writes."""
        command = [str(self.binaries / "pg_ctl"), "promote", "-D", str(self.data), "-w"]
        subprocess.run(command, check=True, capture_output=True, **self._identity)

    def pause(self) -> None:
        """Receive, but no longer apply, what the primary does."""
        with self.connect() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
            wait_until(lambda: _one(self, "SELECT pg_get_wal_replay_pause_state()") == "paused")

    def resume(self) -> None:
        """Apply again what was received."""
        with self.connect() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")

    def _initialise(self) -> None:
        self._password = str(make_url(self.primary.url()).password)
        source = f"host={HOST} port={self.primary.port} user={USER} application_name={NAME}"
        command = [str(self.binaries / "pg_basebackup"), "-D", str(self.data), "-d", source]
        command += ["--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream"]
        password = {"PGPASSWORD": self._password}
        environment = {"env": os.environ | password} | self._identity
        subprocess.run([*command, "--no-sync"], check=True, capture_output=True, **environment)
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{key} = '{value}'\n" for key, value in self._settings())


@dataclass
class Pair:
    """A primary and its synchronous standby, both running; `settings` are those of both."""

    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = SETTINGS | self.settings
        self.primary = PostgresServer(settings=settings)
        self.standby = Standby(settings=settings, primary=self.primary)

    def start(self) -> None:
        """Start both; from then on no commit returns that the standby does not have."""
        self.primary.start()
        self.standby.start()
        self.demand(NAME)
        wait_until(lambda: _one(self.primary, _SYNCHRONOUS) == 1)

    def stop(self) -> None:
        self.standby.stop()
        self.primary.stop()

    def demand(self, names: str) -> None:
        """Let the primary's commits wait for these standbys, for none if empty."""
        with self.primary.connect() as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
            connection.execute("SELECT pg_reload_conf()")
        wait_until(lambda: _one(self.primary, "SHOW synchronous_standby_names") == names)
        # Who waits already is let go by the standby's next word, which this brings about.
        _one(self.primary, "SELECT pg_switch_wal()::text")

    def url(self, database: str) -> str:
        """Return the URL of a database on whichever of both takes writes, as libpq writes it."""
        one = make_url(self.primary.url(database))
        hosts = f"{HOST}:{self.primary.port},{HOST}:{self.standby.port}"
        who = f"postgresql://{USER}:{one.password}"
        return f"{who}@{hosts}/{database}?target_session_attrs=read-write"

    def fail_over(self) -> None:
        """Kill the primary as a crash would, for good, and let the standby take over."""
        self.primary.kill()
        self.standby.promote()

    def wait_until_applied(self) -> None:
        """Wait until the standby shows what the primary has."""
        end = _one(self.primary, "SELECT pg_current_wal_flush_lsn()::text")
        applied = f"SELECT pg_last_wal_replay_lsn() >= '{end}'"
        wait_until(lambda: _one(self.standby, applied) is True)


_SYNCHRONOUS = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


def _one(server: PostgresServer, query: str) -> object:
    with server.connect() as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
