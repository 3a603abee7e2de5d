import os
import socket
import subprocess
import sys

from registry.jobs.worker_names import is_gone, worker_name

HERE = socket.gethostname()


def test_process_that_ended_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert is_gone(f"{HERE}/{process.pid}/x")


def test_process_that_runs_is_not_gone() -> None:
    assert not is_gone(f"{HERE}/{os.getppid()}/x")


def test_what_had_this_process_id_before_is_gone() -> None:
    assert is_gone(worker_name("x"))


def test_of_another_machine_nothing_is_known() -> None:
    assert not is_gone("elsewhere/999999999/x")
    assert not is_gone("nonsense")
