"""How long does it take to rebuild every view from the events, and how much memory?"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from api.settings import Settings
from scripts.benchmarks import child
from scripts.benchmarks.databases import empty
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import PUBLIC_URL
from scripts.benchmarks.replaying import fill
from scripts.benchmarks.results import Goal, Of, Result

REBUILD = ("projections", "rebuild", "--all")
SPEED_GOAL = Goal(Of.MEDIAN, 1_000_000 / 90)
MEMORY_GOAL = Goal(Of.MEDIAN, 1024, lower=False)


def measure(effort: Effort) -> Iterator[Result]:
    """Rebuild the views of the same history on both databases, each time in a new process."""
    with empty(effort.databases) as urls:
        for name, url in urls.items():
            with tempfile.TemporaryDirectory() as folder:
                settings = Settings(folder=Path(folder), database_url=url, public_url=PUBLIC_URL)
                fill(settings, effort.replayed)
                runs = [child.run(settings, REBUILD) for _ in range(effort.runs)]
            note = f"{effort.replayed:,} events, all views; a process of its own"
            rates = [effort.replayed / each.seconds for each in runs]
            memory = [each.mib for each in runs]
            yield Result(f"rebuilding.{name}", "events/s", rates, goal=SPEED_GOAL, note=note)
            yield Result(f"rebuilding.{name}.memory", "MiB", memory, goal=MEMORY_GOAL, note=note)
