"""A process that is killed while it copies leaves a whole version, and the next one goes on."""

import os
import signal
from itertools import count
from pathlib import Path

from projections.publish_folder import PublishFolder
from projections.static.directory import DirectoryTarget
from projections.static.publication import StaticPublication
from tests.unit.projections.static.samples import LIST, publish, whole
from tests.workers import processes


def copy_and_be_killed(source: Path, target: Path, step: int) -> None:
    """Copy once, and be killed just before the file system is changed for the `step`th time."""
    done = 0

    def counting(name: str) -> None:
        real = getattr(os, name)

        def doing(*args: object, **kwargs: object) -> object:
            nonlocal done
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        setattr(os, name, doing)

    for name in ("replace", "symlink", "utime", "fsync", "unlink"):
        counting(name)
    StaticPublication(PublishFolder(source), DirectoryTarget(target), ttl_seconds=300).finish()


def test_process_killed_at_any_step_of_a_copy_leaves_a_whole_version(
    folder: PublishFolder, tmp_path: Path
) -> None:
    for step in count(1):
        root = tmp_path / f"copies-{step}"
        copying = StaticPublication(folder, DirectoryTarget(root), ttl_seconds=300)
        first = 3 * step
        for version in (first, first + 1):
            publish(folder, version)
            copying.finish()
        publish(folder, first + 2)
        process = processes().Process(target=copy_and_be_killed, args=(folder.root, root, step))
        process.start()
        process.join()
        left = whole((root / LIST).read_bytes())
        if process.exitcode == 0:
            assert left == first + 2
            break
        assert process.exitcode == -signal.SIGKILL
        assert left in (first + 1, first + 2)
        StaticPublication(folder, DirectoryTarget(root), ttl_seconds=300).finish()
        assert whole((root / LIST).read_bytes()) == first + 2
    assert step > FEWEST_STEPS


FEWEST_STEPS = 6
"""Bytes, their name, its folder, the date, the link, its name, its folder, and the one removed."""
