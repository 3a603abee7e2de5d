"""A file as large as a job may be, on PostgreSQL, while the server is killed again and again.

How long it took is logged: `make soak ARGS="--log-cli-level INFO -k million"`.
"""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.integration.api.world import Issuer, Server, served
from tests.postgres import PostgresServer
from tests.waiting import wait_until

ROWS = 1_000_000
KILLS_AT = (150_000, 400_000, 650_000, 900_000)
SECONDS = 1_700
POLL_SECONDS = 1.0

log = logging.getLogger(__name__)


@pytest.mark.long
def test_a_million_rows_are_issued_once_each_though_the_server_is_killed_again_and_again(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.create_database()
    with served(tmp_path, url) as world:
        office, started = world.issuer(), time.monotonic()
        taken = office.client.post(
            "/v1/issuing-jobs",
            params={"achievement_id": office.achievement_id},
            content=file(),
            headers={"Content-Type": "text/csv"},
        ).raise_for_status()
        log.info("taken after %.0f s", time.monotonic() - started)
        job = ended(office, taken.headers["Location"], world.server)
        log.info("done after %.0f s", time.monotonic() - started)

        assert (job["state"], job["accepted"], job["refused"]) == ("done", ROWS, 0)
        issued = {line: id_ for line, code, id_ in reported(office, job) if code == "issued"}
        assert issued.keys() == set(range(2, ROWS + 2))
        assert len(set(issued.values())) == ROWS
        wait_until(lambda: world.server.lag_events() == 0, seconds=300)
    for question, answer in QUESTIONS.items():
        assert asked(url, question) == answer, question
    postgres_server.drop_database(url)


QUESTIONS = {
    "SELECT count(*) FROM credentials": ROWS,
    "SELECT count(DISTINCT subject_ref) FROM credentials": ROWS,
    "SELECT count(DISTINCT (list_id, list_index)) FROM credentials": ROWS,
    "SELECT count(*) FROM credentials JOIN documents USING (credential_id)": ROWS,
    "SELECT count(*) FROM stored_events WHERE topic LIKE 'credential-issued%'": ROWS,
    "SELECT count(*) FROM job_slices WHERE content IS NOT NULL": 0,
    "SELECT count(*) FROM job_digests": 0,
    "SELECT count(*) FROM secrets WHERE name LIKE 'job%'": 0,
}


def file() -> Iterator[bytes]:
    """Yield a file of so many learners, a thousand rows at a time."""
    yield b"email;name\n"
    for first in range(0, ROWS, 1_000):
        rows = range(first, first + 1_000)
        yield b"".join(b"l%d@student.example;Learner %d\n" % (row, row) for row in rows)


def ended(office: Issuer, path: str, server: Server) -> dict[str, Any]:
    """Return the job once it has ended; the server is killed whenever so many rows are done."""
    deadline, kills = time.monotonic() + SECONDS, list(KILLS_AT)
    while time.monotonic() < deadline:
        job: dict[str, Any] = office.client.get(path).raise_for_status().json()
        if job["state"] in ("done", "failed", "cancelled"):
            assert not kills, "it was killed at every point"
            return job
        if job["state"] == "running" and kills and job["finished"] >= kills[0]:
            kills.pop(0)
            server.kill()
            server.start()
        time.sleep(POLL_SECONDS)
    raise AssertionError("the job did not end in time")


def reported(office: Issuer, job: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    """Yield the line, code and credential of each row of the report."""
    with office.client.stream("GET", f"/v1/jobs/{job['job_id']}/report", timeout=120) as answer:
        lines = answer.iter_lines()
        next(lines)
        for each in lines:
            line, _, code, *_, id_ = each.split(",")
            yield int(line), code, id_


def asked(url: str, question: str) -> int:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(question)).scalar_one())
    finally:
        engine.dispose()
