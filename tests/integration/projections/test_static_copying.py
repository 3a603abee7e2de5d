"""The thread that copies: it outlives a store that is away, and holds up nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from api.metrics import RegistryCollector
from projections.publish_folder import PublishFolder
from projections.static import copying as module
from projections.static.copying import Copying
from projections.static.opening import open_target
from projections.static.publication import StaticPublication
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.making import Clock
from tests.waiting import wait_until
from tests.web_servers import BUCKET, ObjectStore

NAME = "status-lists/00000000-0000-4000-8000-000000000000/revocation"


@pytest.fixture
def s3(s3_server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """A real S3-compatible server, which the environment names; it runs again afterwards."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    yield s3_server
    s3_server.start()


def test_store_that_was_away_has_everything_once_it_is_back(
    s3: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_SECONDS", 1.0)
    folder = PublishFolder(tmp_path / "published")
    target = open_target(f"s3://{BUCKET}/public")
    copying = Copying(StaticPublication(folder, target, ttl_seconds=300))
    copying.start()
    try:
        publish(folder, 1)
        wait_until(lambda: fetched(s3) == body(1), in_the_way=lambda: copying.failure)
        s3.stop()
        publish(folder, 2)
        wait_until(lambda: copying.failure is not None)
        assert "TargetAwayError" in (copying.failure or "")
        began = time.monotonic()
        publish(folder, 3)
        assert time.monotonic() - began < 1.0
        s3.start()
        wait_until(lambda: fetched(s3) == body(3), in_the_way=lambda: copying.failure)
        wait_until(lambda: copying.failure is None)
        assert copying.standing.behind == 0
    finally:
        copying.stop()


def body(version: int) -> bytes:
    return b'{"version": %d}' % version


def publish(folder: PublishFolder, version: int) -> None:
    folder.make_current(NAME, folder.put(NAME, version, body(version)))


def fetched(s3: ObjectStore) -> bytes | None:
    """Return what everybody gets from the bucket."""
    try:
        url = f"{s3.endpoint}/{BUCKET}/public/{NAME}"
        return httpx.get(url, trust_env=False).raise_for_status().content
    except httpx.HTTPError:
        return None


@pytest.fixture
def by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ByHand]:
    """A registry with a directory that can be written, and one that cannot."""
    clock = Clock()
    monkeypatch.setattr("api.clock.now", clock)
    (tmp_path / "file").touch()
    targets = ((tmp_path / "copies").as_uri(), (tmp_path / "file" / "copies").as_uri())
    url = f"sqlite:///{tmp_path}/registry.db"
    registry = open_registry(tmp_path, url, static_targets=targets)
    yield ByHand(registry, clock)
    registry.close()


def test_one_target_that_fails_holds_up_no_other_and_no_publishing(
    by_hand: ByHand, tmp_path: Path
) -> None:
    good, bad = by_hand.registry.static
    credential = by_hand.issue()[0]
    for each in by_hand.registry.static:
        each.start()
    wait_until(lambda: bad.failure is not None)
    by_hand.revoke(credential)
    assert by_hand.settle() == 2
    name = by_hand.names(credential)[0]
    served = by_hand.registry.folder.root / name
    wait_until(lambda: is_copied(tmp_path / "copies" / name, served))
    assert good.failure is None


def is_copied(copy: Path, served: Path) -> bool:
    return copy.exists() and copy.read_bytes() == served.read_bytes()


def test_metrics_tell_of_each_target_also_while_the_database_is_away(by_hand: ByHand) -> None:
    for each in by_hand.registry.static:
        each.start()
    good, bad = by_hand.registry.static
    wait_until(lambda: bad.failure is not None)
    (Path(str(by_hand.registry.database.url).removeprefix("sqlite:///"))).unlink()
    collectors = CollectorRegistry()
    collectors.register(RegistryCollector(by_hand.registry))
    text = generate_latest(collectors).decode()
    assert f'registry_static_failing{{target="{good.standing.url}"}} 0.0' in text
    assert f'registry_static_failing{{target="{bad.standing.url}"}} 1.0' in text
    for name in ("behind", "ahead", "lag_seconds"):
        assert f"registry_static_{name}{{" in text


@pytest.mark.parametrize(("roles", "copies"), [(("static",), True), (("scheduler",), False)])
def test_process_copies_where_that_is_its_role(
    tmp_path: Path, roles: tuple[str, ...], copies: bool
) -> None:
    targets = ((tmp_path / "copies").as_uri(),)
    url = f"sqlite:///{tmp_path}/registry.db"
    registry = open_registry(tmp_path, url, static_targets=targets, roles=roles)
    registry.start()
    registry.close()
    assert [each.is_running for each in registry.static] == [copies]
