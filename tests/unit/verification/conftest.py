import pytest

from tests.unit.verification.world import Issuer, Web, World


@pytest.fixture
def world() -> World:
    return World.at_work()


@pytest.fixture
def web(world: World) -> Web:
    return world.web


@pytest.fixture
def issuer(world: World) -> Issuer:
    return world.issuer
