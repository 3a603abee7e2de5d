"""Say on what machine the numbers were found: without it they mean nothing."""

import os
import platform
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

SYNCS = 50
PAGE_BYTES = 8192
PACKAGES = ("eventsourcing", "granian", "psycopg", "pyld", "sqlalchemy")


def describe() -> dict[str, Any]:
    """Return the machine as plain JSON: processor, memory, system, disk and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(_memory_bytes() / 2**30),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "sync_milliseconds": round(_sync_milliseconds(), 3),
    }


def load() -> float:
    """Return how many processes wanted a core, on average over the last minute."""
    return round(os.getloadavg()[0], 2)


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _sync_milliseconds() -> float:
    """Return the median time in which the disk makes one page durable."""
    with tempfile.TemporaryFile() as file:
        return statistics.median(_sync(file.fileno()) for _ in range(SYNCS)) * 1000


def _sync(descriptor: int) -> float:
    os.write(descriptor, bytes(PAGE_BYTES))
    started = time.perf_counter()
    os.fsync(descriptor)
    return time.perf_counter() - started
