"""Run a command of the registry as a process of its own: how long it took, and how much memory."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from api.settings import Settings

KIB_A_MIB = 1024


class CommandFailedError(Exception):
    """A command that should have succeeded did not."""


@dataclass(frozen=True)
class Run:
    """What one process took: its time, and the most memory it held at once."""

    seconds: float
    mib: float


def run(settings: Settings, arguments: Sequence[str]) -> Run:
    """Run `registry` with some arguments to its end; raises CommandFailedError."""
    command = [sys.executable, "-m", "scripts.cli", "--folder", str(settings.folder), *arguments]
    given = {
        "REGISTRY_DATABASE_URL": settings.effective_database_url,
        "REGISTRY_PUBLIC_URL": settings.public_url or "",
    }
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env=os.environ | given, stdout=subprocess.DEVNULL
    ) as process:
        # What `wait4` tells is of this child alone.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailedError(" ".join(arguments))
    return Run(time.perf_counter() - started, usage.ru_maxrss / KIB_A_MIB)
