"""Published vectors, read where they are kept: beside the project, not in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry.formats import contexts

STANDARDS = Path(__file__).parents[2] / "../shared/standards"


@pytest.fixture(scope="session")
def standards() -> Path:
    if not STANDARDS.is_dir():
        pytest.skip("the published vectors are kept in ../shared/standards, which is not here")
    return STANDARDS


@pytest.fixture(scope="session")
def example_contexts(standards: Path) -> Callable[[str], dict[str, Any]]:
    """The bundled contexts, and the one that defines whatever the specifications' examples use."""
    path = standards / "contexts/credentials-examples-v2.jsonld"
    examples = {"https://www.w3.org/ns/credentials/examples/v2": json.loads(path.read_bytes())}
    return lambda url: examples.get(url) or contexts.load(url)
