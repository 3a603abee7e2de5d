"""Two shards behind nginx, configured as docs/shards.md says: one registry to the outside."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import bootstrap
from api.settings import Settings
from registry.commands import Caller
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.notes import Note
from tests.integration.api.world import Issuer, Server, World, free_port
from tests.waiting import wait_until

DOCUMENT = Path(__file__).parents[2] / "docs/shards.md"
# Debian keeps nginx where only root's path leads.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

START_SECONDS = 60.0

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed here")


def configuration(folder: Path, *, port: int, ports: dict[str, int]) -> str:
    """Return the document's configuration, with this machine's ports and without TLS."""
    found = re.search(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    text = re.sub(r"    ssl_certificate.*\n", "", found[1])
    values = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "/srv/registry/published": str(folder / "published"),
        "127.0.0.1:8441": f"127.0.0.1:{ports['a']}",
        "127.0.0.1:8442": f"127.0.0.1:{ports['b']}",
    }
    for written, meant in values.items():
        assert written in text
        text = text.replace(written, meant)
    user = "user root;\n" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    return (
        f"{user}daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        f"events {{ }}\nhttp {{\naccess_log off;\n{places}{text}\n}}\n"
    )


@contextmanager
def nginx(folder: Path, *, ports: dict[str, int]) -> Iterator[str]:
    """Run nginx while the block runs; give its URL."""
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(configuration(folder, port=port, ports=ports))
    process = subprocess.Popen([str(NGINX), "-c", str(file), "-p", str(folder)])
    try:
        deadline = time.monotonic() + 10
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Face:
    """The public face, the two shards behind it, and an issuer at home in each."""

    url: str
    shards: dict[str, World]
    issuers: dict[str, Issuer]

    def client(self, token: str | None = None) -> httpx.Client:
        """Return a client that talks to the face."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.url + path, timeout=20, **more)

    def serves(self, path: str) -> bool:
        return self.get(path).status_code == 200


@dataclass
class Beginning:
    """A shard that is being started."""

    server: Server
    operator_token: str

    def answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.server.url}/healthz").status_code == 200
        return False


def begin(folder: Path, name: str) -> Beginning:
    """Make a shard and start its server, which is not waited for."""
    more = {
        "shard": name,
        "shards": ["a", "b"],
        "publish_folder": str(folder / "published"),
        "proxies": ["127.0.0.1"],
    }
    (folder / name).mkdir()
    server = Server(folder / name, more=more)
    token = server.initialise()
    return Beginning(server.start(wait=False), token)


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    folder = tmp_path_factory.mktemp("face")
    with ExitStack() as running:
        begun = {}
        for name in ("a", "b"):
            begun[name] = begin(folder, name)
            running.callback(end, begun[name].server)
        for each in begun.values():
            wait_until(each.answers, seconds=START_SECONDS)
        shards = {
            name: World(each.server, each.server.client(each.operator_token))
            for name, each in begun.items()
        }
        ports = {name: each.server.port for name, each in begun.items()}
        url = running.enter_context(nginx(folder, ports=ports))
        yield Face(url, shards, {name: world.issuer() for name, world in shards.items()})


def end(server: Server) -> None:
    if server.process.poll() is None:
        server.stop()


def token_of(issuer: Issuer) -> str:
    return issuer.client.headers["Authorization"].removeprefix("Bearer ")


def path_of(credential: dict[str, Any]) -> str:
    """Return the path of a credential's revocation list."""
    [entry] = [e for e in credential["status_lists"] if e["purpose"] == "revocation"]
    return str(httpx.URL(entry["url"]).path)


@pytest.mark.parametrize("name", ["a", "b"])
def test_token_leads_to_the_shard_it_was_made_in(face: Face, name: str) -> None:
    issuer = face.issuers[name]
    assert token_of(issuer).startswith(f"rks_{name}_")
    order = issuer.order("through-the-face@student.example")
    with face.client(token_of(issuer)) as client:
        issued = client.post("/v1/credentials", json=order).raise_for_status().json()["credential"]
    wait_until(lambda: face.serves(path_of(issued)))
    answer = face.get(path_of(issued), headers={"Accept": "*/*"})
    assert answer.headers["content-type"] == "application/vc"
    assert answer.json()["id"].endswith(path_of(issued))


