"""The server as a process of its own, which ends when the demonstration ends, however it ends."""

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from scripts.demo.errors import DemonstrationError
from scripts.demo.place import Place

START_SECONDS = 60
STOP_SECONDS = 15
POLL_SECONDS = 0.05
LINES_OF_LOG = 5


@contextmanager
def running(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """Give the server's process once it is ready, and end it when the block is left."""
    command = registry_command(place, "serve", "--until-stdin-closes")
    with place.server_log.open("ab") as log:
        # In a session of its own, so that Ctrl-C reaches the demonstration alone.
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment(),
        )
    try:
        _wait_until_ready(place, process)
        yield process
    finally:
        _stop(process)


def registry_command(place: Place, *arguments: str) -> list[str]:
    """Return the command line of a `registry` command on the demonstration's folder."""
    # -P: a folder named scripts where the user happens to be is not taken for this package.
    python = [sys.executable, "-P", "-m", "scripts.cli"]
    return [*python, "--folder", str(place.folder), *arguments]


def environment() -> dict[str, str]:
    """Return the environment of such a command: this one, and where the packages are."""
    packages = str(Path(__file__).parents[2])
    given = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (packages, given)))}


def _wait_until_ready(place: Place, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    context = ssl.create_default_context(cafile=place.ca_file)
    with httpx.Client(base_url=place.base_url, verify=context, trust_env=False) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise DemonstrationError(f"the server ended: {_end_of_log(place)}")
            if _answers(client):
                return
            time.sleep(POLL_SECONDS)
    raise DemonstrationError(f"the server was not ready in time: {_end_of_log(place)}")


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def _end_of_log(place: Place) -> str:
    return " | ".join(place.server_log.read_text(errors="replace").splitlines()[-LINES_OF_LOG:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
