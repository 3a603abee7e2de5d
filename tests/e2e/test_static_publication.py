"""Lists outlive every process of the registry: nginx serves them, and outsiders verify by them."""

import contextlib
import json
import os
import signal
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from scripts.demo_tls import make_tls_files
from tests.e2e.conftest import ROOT, Cli, CliWithin, Ran, environment
from tests.e2e.live_registry import Badge, LiveRegistry, free_port, is_published, new_issuer
from tests.waiting import wait_until
from tests.web_servers import documented_configuration, nginx, put_in


@dataclass(frozen=True)
class Setup:
    """A registry behind nginx, which serves its lists and passes on everything else."""

    cli: Cli
    live: LiveRegistry
    client: httpx.Client
    server: subprocess.Popen[bytes]
    folder: Path

    def kill(self) -> None:
        """End every process of the registry without warning."""
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def verify(self, badge: Badge) -> Ran:
        file = self.folder / "badge.json"
        file.write_text(json.dumps(badge.document))
        options = ("--language", "en", "--allow-loopback", "--ca-file", self.live.ca_file)
        return CliWithin()("verify", *options, file)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    folder = tmp_path_factory.mktemp("static")
    tls = make_tls_files(folder / "tls", now=datetime.now(UTC))
    port, inner = free_port(), free_port()
    base_url, cli = f"https://localhost:{port}", CliWithin(folder / "registry")
    token = cli("--json", "init", "--public-url", base_url).json["operator_api_key"]
    with (folder / "registry/registry.toml").open("a") as settings:
        settings.write(f'\nstatic_targets = ["{(folder / "copies").as_uri()}"]\n')
    places = {
        "/srv/lists": str(folder / "copies"),
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/registry.pem": str(tls.certificate),
        "/etc/ssl/registry.key": str(tls.key),
        "127.0.0.1:8080": f"127.0.0.1:{inner}",
        "registry.example.org": "localhost",
    }
    configuration = put_in(documented_configuration(), places)
    context = ssl.create_default_context(cafile=tls.ca)
    headers = {"Authorization": f"Bearer {token}"}
    with (
        served(cli, inner, folder / "server.log") as server,
        nginx(configuration, folder=folder / "nginx", port=port),
        httpx.Client(base_url=base_url, verify=context, trust_env=False, headers=headers) as client,
    ):
        wait_until(lambda: client.get("/readyz").is_success)
        yield Setup(cli, LiveRegistry(base_url, tls.ca), client, server, folder)


@contextlib.contextmanager
def served(cli: Cli, port: int, log_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = cli.command("serve", "--port", port, "--metrics-port", 0)
    with log_file.open("wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=ROOT, env=environment(), start_new_session=True
        )
    try:
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def test_lists_outlive_every_process_of_the_registry(setup: Setup) -> None:
    office = new_issuer(setup.client, did_method="web")
    achievement = office.define()
    valid, revoked = office.issue(achievement), office.issue(achievement, "revoke")
    for badge in (valid, revoked):
        wait_until(lambda badge=badge: is_published(setup.live, badge))  # type: ignore[misc]
    setup.kill()
    assert setup.client.get("/readyz").status_code == 502
    assert setup.verify(valid).out.splitlines()[0].endswith("valid")
    assert setup.verify(revoked).code == 1
    told = setup.cli("list", "static-status", "--json")
    assert (told.code, told.json["items"][0]["behind"]) == (0, 0)

    (copies := setup.folder / "copies").rename(setup.folder / "lost")
    assert setup.verify(valid).out.splitlines()[0].endswith("unknown")
    assert setup.cli("list", "static-status").code == 1
    (setup.folder / "registry/registry.db").rename(setup.folder / "registry.db")
    again = setup.cli("list", "publish-static", "--json")
    assert (again.code, len(again.json["items"][0]["copied"])) == (0, 3)
    assert sorted(copies.rglob("did.json"))
    assert setup.verify(valid).code == 0


def test_command_without_a_target_says_what_to_set(tmp_path: Path) -> None:
    cli = CliWithin(tmp_path / "registry")
    cli("init", "--public-url", "https://registry.example.org")
    ran = cli("list", "publish-static")
    assert ran.code == 2
    assert "static_targets" in ran.err