def test_wrong_shard_names_the_right_one(face: Face) -> None:
    wrong, right = face.shards["a"].server, face.issuers["b"]
    answer = wrong.client(token_of(right)).get("/v1/credentials")
    assert (answer.status_code, answer.headers["registry-shard"]) == (421, "b")
    assert answer.json()["type"].endswith("/problems/key-elsewhere")


def test_shard_that_an_issuer_left_names_the_one_it_is_in(face: Face) -> None:
    world = face.shards["a"]
    issuer = world.issuer()
    registry = bootstrap.build(Settings.read(**world.server.settings))
    try:
        registry.catch_up.run()
        registry.moving.move(Caller("command-line"), [issuer.issuer_id], to="b")
    finally:
        registry.close()
    own = {"Authorization": f"Bearer {token_of(issuer)}"}
    url = world.server.url
    wait_until(lambda: httpx.get(f"{url}/v1/credentials", headers=own).status_code == 421)
    for answer in (
        httpx.post(f"{url}/v1/credentials", headers=own, json=issuer.order()),
        httpx.get(f"{url}/issuers/{issuer.issuer_id}"),
        httpx.get(f"{url}/issuers/{issuer.issuer_id}/standing"),
        httpx.get(f"{url}/achievements/{issuer.achievement_id}"),
        world.operator.post(f"/v1/issuers/{issuer.issuer_id}/keys"),
    ):
        assert (answer.status_code, answer.headers["registry-shard"]) == (421, "b")
        assert (answer.json()["shard"], answer.json()["field"]) == ("b", "issuer_id")
    assert world.auditor().get(f"/v1/issuers/{issuer.issuer_id}").status_code == 200


def test_client_secret_in_a_form_reaches_its_shard(face: Face) -> None:
    for issuer in face.issuers.values():
        token = token_of(issuer)
        form = {
            "grant_type": "client_credentials",
            "client_id": token.split("_")[2],
            "client_secret": token,
        }
        for _ in range(2):  # The face asks its shards in turn, so one of two is the wrong one.
            answer = httpx.post(f"{face.url}/oauth/token", data=form).raise_for_status()
            assert answer.json()["access_token"].startswith(token[:6])


def test_public_answers_come_from_whichever_shard_has_them(face: Face) -> None:
    for issuer in face.issuers.values():
        for _ in range(2):
            assert face.get(f"/issuers/{issuer.issuer_id}").json()["issuer_id"] == issuer.issuer_id
    assert face.get("/issuers/018f0000-0000-7000-8000-000000000000").status_code == 404


def test_each_shard_has_a_log_of_its_own_and_the_face_names_all(face: Face) -> None:
    shards = face.get("/log").json()["shards"]
    assert shards == ["https://registry.example/log/a", "https://registry.example/log/b"]
    for name in ("a", "b"):
        face.issuers[name].issue()
        place = f"/log/{name}/checkpoint"
        wait_until(partial(face.serves, place))
        checkpoint = Checkpoint.parse(Note.parse(face.get(place).content).text)
        assert checkpoint.origin == f"registry.example/log/{name}"
        assert face.get(f"/log/{name}").json()["current"] == checkpoint.origin
    assert face.get("/log/checkpoint").status_code == 404


def test_guesses_of_one_client_slow_down_no_other(face: Face) -> None:
    server = face.shards["a"].server
    wrong = {"Authorization": "Bearer rk_0123456789abcdef_wrong"}
    for _ in range(12):
        refused = httpx.get(
            f"{server.url}/v1/credentials", headers=wrong | {"X-Forwarded-For": "192.0.2.1"}
        )
    assert refused.status_code == 429
    with face.client(token_of(face.issuers["a"])) as client:
        assert client.get("/v1/credentials").status_code == 200


def test_lists_and_documents_of_a_shard_that_is_down_are_served(face: Face) -> None:
    """Last, since it ends a shard."""
    credential = face.issuers["b"].issue("last@student.example")
    wait_until(lambda: face.serves(path_of(credential)))
    face.shards["b"].server.stop()
    assert face.serves(path_of(credential))
    assert face.serves(f"/issuers/{face.issuers['b'].issuer_id}/did.json")
    with face.client(token_of(face.issuers["a"])) as client:
        assert client.get("/v1/credentials").status_code == 200
    with face.client(token_of(face.issuers["b"])) as client:
        assert client.get("/v1/credentials").status_code == 502
