"""The verifier: an outsider who checks badges from files with the command `registry verify`."""

import json
import math
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from registry.verification.report import Verdict
from scripts.demo.errors import DemonstrationError
from scripts.demo.place import Place
from scripts.demo.server import environment, registry_command

LARGEST_BATCH = 500
MOST_PROCESSES = 4


def verify_all(
    place: Place, files: Sequence[Path], *, on_verified: Callable[[int], None]
) -> dict[str, Verdict]:
    """Return the verdict on each badge by the name of its file, less the ending.

    Every batch is a process of its own: it fetches the issuer's keys and the lists over HTTPS,
    trusting the demonstration's authority, and knows nothing else of the registry.
    """
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    size = min(max(math.ceil(len(files) / processes), 1), LARGEST_BATCH)
    batches = [files[first : first + size] for first in range(0, len(files), size)]

    def verify(batch: Sequence[Path]) -> Mapping[str, Verdict]:
        verdicts = _verify(place, batch)
        on_verified(len(batch))
        return verdicts

    with ThreadPoolExecutor(processes, "verifier") as pool:
        found = list(pool.map(verify, batches))
    return dict(chain.from_iterable(verdicts.items() for verdicts in found))


def _verify(place: Place, files: Sequence[Path]) -> dict[str, Verdict]:
    options = ["--json", "--allow-loopback", "--ca-file", str(place.ca_file)]
    command = registry_command(place, "verify", *options, *map(str, files))
    done = subprocess.run(  # noqa: S603 - our own command line
        command, capture_output=True, check=False, env=environment()
    )
    try:
        reports = json.loads(done.stdout)["reports"]
    except (json.JSONDecodeError, KeyError) as error:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise DemonstrationError(f"the verifier failed: {' '.join(said)}") from error
    return {Path(report["source"]).stem: Verdict(report["verdict"]) for report in reports}
