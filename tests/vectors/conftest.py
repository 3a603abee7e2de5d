"""Published vectors, read where they are kept: beside the project, not in it."""

from pathlib import Path

import pytest

STANDARDS = Path(__file__).parents[2] / "../shared/standards"


@pytest.fixture(scope="session")
def standards() -> Path:
    if not STANDARDS.is_dir():
        pytest.skip("the published vectors are kept in ../shared/standards, which is not here")
    return STANDARDS
