"""The command `registry` as users run it: a process, its exit code, and what it printed."""

import contextlib
import io
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from scripts.cli import run

ROOT = Path(__file__).parents[2]
INSTALLED = Path(sys.executable).with_name("registry")
COMMAND = [str(INSTALLED)] if INSTALLED.exists() else [sys.executable, "-m", "scripts.cli"]
TIMEOUT_SECONDS = 110


@dataclass(frozen=True)
class Ran:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed as one JSON document."""
        return json.loads(self.out)


class Cli:
    """Runs `registry`, on one folder if there is one."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Ran:
        done = subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            cwd=ROOT,
            env=environment(),
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def command(self, *arguments: object) -> list[str]:
        place = ["--folder", str(self.folder)] if self.folder else []
        return [*COMMAND, *place, *map(str, arguments)]


class CliWithin(Cli):
    """Runs it in this process, which saves the imports; for what needs no process of its own."""

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Ran:
        place = ["--folder", str(self.folder)] if self.folder else []
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin))),
            patch.dict(os.environ, environment(), clear=True),
        ):
            code = run([*place, *map(str, arguments)])
        return Ran(code, out.getvalue(), err.getvalue())


def environment() -> dict[str, str]:
    """The environment without settings of a registry that the developer may have."""
    return {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}


@pytest.fixture
def registry() -> Cli:
    return Cli()


@pytest.fixture
def within() -> Cli:
    return CliWithin()


@pytest.fixture(scope="module")
def university(tmp_path_factory: pytest.TempPathFactory) -> "University":
    """A registry with an issuer that has a key, and an achievement that can be issued."""
    cli = CliWithin(tmp_path_factory.mktemp("university") / "registry")
    cli("init", "--public-url", "https://registry.example.org")
    names = ("--name-pl", "Uczelnia", "--name-en", "University")
    issuer = cli("issuer", "add", *names, "--url", "https://university.example.org", "--json").json
    cli("issuer", "key", "add", issuer["issuer_id"])
    sample = ROOT / "tests/samples/python-data-analysis.json"
    made = cli("achievement", "define", sample, "--issuer", issuer["issuer_id"], "--json").json
    return University(cli, issuer["issuer_id"], made["achievement_id"])


@dataclass(frozen=True)
class University:
    """A registry's command line, and the ids of its issuer and achievement."""

    cli: Cli
    issuer: str
    achievement: str

    def issue(self, email: str) -> str:
        """Issue to one learner; return the credential's id."""
        ran = self.cli("issue", "--email", email, "--achievement", self.achievement, "--json")
        return str(ran.json["credentials"][0]["credential_id"])


@dataclass(frozen=True)
class Demonstrated:
    """What a demonstration left in its folder, and what it reported."""

    cli: Cli
    found: dict[str, Any]

    @property
    def ca_file(self) -> Path:
        return Path(self.found["ca_file"])

    def badge(self, verdict: str) -> Path:
        """A badge that must get this verdict."""
        return next(Path(one["source"]) for one in self.reports() if one["verdict"] == verdict)

    def reports(self) -> list[dict[str, Any]]:
        """What `verify` says of every badge."""
        options = ("--allow-loopback", "--ca-file", self.ca_file, "--json")
        badges = sorted((Path(self.found["folder"]) / "badges").glob("*.json"))
        reports: list[dict[str, Any]] = self.cli("verify", *options, *badges).json["reports"]
        return reports


@pytest.fixture(scope="session")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Demonstrated:
    """A small demonstration whose folder was kept."""
    cli = Cli(tmp_path_factory.mktemp("demonstrated") / "registry")
    ran = cli("demo", "--credentials", 12, "--json")
    assert ran.code == 0, ran.err
    return Demonstrated(cli, ran.json)


@pytest.fixture(scope="session")
def served(demonstrated: Demonstrated) -> Iterator[Demonstrated]:
    """The kept folder, served again by `registry serve`."""
    command = demonstrated.cli.command("serve", "--until-stdin-closes")
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment(),
    ) as server:
        wait_until_served(demonstrated)
        yield demonstrated
        server.communicate()


def wait_until_served(demonstrated: Demonstrated) -> None:
    """Ask for a status list until it is there; the test's time-out ends this otherwise."""
    ca_file, url = demonstrated.ca_file, demonstrated.found["lists"][0]["url"]
    while not answers(url, ca_file):
        time.sleep(0.05)


def answers(url: str, ca_file: Path) -> bool:
    context = ssl.create_default_context(cafile=ca_file)
    try:
        return httpx.get(url, verify=context, trust_env=False).is_success
    except httpx.TransportError:
        return False
