"""How long after its acknowledgement can a change be fetched by anybody?

The demonstration answers it, from outside a real server with TLS: an outsider asks for the lists
again and again while the issuer changes one credential after another.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from scripts.benchmarks.databases import postgres, version
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.results import Goal, Of, Result

GOALS = {
    "p50": Goal(Of.MEDIAN, 150, lower=False),
    "p99": Goal(Of.MEDIAN, 1000, lower=False),
    "max": None,
}


class DemonstrationFailedError(Exception):
    """The demonstration did not come to its end, or found something wrong."""


def measure(effort: Effort) -> Iterator[Result]:
    """Play the demonstration several times on each database."""
    if "sqlite" in effort.databases:
        runs = [_play(effort) for _ in range(effort.runs)]
        yield from _results("sqlite", runs, where="SQLite in a file")
    with postgres() as server:
        runs = [
            _play(effort, "--database-url", server.create_database()) for _ in range(effort.runs)
        ]
        yield from _results("postgres", runs, where=version(server))


def _play(effort: Effort, *options: str) -> dict[str, Any]:
    size = ["--credentials", str(effort.demonstrated)]
    command = [sys.executable, "-m", "scripts.cli", "--json", "demo", *size, *options]
    done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - our own
    if done.returncode:
        raise DemonstrationFailedError(done.stdout + done.stderr)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _results(kind: str, runs: list[dict[str, Any]], *, where: str) -> Iterator[Result]:
    changes = sum(runs[0][name] for name in ("suspended", "reinstated", "revoked"))
    note = f"{where}, fsync on; a run is a demonstration with {changes:,} changes"
    for name, goal in GOALS.items():
        found = [run["freshness_ms"][name] for run in runs]
        yield Result(f"freshness.{kind}.{name}", "ms", found, goal=goal, note=note)
