"""The database away or locked, processes killed, settings that contradict the database."""

import socket
import sqlite3
import ssl
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.integration.api.test_refusals import assert_problem
from tests.integration.api.world import PUBLIC_URL, Server, World, served
from tests.postgres import PostgresServer
from tests.unit.verification.tls_server import make_authority
from tests.waiting import wait_until


def test_a_locked_database_is_503_and_the_repeat_is_one_effect(tmp_path: Path) -> None:
    with served(tmp_path) as world:
        issuer = world.issuer()
        issuer.issue()
        key = {"Idempotency-Key": "once"}
        lock = sqlite3.connect(tmp_path / "registry.db", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        order = issuer.order("b@c.example")
        refused = issuer.client.post("/v1/credentials", json=order, headers=key)
        lock.execute("ROLLBACK")
        lock.close()
        assert_problem(refused, 503, "store-unavailable")
        assert refused.headers["Retry-After"] == "1"
        answers = [issuer.client.post("/v1/credentials", json=order, headers=key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].content == answers[1].content
        assert issuer.count() == 2


def test_lists_stay_readable_while_postgresql_is_away_and_at_a_cold_start(tmp_path: Path) -> None:
    postgres = PostgresServer()
    try:
        postgres.start()
        with served(tmp_path, postgres.create_database()) as world:
            _outlive(postgres, world)
    finally:
        postgres.stop()


def _outlive(postgres: PostgresServer, world: World) -> None:
    issuer = world.issuer()
    credential = issuer.issue()
    wait_until(lambda: issuer.bit(credential, "revocation") == 0)
    path, body = f"/v1/credentials/{credential['credential_id']}/revoke", {"reason": "other"}
    key = {"Idempotency-Key": "revoke-it"}

    postgres.kill()
    refused = issuer.client.post(path, json=body, headers=key)
    assert_problem(refused, 503, "store-unavailable")
    assert refused.headers["Retry-After"] == "1"
    assert issuer.bit(credential, "revocation") == 0
    assert world.server.client().get("/healthz").status_code == 200
    unready = world.server.client().get("/readyz")
    assert (unready.status_code, unready.json()["ready"]) == (503, False)
    assert "registry_database_up 0.0" in metrics(world.server)

    world.server.stop()
    world.server.start()
    assert issuer.bit(credential, "revocation") == 0
    with httpx.Client(base_url=world.server.url, headers=issuer.client.headers) as again:
        assert_problem(again.post(path, json=body, headers=key), 503, "store-unavailable")
        postgres.restart()
        wait_until(lambda: again.get("/readyz").status_code == 200, seconds=20)
        assert again.post(path, json=body, headers=key).json()["version"] == 2
        assert again.post(path, json=body, headers=key).json()["version"] == 2
        wait_until(lambda: issuer.bit(credential, "revocation") == 1)


def test_another_public_url_than_the_recorded_one_is_refused(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.initialise()
    other = Server(tmp_path, more={"public_url": "https://other.example"})
    other.start(wait=False)
    assert other.process.wait(20) == 2
    [line] = other.log
    assert PUBLIC_URL in line["reason"]
    assert "https://other.example" in line["reason"]


def test_the_worker_does_not_outlive_its_parent(tmp_path: Path) -> None:
    with served(tmp_path) as world:
        [worker] = psutil.Process(world.server.process.pid).children()
        world.server.kill()
        worker.wait(10)
        world.server.start()
        assert world.issuer().issue()["status"] == "active"
        world.server.close_clients()


def test_a_graceful_stop_gives_unspent_indexes_back(tmp_path: Path) -> None:
    with served(tmp_path) as world:
        world.issuer().issue()
        assert world.server.stop() == 0
    with sqlite3.connect(tmp_path / "registry.db") as database:
        topics = [row[0] for row in database.execute("SELECT topic FROM stored_events")]
    database.close()
    assert topics.count("indexes-returned-v1") == 1


def test_guessing_is_slowed_down_and_on_record(tmp_path: Path) -> None:
    with served(tmp_path) as world:
        guesser = world.server.client("rk_0_guess")
        statuses = [guesser.get("/v1/issuer").status_code for _ in range(12)]
        assert statuses == [401] * 11 + [429]
        refused = guesser.get("/v1/issuer")
        assert_problem(refused, 429, "too-many-failures")
        time.sleep(int(refused.headers["Retry-After"]))
        entries = world.operator.get("/v1/access-log").json()["items"]
        assert sorted(entry["status"] for entry in entries) == [401] * 11 + [429]
        assert {entry["actor"] for entry in entries} == {"anonymous"}


def test_a_metrics_port_that_is_taken_is_refused_at_the_start(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.initialise()
    with socket.create_server(("127.0.0.1", server.metrics_port)):
        server.start(wait=False)
        assert server.process.wait(20) == 2
    assert server.log[-1]["field"] == "metrics_port"


def test_a_port_that_is_taken_is_refused_and_not_shared(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.initialise()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", server.port))
        other.listen()
        server.start(wait=False)
        assert server.process.wait(20) == 2
    assert server.log[-1]["field"] == "port"


def test_a_certificate_without_its_key_is_refused_and_not_served_in_clear(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    server = Server(tmp_path, more={"certfile": str(authority.chain_file)})
    with pytest.raises(ValueError, match="certfile and keyfile go together"):
        server.initialise()


def test_tls_and_http_2_are_served(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    files = {"certfile": str(authority.chain_file), "keyfile": str(authority.chain_file)}
    server = Server(tmp_path, more=files)
    server.initialise()
    server.start(wait=False)
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    url = f"https://localhost:{server.port}/healthz"
    try:
        wait_until(lambda: is_served(url, context))
        context.set_alpn_protocols(["h2"])
        with (
            socket.create_connection(("localhost", server.port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            assert secured.selected_alpn_protocol() == "h2"
    finally:
        server.stop()


def is_served(url: str, context: ssl.SSLContext) -> bool:
    try:
        return httpx.get(url, verify=context).status_code == 200
    except httpx.TransportError:
        return False


def metrics(server: Server) -> str:
    """Return what Prometheus would read."""
    return httpx.get(f"http://127.0.0.1:{server.metrics_port}/metrics").text
