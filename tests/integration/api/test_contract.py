"""What the interface promises about itself: its description, its problems, its health."""

from typing import Any

import httpx
import pytest

from api.backing_off import FREE_FAILURES, GREATEST_SIZE, LONGEST_SECONDS, BackingOff
from api.problems import INTERNAL, PROBLEMS, TITLES, kind_of
from projections import ALL
from registry.domain.errors import InvalidValueError, RegistryError
from tests.integration.api.test_faults import metrics
from tests.integration.api.world import Issuer, World
from tests.waiting import wait_until


def every_error(base: type[RegistryError] = RegistryError) -> list[type[RegistryError]]:
    found = base.__subclasses__()
    return found + [each for child in found for each in every_error(child)]


def test_every_error_has_a_line_in_the_table_and_a_title() -> None:
    packages = ("registry.", "projections.", "api.")
    ours = [error for error in every_error() if error.__module__.startswith(packages)]
    assert ours
    assert [error.__name__ for error in ours if error not in PROBLEMS] == []
    slugs = [kind.slug for kind in PROBLEMS.values()]
    assert len(set(slugs)) == len(slugs) == len(TITLES)
    assert all(title.endswith(".") for _, title in TITLES.values())


def test_the_nearest_ancestor_decides_and_the_unknown_tells_nothing() -> None:
    class FinerError(InvalidValueError):
        """A finer one."""

    class ForeignError(RegistryError):
        """Nobody knows it."""

    assert kind_of(FinerError("x")).slug == "invalid-value"
    assert kind_of(ForeignError("x")) == INTERNAL


@pytest.fixture(scope="module")
def description(world: World) -> dict[str, Any]:
    document: dict[str, Any] = world.server.client().get("/openapi.json").json()
    return document


def test_the_description_names_version_routes_and_refusals(description: dict[str, Any]) -> None:
    assert description["info"]["version"] == "0.1.0"
    operations = [
        (path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 30
    for path, method, operation in operations:
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)
        if path.startswith("/v1/"):
            assert operation["security"] == [{"API key": []}], (path, method)
            assert {"400", "401", "403", "429", "503"} <= operation["responses"].keys()
            problem = operation["responses"]["401"]["content"]
            assert list(problem) == ["application/problem+json"], (path, method)


def test_the_vc_api_takes_keys_or_tokens_and_says_400_of_what_is_invalid(
    description: dict[str, Any],
) -> None:
    operations = [
        operation
        for methods in description["paths"].values()
        for operation in methods.values()
        if "VC API" in operation["tags"]
    ]
    assert len(operations) == 5
    for operation in operations:
        assert operation["security"] == [{"API key": []}, {"OAuth 2.0": []}]
        assert "400" in operation["responses"]
        assert "422" not in operation["responses"]


def test_published_files_are_described_too(description: dict[str, Any]) -> None:
    paths = description["paths"]
    assert "application/vc" in str(paths["/status-lists/{list_id}/{purpose}"]["get"])
    assert "did" in str(paths["/issuers/{issuer_id}/did.json"]["get"])


def test_every_field_of_a_request_is_described_or_has_an_example(
    description: dict[str, Any],
) -> None:
    bare = [
        f"{name}.{field}"
        for name, schema in description["components"]["schemas"].items()
        if schema.get("additionalProperties") is False
        for field, its in schema["properties"].items()
        if not {"description", "examples", "$ref"} & its.keys()
    ]
    assert bare == []


def test_health_readiness_and_metrics(world: World, issuer: Issuer) -> None:
    issuer.issue()
    client = world.server.client()
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["hindrances"]) == (200, [])
    assert len(ready.json()["projections"]) == len(ALL)
    # The age of a list is told once one was published.
    wait_until(lambda: "\nregistry_list_age_seconds " in metrics(world.server))
    text = metrics(world.server)
    for name in (
        "registry_database_up 1.0",
        "registry_events_total ",
        'registry_projection_lag_seconds{projection="status_lists"} ',
        'registry_projection_lag_events{projection="timeline"} ',
        "registry_publication_lag_seconds ",
        "registry_list_occupancy_ratio ",
        "registry_list_age_seconds ",
        "registry_list_expiry_seconds ",
        "registry_list_alarms 0.0",
        "registry_unreadable_events 0.0",
    ):
        assert f"\n{name}" in f"\n{text}", name
    assert httpx.get(f"{world.server.url}/metrics").status_code == 404


def test_answers_are_not_kept_by_caches(issuer: Issuer) -> None:
    answer = issuer.client.get("/v1/issuer")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_each_failure_past_ten_closes_the_door_for_twice_as_long() -> None:
    now = [0.0]
    backing_off = BackingOff(lambda: now[0])
    waits = []
    for _ in range(FREE_FAILURES + 9):
        backing_off.failed("a")
        waits.append(backing_off.wait_seconds("a"))
    assert waits[:FREE_FAILURES] == [0.0] * FREE_FAILURES
    assert waits[FREE_FAILURES:] == [
        1,
        2,
        4,
        8,
        16,
        32,
        LONGEST_SECONDS,
        LONGEST_SECONDS,
        LONGEST_SECONDS,
    ]
    assert backing_off.wait_seconds("b") == 0
    now[0] = LONGEST_SECONDS
    assert backing_off.wait_seconds("a") == 0
    backing_off.succeeded("a")
    backing_off.failed("a")
    assert backing_off.wait_seconds("a") == 0


def test_the_table_of_failures_is_bounded_and_forgets() -> None:
    now = [0.0]
    backing_off = BackingOff(lambda: now[0])
    for number in range(GREATEST_SIZE + 5):
        backing_off.failed(str(number))
    assert len(backing_off._records) == GREATEST_SIZE
    for _ in range(FREE_FAILURES + 1):
        backing_off.failed("a")
    now[0] = 1000.0
    backing_off.failed("a")
    assert backing_off.wait_seconds("a") == 0
