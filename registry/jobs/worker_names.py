"""Names of workers that say where each runs, so that what a dead one held is not waited for."""

import os
import socket
from typing import Final

_HERE: Final = socket.gethostname()


def worker_name(nonce: str) -> str:
    """Name a worker of this process; `nonce` tells it from those the process id had before."""
    return f"{_HERE}/{os.getpid()}/{nonce}"


def is_gone(name: str) -> bool:
    """Say whether a worker is surely no more: a process of this machine that does not run.

    Called before this process's own worker holds anything: what has its process id is older.
    """
    host, _, rest = name.partition("/")
    process_id, _, _ = rest.partition("/")
    if host != _HERE or not process_id.isdecimal():
        return False
    return int(process_id) == os.getpid() or not _runs(int(process_id))


def _runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
