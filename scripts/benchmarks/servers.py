"""Start what is measured, each server on the first core, and load it from the second with wrk."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

HOST = "127.0.0.1"
CONNECTIONS = 32
SERVER_CORE, LOAD_CORE = 0, 1
START_SECONDS, STOP_SECONDS = 30, 35
START_REGISTRY = (
    "from api.server import serve; from api.settings import Settings; serve(Settings())"
)
NGINX = """
{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 10000000;
  default_type application/vc;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen {host}:{port};
    root {root};
    add_header Access-Control-Allow-Origin *;
    add_header Access-Control-Expose-Headers ETag;
    add_header X-Content-Type-Options nosniff;
    add_header Vary Accept;
    add_header Cache-Control "public, max-age=300";
  }}
}}
"""


class LoadError(Exception):
    """A server did not start, or did not answer every request well."""


@dataclass(frozen=True)
class Server:
    """A server that runs: its port, and the process it was started as."""

    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used so far."""
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(times.user + times.system for times in (p.cpu_times() for p in processes))


@dataclass(frozen=True)
class Load:
    """What one load found: answers a second, and answers a second of the server's processor."""

    a_second: float
    a_cpu_second: float

    @property
    def share_of_core(self) -> float:
        """How much of its core the server had; well below 1 where something else held it up."""
        return self.a_second / self.a_cpu_second


def missing() -> list[str]:
    """Return which programs this benchmark needs and this machine does not have."""
    return [name for name in ("nginx", "wrk", "taskset") if _program(name) is None]


@contextmanager
def registry(folder: Path) -> Iterator[Server]:
    """Serve a registry's folder as `registry serve` does."""
    port = _free_port()
    command = [sys.executable, "-m", "scripts.cli", "--folder", str(folder), "serve"]
    command += ["--port", str(port), "--metrics-port", "0"]
    with _running(command, port) as server:
        yield server


@contextmanager
def nginx(root: Path, *, folder: Path) -> Iterator[Server]:
    """Serve `root` with one worker of nginx, which keeps its own files in `folder`."""
    port = _free_port()
    configuration = folder / "nginx.conf"
    # Started by root, its worker would be another user, who may not read a private folder.
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(
        NGINX.format(user=user, folder=folder, host=HOST, port=port, root=root)
    )
    command = [_program("nginx") or "nginx", "-c", str(configuration), "-p", str(folder)]
    with _running(command, port) as server:
        yield server


def load(server: Server, path: str, *, seconds: int) -> Load:
    """Fetch one path for some seconds; raises LoadError unless every answer is good."""
    url = f"http://{HOST}:{server.port}{path}"
    command = _on_core(LOAD_CORE, ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url])
    used = server.cpu_seconds()
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own
    used = server.cpu_seconds() - used
    found = re.search(r"(\d+) requests in .*Requests/sec:\s*([0-9.]+)", report, re.DOTALL)
    if found is None or "Non-2xx" in report or "Socket errors" in report:
        raise LoadError(report)
    return Load(float(found[2]), int(found[1]) / used)


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[Server]:
    pinned = _on_core(SERVER_CORE, command)
    process = subprocess.Popen(pinned, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        _wait_until_ready(process, port)
        yield Server(port, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.05)
    raise LoadError(f"{process.args!r} did not start")


def _on_core(core: int, command: Sequence[str]) -> list[str]:
    return ["taskset", "--cpu-list", str(core), *command]


def _program(name: str) -> str | None:
    # Debian keeps nginx where only root's path leads.
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _free_port() -> int:
    with socket.socket() as candidate:
        candidate.bind((HOST, 0))
        port: int = candidate.getsockname()[1]
    return port
