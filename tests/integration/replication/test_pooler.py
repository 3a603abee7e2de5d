"""PgBouncer between the registry and PostgreSQL, in transaction mode."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from registry.store.database import Database, StoreUnavailableError
from registry.store.recorders import open_recorder
from tests.making import migrate
from tests.postgres import HOST, PORTS
from tests.waiting import wait_until
from tests.workers import stored_event

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
SETTINGS = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = {host}
listen_port = {listen}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 2
"""
needs_pgbouncer = pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed")


@pytest.fixture
def pooled_url(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database behind PgBouncer, which has two connections to it."""
    url, listen = make_url(postgres_url), PORTS.start + secrets.randbelow(len(PORTS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "users").write_text(f'"{url.username}" "{url.password}"\n')
        settings = SETTINGS.format(host=HOST, port=url.port, listen=listen, folder=folder)
        (folder / "ini").write_text(settings)
        command = [str(PGBOUNCER), "-q", str(folder / "ini")]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **_as_nobody(folder))
        pooled = url.set(port=listen).update_query_dict({"pooled": "transaction"})
        try:
            yield pooled.render_as_string(hide_password=False)
        finally:
            process.terminate()
            process.wait(10)


def _as_nobody(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def answers(database: Database) -> bool:
    try:
        with database.reading() as connection:
            return bool(connection.exec_driver_sql("SELECT true").scalar_one())
    except StoreUnavailableError:
        return False


@needs_pgbouncer
def test_more_clients_than_connections_append_and_read(pooled_url: str) -> None:
    database = Database(pooled_url)
    wait_until(lambda: answers(database))
    migrate(pooled_url)
    recorder = open_recorder(database)

    def work() -> None:
        for _ in range(20):
            recorder.insert_events([stored_event(uuid4(), 1)])
            recorder.max_notification_id()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorder.select_notifications(None, 1000)) == 120
    database.close()


def test_behind_a_pooler_each_transaction_has_its_limits(postgres_url: str) -> None:
    database = Database(f"{postgres_url}?pooled=transaction")
    with database.reading() as connection:
        found = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("lock_timeout", "statement_timeout")
        ]
    with database.snapshot(patient=True) as connection:
        lifted = connection.exec_driver_sql("SHOW statement_timeout").scalar_one()
    database.close()
    assert (found, lifted) == (["5s", "1min"], "0")
