"""A process that is killed again and again while it logs leaves one log, which only grew."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from projections.transparency.floor import LogFolder, checkpoint_in
from registry.formats.tlog import tiles
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.merkle import verify_consistency
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.integration.projections.logged import assert_whole
from tests.making import Clock

ROOT = Path(__file__).parents[3]
WORK = """
import json, sys
from itertools import count
from pathlib import Path
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.making import Clock
folder, url, first = json.loads(sys.argv[1])
by_hand = ByHand(open_registry(Path(folder), url), Clock())
print("ready", flush=True)
for number in count(first):
    by_hand.issue(3, number=number)
    by_hand.registry.transparency.tend()
"""


def killed(folder: Path, url: str, *, number: int, seconds: float) -> None:
    """Run a process that issues and logs, and kill it."""
    given = json.dumps([str(folder), url, number * 10_000])
    command = [sys.executable, "-c", WORK, given]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)


@pytest.mark.long
def test_a_log_whose_process_is_killed_again_and_again_only_grows(
    tmp_path: Path, database_url: str
) -> None:
    chance, seen = random.Random(4), list[Checkpoint]()
    files = LogFolder(tmp_path / "log").log(1)
    for number in range(1, 16):
        killed(tmp_path, database_url, number=number, seconds=chance.uniform(0.05, 0.7))
        note = files.checkpoint()
        seen += [checkpoint_in(note)] if note else []
    registry = open_registry(tmp_path, database_url)
    registry.transparency.run()
    newest = assert_whole(ByHand(registry, Clock()))
    assert registry.transparency.alarm is None
    for old in seen:
        verify_consistency(
            old_size=old.size,
            old_root=old.root,
            new_size=newest.size,
            new_root=newest.root,
            proof=tiles.consistency_proof(old.size, newest.size, files.read_tile),
        )
    registry.close()
