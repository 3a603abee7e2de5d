"""Run the benchmarks: `python -m scripts.benchmarks [--quick] [--json] [--only NAME]`."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence

import structlog

from scripts.benchmarks import (
    as_of,
    catch_up,
    checkpoint_delay,
    events_appended,
    freshness,
    issuing,
    list_get,
    list_size,
    log_tiles,
    machine,
    receipts,
    replaying,
    verifying,
)
from scripts.benchmarks.measuring import FULL, QUICK, Effort
from scripts.benchmarks.report import print_json, print_table
from scripts.benchmarks.results import Result

BENCHMARKS: dict[str, Callable[[Effort], Iterator[Result]]] = {
    "events_appended": events_appended.measure,
    "catch_up": catch_up.measure,
    "as_of": as_of.measure,
    "list_size": list_size.measure,
    "list_get": list_get.measure,
    "freshness": freshness.measure,
    "issuing": issuing.measure,
    "verifying": verifying.measure,
    "log_tiles": log_tiles.measure,
    "receipts": receipts.measure,
    "checkpoint_delay": checkpoint_delay.measure,
    "replaying": replaying.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; return 1 where a goal that was measured was missed."""
    given = _parser().parse_args(arguments)
    _forget_environment()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    effort = QUICK if given.quick else FULL
    described = machine.describe() | {"load_before": machine.load()}
    results = list(_run(given.only or list(BENCHMARKS), effort))
    described["load_after"] = machine.load()
    (print_json if given.json else print_table)(described, results)
    return 1 if any(result.met is False for result in results) else 0


def _run(names: Sequence[str], effort: Effort) -> Iterator[Result]:
    for name in names:
        print(f"measuring {name}", file=sys.stderr, flush=True)
        yield from BENCHMARKS[name](effort)


def _forget_environment() -> None:
    """Drop the settings of another registry: what is measured here must not touch its data."""
    for name in [name for name in os.environ if name.startswith("REGISTRY_")]:
        del os.environ[name]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m scripts.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less work a run, as many runs")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
