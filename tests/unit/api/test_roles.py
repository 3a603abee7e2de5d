"""Which processes a registry is served by."""

from pathlib import Path
from typing import Any

import pytest

from api.roles import plan
from api.settings import Settings
from projections.process_roles import BACKGROUND, EVERYTHING, ProcessRole
from registry.domain.errors import InvalidValueError


def settings(**given: Any) -> Settings:
    return Settings.read(folder=Path("nowhere"), **given)


def roles(settings: Settings | None) -> frozenset[ProcessRole]:
    return frozenset(settings.roles) if settings else frozenset()


def test_one_process_does_everything_unless_told_otherwise() -> None:
    found = plan(settings())
    assert roles(found.http) == EVERYTHING
    assert found.background is None


def test_several_workers_answer_http_alone_and_one_process_does_the_rest() -> None:
    found = plan(settings(workers=3))
    assert roles(found.http) == {ProcessRole.API}
    assert roles(found.background) == BACKGROUND
    assert found.serves_metrics == "background"


def test_api_workers_alone_have_nobody_beside_them() -> None:
    found = plan(settings(workers=3, roles=("api",)))
    assert roles(found.http) == {ProcessRole.API}
    assert found.background is None
    assert found.serves_metrics == "http"


def test_one_worker_with_some_roles_does_them_itself() -> None:
    found = plan(settings(roles=("api", "jobs")))
    assert roles(found.http) == {ProcessRole.API, ProcessRole.JOBS}
    assert found.background is None


def test_without_the_role_api_nothing_answers_http() -> None:
    found = plan(settings(roles=("publisher", "projections")))
    assert found.http is None
    assert roles(found.background) == {ProcessRole.PUBLISHER, ProcessRole.PROJECTIONS}


def test_workers_without_http_are_refused_with_a_remedy() -> None:
    with pytest.raises(InvalidValueError) as refused:
        plan(settings(roles=("publisher",), workers=2))
    assert refused.value.field == "workers"
    assert "--role api" in str(refused.value.remedy)


def test_a_direct_url_is_refused_beside_sqlite() -> None:
    with pytest.raises(ValueError, match="direct_database_url is for PostgreSQL"):
        settings(direct_database_url="postgresql://registry@db/registry")


def test_a_pooler_without_a_way_past_it_is_refused() -> None:
    with pytest.raises(ValueError, match="give direct_database_url"):
        settings(database_url="postgresql://registry@pooler/registry?pooled=transaction")


def test_a_role_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="publisher"):
        settings(roles=("publishing",))
