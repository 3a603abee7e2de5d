"""A folder with a registry that was initialised once, to be copied for each run."""

from pathlib import Path

import pytest

from tests.property.running import initialise


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a registry without a single event."""
    folder = tmp_path_factory.mktemp("template")
    initialise(folder)
    return folder
