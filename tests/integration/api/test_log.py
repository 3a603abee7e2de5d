"""The transparency log over HTTP: for everyone what proves, for auditors what happened."""

import gzip
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from api import bootstrap
from api.settings import Settings
from registry.formats.tlog import tiles
from registry.formats.tlog.checkpoints import Checkpoint, open_checkpoint
from registry.formats.tlog.entry_bundles import decode_entries
from registry.formats.tlog.leaves import EventLeaf, read_leaf
from registry.formats.tlog.merkle import leaf_hashes, verify_consistency, verify_inclusion
from registry.formats.tlog.tile_paths import TileAddress, entries_path
from registry.formats.tlog.verifier_keys import VerifierKey
from tests.integration.api.test_faults import metrics
from tests.integration.api.world import Issuer, Server, World
from tests.making import new_issuer
from tests.waiting import wait_until

ORIGIN = "registry.example/log"


class Outsider:
    """Knows the registry's public log and nothing else."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.server.url}/log{path}")

    def checkpoint(self) -> Checkpoint:
        described = self.get("").json()["logs"][0]
        keys = [VerifierKey.parse(key) for key in described["keys"]]
        return open_checkpoint(self.get("/checkpoint").content, keys)

    def read_tile(self, level: int, number: int, width: int) -> bytes:
        answer = self.get(f"/{TileAddress(level, number, width).path}")
        return answer.raise_for_status().content


@pytest.fixture
def outsider(world: World) -> Outsider:
    return Outsider(world.server)


def logged(outsider: Outsider, world: World) -> Checkpoint:
    """Return the checkpoint that covers everything that was recorded so far."""
    events = world.auditor().get("/v1/events", params={"limit": 1000}).json()["items"]
    wait_until(lambda: outsider.get("/checkpoint").status_code == 200)
    wait_until(lambda: outsider.checkpoint().size >= len(events))
    return outsider.checkpoint()


def test_an_issued_credential_is_under_a_checkpoint_that_anybody_verifies(
    outsider: Outsider, world: World, issuer: Issuer
) -> None:
    credential_id = issuer.issue()["credential_id"]
    checkpoint = logged(outsider, world)
    path = f"/{entries_path(0, min(checkpoint.size, 256))}"
    bundle = decode_entries(world.auditor().get(f"/log{path}").content)
    leaves = [read_leaf(entry) for entry in bundle]
    (index,) = [
        number
        for number, leaf in enumerate(leaves)
        if isinstance(leaf, EventLeaf) and (leaf.stream, leaf.version) == (credential_id, 1)
    ]
    (leaf_hash,) = leaf_hashes([bundle[index]])
    verify_inclusion(
        leaf_hash=leaf_hash,
        index=index,
        size=checkpoint.size,
        proof=tiles.inclusion_proof(index, checkpoint.size, outsider.read_tile),
        root=checkpoint.root,
    )


def test_an_outsider_sees_that_the_log_only_grew(
    outsider: Outsider, world: World, issuer: Issuer
) -> None:
    old = logged(outsider, world)
    issuer.issue()
    new = logged(outsider, world)
    assert new.size > old.size
    verify_consistency(
        old_size=old.size,
        old_root=old.root,
        new_size=new.size,
        new_root=new.root,
        proof=tiles.consistency_proof(old.size, new.size, outsider.read_tile),
    )


def test_the_logs_are_listed_with_their_keys(outsider: Outsider, world: World) -> None:
    logged(outsider, world)
    answer = outsider.get("")
    (log,) = answer.json()["logs"]
    assert answer.json()["current"] == log["origin"] == ORIGIN
    assert (log["url"], log["succeeded_by"]) == ("https://registry.example/log", None)
    assert [VerifierKey.parse(key).name for key in log["keys"]] == [ORIGIN]


def test_checkpoints_are_kept_for_seconds_and_tiles_for_ever(
    outsider: Outsider, world: World, issuer: Issuer
) -> None:
    assert issuer.issuer_id
    size = min(logged(outsider, world).size, 255)
    checkpoint, tile = outsider.get("/checkpoint"), outsider.get(f"/tile/0/000.p/{size}")
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["cache-control"] == "max-age=2"
    assert tile.headers["content-type"] == "application/octet-stream"
    assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
    for answer in (checkpoint, tile):
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/777",
        "/tile/5/000",
        "/tile/0/000.p/0",
        "/tile/0/000.p/300",
        "/tile/00/000",
        "/tile/0/..%2F..%2Fcheckpoint",
        "/2/checkpoint",
        "/1/checkpoint",
        "/02/checkpoint",
        "/x/tile/0/000",
    ],
)
def test_what_is_not_there_is_a_problem(outsider: Outsider, path: str) -> None:
    answer = outsider.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_entries_are_for_auditors(world: World, issuer: Issuer, outsider: Outsider) -> None:
    logged(outsider, world)
    assert outsider.get("/tile/entries/000.p/1").status_code == 401
    assert issuer.client.get("/log/tile/entries/000.p/1").status_code == 403
    assert world.auditor().get("/log/tile/entries/000.p/1").status_code == 200
    assert world.auditor().get("/log/tile/entries/999").status_code == 404


def test_entries_are_not_compressed_for_who_refuses_that(
    world: World, issuer: Issuer, outsider: Outsider
) -> None:
    assert issuer.issuer_id
    logged(outsider, world)
    refusing = {"Accept-Encoding": "gzip;q=0, identity"}
    answer = world.auditor().get("/log/tile/entries/000.p/1", headers=refusing)
    assert "content-encoding" not in answer.headers


def test_entries_are_compressed_for_who_takes_that(
    world: World, issuer: Issuer, outsider: Outsider
) -> None:
    assert issuer.issuer_id
    logged(outsider, world)
    auditor = world.auditor()
    plain = auditor.get("/log/tile/entries/000.p/2", headers={"Accept-Encoding": "identity"})
    with auditor.stream(
        "GET", "/log/tile/entries/000.p/2", headers={"Accept-Encoding": "gzip"}
    ) as answer:
        packed = b"".join(answer.iter_raw())
    assert "content-encoding" not in plain.headers
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == plain.content


def test_metrics_tell_of_the_log(world: World, issuer: Issuer, outsider: Outsider) -> None:
    assert issuer.issuer_id
    size = logged(outsider, world).size
    found = dict(line.split() for line in metrics(world.server).splitlines() if line[0] != "#")
    assert float(found["registry_log_size"]) >= size
    assert float(found["registry_log_alarm"]) == 0
    assert float(found["registry_log_lag_seconds"]) < 60


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[World]:
    """A registry whose log is signed, and whose server does not run."""
    server = Server(tmp_path)
    token = server.initialise()
    with closing(bootstrap.build(Settings.read(**server.settings))) as registry:
        new_issuer(registry.application)
        registry.transparency.run()
    yield World(server, server.client(token))
    server.stop()


def test_the_log_is_served_while_the_database_is_away(stopped: World) -> None:
    for each in stopped.server.folder.glob("registry.db*"):
        each.unlink()
    (stopped.server.folder / "registry.db").mkdir()
    outsider = Outsider(stopped.server.start())
    checkpoint = outsider.checkpoint()
    assert tiles.root(checkpoint.size, outsider.read_tile) == checkpoint.root


def test_a_log_without_its_key_is_a_warning_and_not_unreadiness(stopped: World) -> None:
    (stopped.server.folder / "log.key").unlink()
    outsider = Outsider(stopped.server.start())
    size = outsider.checkpoint().size
    stopped.issuer()
    wait_until(lambda: stopped.operator.get("/readyz").json()["warnings"])
    readiness = stopped.operator.get("/readyz").json()
    assert readiness["ready"]
    assert "there is no key for the log" in readiness["warnings"][0]
    assert outsider.checkpoint().size == size
