"""Ask the questions one after the other, and show what was found."""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import structlog

from scripts.benchmarks import machine
from scripts.benchmarks.measuring import FULL, QUICK, Effort
from scripts.benchmarks.plots import write_plots
from scripts.benchmarks.report import number, print_json, print_table
from scripts.benchmarks.results import Result

BENCHMARKS = (
    "events_appended",
    "issuing",
    "single_changes",
    "freshness",
    "at_scale",
    "mass_change",
    "list_get",
    "list_size",
    "list_codec",
    "verifying",
    "concurrent_changes",
    "takeover",
    "catch_up",
    "rebuilding",
    "growth",
    "as_of",
    "log_tiles",
    "receipts",
    "checkpoint_delay",
    "replaying",
)
"""The questions, a module of this package each; it is imported when it is asked."""


def run(names: Sequence[str], *, quick: bool, as_json: bool, plots: Path | None) -> int:
    """Ask some questions; return 1 where a goal was missed, or a question came to no answer."""
    _forget_environment()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    effort = QUICK if quick else FULL
    described = machine.describe() | {"load_before": machine.load()}
    results = [result for name in names or BENCHMARKS for result in _results(name, effort)]
    described["load_after"] = machine.load()
    (print_json if as_json else print_table)(described, results)
    if plots is not None:
        write_plots(plots, results)
    return 1 if any(result.failed or result.met is False for result in results) else 0


def _results(name: str, effort: Effort) -> Iterator[Result]:
    """Ask one question, and say what it came to at once; the others are asked if it breaks off."""
    print(f"measuring {name}", file=sys.stderr, flush=True)
    try:
        for result in import_module(f"scripts.benchmarks.{name}").measure(effort):
            print(f"{result.name}: {number(result.median)} {result.unit}", file=sys.stderr)
            yield result
    except Exception as error:  # noqa: BLE001 - whatever it is, the other answers are kept
        traceback.print_exc()
        reason = f"not measured, it broke off: {type(error).__name__}: {error}"
        yield Result(name, "", [], note=reason, failed=True)


def _forget_environment() -> None:
    """Drop the settings of another registry: what is measured here must not touch its data."""
    for name in [name for name in os.environ if name.startswith("REGISTRY_")]:
        del os.environ[name]
