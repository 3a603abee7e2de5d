"""The demonstration, whole, on both databases; and that it leaves nothing running."""

import json
import os
import re
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import ROOT, Cli, Demonstrated, answers, environment

CREDENTIALS = 60
PATIENCE_SECONDS = 60


@pytest.fixture
def demo_json(database_url: str, registry: Cli) -> Any:
    ran = registry("demo", "--credentials", CREDENTIALS, "--database-url", database_url, "--json")
    assert ran.code == 0, ran.err
    return ran.json


def test_demo_finds_every_badge_in_its_state_and_the_history_identical(demo_json: Any) -> None:
    assert demo_json["issued"] == CREDENTIALS
    assert (demo_json["suspended"], demo_json["reinstated"], demo_json["revoked"]) == (3, 2, 5)
    assert demo_json["verdicts"] == {
        "valid": 54,
        "suspended": 1,
        "revoked": 5,
        "unknown": 0,
        "wrong": 0,
    }
    assert demo_json["replay"]["identical"] is True
    assert demo_json["replay"]["events"] == demo_json["replay"]["events_over_http"] > CREDENTIALS

    lists = {one["purpose"]: one for one in demo_json["lists"]}
    assert {purpose: one["set"] for purpose, one in lists.items()} == {
        "revocation": 5,
        "suspension": 1,
    }
    for one in lists.values():
        assert one["entries"] == 131_072
        assert one["url"].startswith(demo_json["base_url"])
        assert 500 < one["bytes"] < 5_000
        assert one["version"] >= 2

    fresh = demo_json["freshness_ms"]
    assert 0 <= fresh["p50"] <= fresh["p99"] <= fresh["max"] < 10_000
    assert re.fullmatch(r"https://localhost:\d+", demo_json["base_url"])
    assert demo_json["ca_file"].endswith("ca.pem")
    assert 0 < demo_json["seconds"] < 120


def test_demo_tells_a_newcomer_what_happened_and_removes_its_folder(registry: Cli) -> None:
    ran = registry("demo", "--credentials", 10)

    assert ran.code == 0, ran.err
    for words in ("3 suspended, 2 reinstated, 5 revoked", "0 wrong, 0 unknown", "--serve"):
        assert words in ran.out
    assert "Traceback" not in ran.err


def test_demo_keeps_its_secrets_to_their_owner(demonstrated: Demonstrated) -> None:
    folder = Path(demonstrated.found["folder"])
    for name in ("master.key", "registry.toml", "api-keys.json", "tls/server.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
    assert not list(folder.rglob("ca.key"))


def test_demo_refuses_a_folder_that_holds_a_registry(demonstrated: Demonstrated) -> None:
    ran = demonstrated.cli("demo", "--credentials", 10)

    assert ran.code == 2
    assert "holds a registry already" in ran.err
    assert ran.err.count("\n") == 1


def test_demo_refuses_a_database_that_is_not_empty(
    demonstrated: Demonstrated, registry: Cli
) -> None:
    used = f"sqlite:///{demonstrated.found['folder']}/registry.db"

    ran = registry("demo", "--database-url", used)

    assert ran.code == 2
    assert "the database is not empty" in ran.err
    assert ran.err.count("\n") == 1


def test_kept_folder_is_served_and_replayed_again(served: Demonstrated) -> None:
    assert sorted(one["verdict"] for one in served.reports()).count("valid") == 6

    ran = served.cli("replay", "--verify", "--all-versions", "--json")

    assert ran.code == 0
    assert ran.json["identical"] is True
    assert ran.json["versions"] >= 4


def test_demo_serves_on_until_it_is_interrupted(tmp_path: Path) -> None:
    arguments = ("demo", "--credentials", 10, "--serve", "--json")
    with subprocess.Popen(
        Cli(tmp_path / "registry").command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(),
        text=True,
    ) as demo:
        assert demo.stdout is not None
        found = json.loads("".join(iter(demo.stdout.readline, "}\n")) + "}")
        assert answers(found["lists"][0]["url"], Path(found["ca_file"]))
        demo.send_signal(signal.SIGINT)
        assert demo.wait(PATIENCE_SECONDS) == 0

    assert not answers(found["lists"][0]["url"], Path(found["ca_file"]))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_server_ends_with_the_demonstration(how: signal.Signals, tmp_path: Path) -> None:
    command = Cli(tmp_path / "registry").command("demo", "--credentials", 1_000)
    with subprocess.Popen(
        command, stderr=subprocess.DEVNULL, cwd=ROOT, env=environment(), start_new_session=True
    ) as demo:
        servers = servers_of(demo.pid)
        os.kill(demo.pid, how)
        demo.wait(PATIENCE_SECONDS)

    _, alive = psutil.wait_procs(servers, timeout=PATIENCE_SECONDS)
    assert alive == []


def servers_of(pid: int) -> list[psutil.Process]:
    """Wait until the server of a demonstration has its worker, and return both processes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = [
            process
            for process in psutil.Process(pid).children(recursive=True)
            if "--until-stdin-closes" in process.cmdline()
        ]
        if len(found) > 1:
            return found
        time.sleep(0.05)
    raise AssertionError("the server did not start")
