"""Who leads, on either database, among what stands for several processes."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from registry.store.database import Database
from registry.store.leadership import (
    FileLeadership,
    Leadership,
    PostgresLeadership,
    key_of,
    open_leadership,
)
from tests.waiting import wait_until
from tests.workers import lead_and_wait, processes

Another = Callable[[], Leadership]


@pytest.fixture
def another(database_url: str) -> Iterator[Another]:
    """Start one more process, as it were, that would lead."""
    opened: list[Leadership] = []
    database = Database(database_url)

    def start() -> Leadership:
        opened.append(open_leadership(database))
        return opened[-1]

    yield start
    for leadership in opened:
        leadership.close()
    database.close()


@pytest.fixture
def on_postgres(postgres_url: str) -> Iterator[PostgresLeadership]:
    database = Database(postgres_url)
    leadership = PostgresLeadership(database.url)
    yield leadership
    leadership.close()
    database.close()


def test_one_of_two_leads_a_work_and_keeps_it(another: Another) -> None:
    first, second = another(), another()
    assert first.lead("log")
    assert not second.lead("log")
    assert first.lead("log")
    assert first.still_leads("log")
    assert not second.still_leads("log")


def test_works_are_led_apart(another: Another) -> None:
    first, second = another(), another()
    assert first.lead("projection/timeline")
    assert second.lead("projection/credentials")
    assert first.held == {"projection/timeline"}
    assert second.held == {"projection/credentials"}


def test_another_leads_once_the_first_has_ended(another: Another) -> None:
    first, second = another(), another()
    assert first.lead("log")
    first.close()
    assert not first.held
    wait_until(lambda: second.lead("log"))


def test_nobody_asks_for_the_same_work_all_the_time(another: Another) -> None:
    first, second = another(), another()
    assert first.lead("log")
    assert not second.lead("log")
    first.close()
    assert not second.lead("log"), "half a second has not passed"
    wait_until(lambda: second.lead("log"), seconds=2)


def test_another_leads_soon_after_the_leader_was_killed(
    database_url: str, another: Another
) -> None:
    context = processes()
    is_leading = context.Event()
    leader = context.Process(target=lead_and_wait, args=(database_url, "log", is_leading))
    leader.start()
    assert is_leading.wait(30)
    second = another()
    assert not second.lead("log")
    assert leader.pid
    os.kill(leader.pid, signal.SIGKILL)
    at = time.monotonic()
    wait_until(lambda: second.lead("log"), seconds=5)
    assert time.monotonic() - at < 5
    leader.join()


def test_another_leads_soon_after_the_leader_was_stopped(postgres_url: str) -> None:
    """Its connection is still there, but the server hears nothing of it."""
    context = processes()
    is_leading = context.Event()
    leader = context.Process(target=lead_and_wait, args=(postgres_url, "log", is_leading))
    leader.start()
    assert is_leading.wait(30)
    assert leader.pid
    os.kill(leader.pid, signal.SIGSTOP)
    second = PostgresLeadership(Database(postgres_url).url)
    try:
        wait_until(lambda: second.lead("log"), seconds=5)
    finally:
        os.kill(leader.pid, signal.SIGKILL)
        leader.join()
        second.close()


def test_a_leader_whose_connection_was_cut_knows_before_it_publishes(
    postgres_url: str, on_postgres: PostgresLeadership
) -> None:
    assert on_postgres.lead("lists/0-of-1")
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name = 'registry leadership' AND datname = current_database()"
        )
        connection.execute("SELECT pg_advisory_lock(%s)", (key_of("lists/0-of-1"),))
        assert not on_postgres.still_leads("lists/0-of-1")
        assert not on_postgres.held
        time.sleep(0.6)
        assert not on_postgres.lead("lists/0-of-1")


def test_a_leader_steps_down_where_a_pooler_gives_it_another_session(
    postgres_url: str, on_postgres: PostgresLeadership
) -> None:
    assert on_postgres.lead("log")
    other = PostgresLeadership(Database(postgres_url).url)
    assert other.lead("scheduler")
    # What a pooler does between two statements.
    on_postgres._connection, other._connection = other._connection, on_postgres._connection
    assert not on_postgres.still_leads("log")
    assert not on_postgres.held
    other.close()


def test_nobody_leads_while_the_database_is_away() -> None:
    leadership = PostgresLeadership(Database("postgresql://nobody@127.0.0.1:9/none").url)
    assert not leadership.lead("log")
    assert not leadership.still_leads("log")
    leadership.close()


def test_a_leader_whose_file_was_removed_knows_before_it_publishes(tmp_path: Path) -> None:
    first, second = FileLeadership(tmp_path / "r.db"), FileLeadership(tmp_path / "r.db")
    assert first.lead("lists/0-of-1")
    (tmp_path / "r.db.leads.lists-0-of-1.lock").unlink()
    assert second.lead("lists/0-of-1")
    assert not first.still_leads("lists/0-of-1")
    assert second.still_leads("lists/0-of-1")
    second.close()
