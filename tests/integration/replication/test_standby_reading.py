"""Auditors and projections read on the standby, and are told the truth while it lags."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.auditing import build_audit
from api.bootstrap import Registry
from api.opening import open_reading
from api.settings import Settings
from projections import ALL, standby
from projections.catch_up import CatchUp
from projections.history import History
from projections.past.moments import NotRecordedYetError, Question, resolve
from projections.standby import StandbyBehindError
from registry.store.api_keys import Role
from registry.store.database import Database, StoreUnavailableError
from registry.store.recorders import open_recorder
from registry.store.standby_reading import OtherRegistryError, ReadingDatabase, ReadsOnlyError
from tests.e2e.conftest import CliWithin
from tests.integration.api.world import served
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.making import PUBLIC_URL, Clock, new_issuer
from tests.postgres import HOST
from tests.replication import Pair
from tests.waiting import wait_until

Opened = Callable[..., Registry]


@pytest.fixture
def reading_url(shared_pair: Pair) -> Iterator[str]:
    """The URL of an empty database, on the standby."""
    database = shared_pair.primary.create_database().rpartition("/")[2]
    shared_pair.wait_until_applied()
    yield shared_pair.standby.url(database)
    shared_pair.standby.resume()


@pytest.fixture
def by_hand(shared_pair: Pair, reading_url: str, opened: Opened) -> ByHand:
    """A registry that writes to the primary and whose auditors read on the standby."""
    primary = shared_pair.primary.url(reading_url.rpartition("/")[2])
    return ByHand(opened(primary, reading_database_url=reading_url), Clock())


def log(by_hand: ByHand) -> None:
    by_hand.settle()
    by_hand.registry.transparency.run()
    by_hand.registry.catch_up.run()


def asked(registry: Registry, question: Question, *, role: Role = Role.AUDITOR) -> int:
    with registry.read_by(role).snapshot() as connection:
        return resolve(connection, question).position


def test_what_the_standby_does_not_show_yet_is_refused_and_then_answered(
    shared_pair: Pair, by_hand: ByHand
) -> None:
    by_hand.issue()
    by_hand.settle()
    shared_pair.wait_until_applied()
    registry = by_hand.registry
    shown = asked(registry, Question())
    shared_pair.standby.pause()
    new_issuer(registry.application, 2)  # Writing goes on while the standby applies nothing.
    registry.catch_up.run()
    beyond = Question(position=registry.history.end())
    with pytest.raises(NotRecordedYetError, match=f"newest position is {shown}"):
        asked(registry, beyond)
    assert asked(registry, Question()) == shown
    assert asked(registry, beyond, role=Role.ISSUER) == beyond.position
    shared_pair.standby.resume()
    shared_pair.wait_until_applied()
    assert asked(registry, beyond) == beyond.position


def test_a_replay_on_the_standby_finds_all_as_it_should_be(
    shared_pair: Pair, by_hand: ByHand
) -> None:
    (credential,) = by_hand.issue()
    log(by_hand)
    by_hand.revoke(credential)
    log(by_hand)
    shared_pair.wait_until_applied()
    audit = build_audit(by_hand.registry.settings)
    assert isinstance(audit.database, ReadingDatabase)
    outcome = audit.replay.verify(all_versions=True)
    audit.database.close()
    assert outcome.identical, outcome
    assert outcome.leaves == by_hand.registry.transparency.size


def test_a_replay_waits_for_what_is_signed_and_calls_nothing_truncated(
    shared_pair: Pair, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand.issue()
    log(by_hand)
    shared_pair.wait_until_applied()
    shared_pair.standby.pause()
    new_issuer(by_hand.registry.application, 2)
    log(by_hand)
    monkeypatch.setattr(standby.wait_for_leaves, "__kwdefaults__", {"wait_seconds": 0.1})
    replay = replace(by_hand.replay(), database=by_hand.registry.reading)
    with pytest.raises(StandbyBehindError, match="leaves that are signed"):
        replay.verify()


@pytest.mark.parametrize("other", ["none", "another", "another shard"])
def test_nothing_is_answered_from_the_database_of_another_registry(
    shared_pair: Pair, tmp_path: Path, other: str
) -> None:
    url = shared_pair.primary.create_database()
    if other != "none":
        settings = {"public_url": "https://other.example.org"} if other == "another" else {}
        made = open_registry(tmp_path / "other", url, **settings)
        made.transparency.run()
        made.close()
    shard = "b" if other == "another shard" else None
    ours = Settings.read(
        folder=tmp_path, public_url=PUBLIC_URL, reading_database_url=url, shard=shard, shards=["b"]
    )
    reading = open_reading(ours)
    assert reading is not None
    with pytest.raises(OtherRegistryError), reading.reading():
        pass
    reading.close()


def test_projections_fold_what_they_poll_from_the_standby(
    shared_pair: Pair, by_hand: ByHand
) -> None:
    registry = by_hand.registry
    (credential,) = by_hand.issue()
    by_hand.settle()
    shared_pair.wait_until_applied()
    polling = CatchUp(registry.database, History(open_recorder(registry.reading)), ALL)
    before = by_hand.positions()["status_lists"]
    by_hand.revoke(credential)
    end = registry.history.end()
    while by_hand.positions()["status_lists"] < end:
        polling.step()
    assert before < end
    wait_until(lambda: registry.publisher.tick() >= 1)
    assert by_hand.bit(credential) == 1


def test_polling_from_a_standby_that_lags_folds_nothing_and_loses_nothing(
    shared_pair: Pair, by_hand: ByHand
) -> None:
    registry = by_hand.registry
    by_hand.issue()
    by_hand.settle()
    registry.catch_up.run()
    shared_pair.wait_until_applied()
    shared_pair.standby.pause()
    polling = CatchUp(registry.database, History(open_recorder(registry.reading)), ALL)
    new_issuer(registry.application, 2)
    assert polling.run() == 0
    shared_pair.standby.resume()
    shared_pair.wait_until_applied()
    assert polling.run() > 0
    assert set(by_hand.positions().values()) == {registry.history.end()}


def test_nothing_is_written_where_auditors_read(by_hand: ByHand) -> None:
    with pytest.raises(ReadsOnlyError):
        by_hand.registry.reading.writing()


def test_not_even_by_a_statement_where_the_url_leads_to_the_primary(
    shared_pair: Pair, reading_url: str
) -> None:
    primary = shared_pair.primary.url(reading_url.rpartition("/")[2])
    database = ReadingDatabase(primary)
    with pytest.raises(Exception, match="read-only"), database.reading() as connection:
        connection.exec_driver_sql("CREATE TABLE mine (id int)")
    database.close()


@pytest.mark.parametrize(
    ("kind", "is_standby"), [(Database, False), (ReadingDatabase, True)], ids=["all", "reading"]
)
def test_of_both_servers_the_one_that_fits_is_asked(
    shared_pair: Pair, reading_url: str, kind: type[Database], *, is_standby: bool
) -> None:
    url = shared_pair.url(reading_url.rpartition("/")[2]).partition("?")[0]
    database = kind(url)
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one()
    database.close()
    assert found is is_standby


def test_a_standby_that_is_away_is_named_as_unavailable(reading_url: str) -> None:
    port = reading_url.rpartition(":")[2].partition("/")[0]
    away = ReadingDatabase(reading_url.replace(port, "1"))
    with pytest.raises(StoreUnavailableError), away.reading():
        pass
    away.close()


def test_commands_that_need_no_key_go_on_without_a_primary(
    shared_pair: Pair, by_hand: ByHand, reading_url: str, tmp_path: Path
) -> None:
    (credential,) = by_hand.issue()
    log(by_hand)
    shared_pair.wait_until_applied()
    away = f"postgresql://postgres@{HOST}:1/registry"
    settings = {
        "public_url": PUBLIC_URL,
        "database_url": away,
        "reading_database_url": reading_url,
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (tmp_path / "registry.toml").write_text("".join(lines))
    cli = CliWithin(tmp_path)
    assert cli("as-of", credential.id, "--json").json["status"] == "active"
    assert cli("replay", "--verify", "--json").json["identical"]


def test_an_auditor_is_answered_by_the_standby_and_an_issuer_by_the_primary(
    shared_pair: Pair, reading_url: str, tmp_path: Path
) -> None:
    primary = shared_pair.primary.url(reading_url.rpartition("/")[2])
    with served(tmp_path, primary, reading_database_url=reading_url) as world:
        issuer, auditor = world.issuer(), world.auditor()
        issuer.issue()
        wait_until(lambda: world.server.lag_events() == 0)
        shared_pair.wait_until_applied()
        path = f"/v1/issuers/{issuer.issuer_id}/as-of"
        shared_pair.standby.pause()
        issuer.issue("another@student.example")
        wait_until(lambda: counted(issuer.client, path) == 2)
        assert counted(auditor, path) == 1
        beyond = issuer.client.get(path).json()["as_of"]["position"]
        refused = auditor.get(path, params={"position": beyond})
        assert refused.json()["type"].endswith("not-recorded-yet")
        assert len(auditor.get("/v1/events").json()["items"]) < beyond
        shared_pair.standby.resume()
        wait_until(lambda: counted(auditor, path) == 2)
        assert "PostgreSQL's fsync is off" in " ".join(world.server.warnings())


def counted(client: httpx.Client, path: str) -> int:
    return len(client.get(path).raise_for_status().json()["items"])
