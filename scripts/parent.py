"""End with the process that started this one, however that process ends.

The starter holds the other end of standard input and writes nothing to it. The operating system
closes it when the starter is gone, also after a kill -9.
"""

import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 20
"""How long a process and its children may take to end in order."""


def end_with_stdin() -> None:
    """From now on send this process SIGTERM once standard input ends, and at last SIGKILL.

    It becomes the leader of a process group, so that its children, and nobody else, die with it.
    """
    if os.getpgrp() != os.getpid():
        os.setpgrp()
    threading.Thread(target=_wait, name="parent", daemon=True).start()


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)
