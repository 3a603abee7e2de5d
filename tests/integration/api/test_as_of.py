"""Auditors ask what was true when, over HTTP."""

import csv
import io
from typing import Any

import httpx
import pytest

from tests.integration.api.world import Issuer, World
from tests.waiting import wait_until

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def auditor(world: World) -> httpx.Client:
    return world.auditor()


@pytest.fixture(scope="module")
def revoked(world: World, issuer: Issuer) -> dict[str, Any]:
    """A credential that was suspended, reinstated and revoked, and its events' positions."""
    credential = issuer.issue()
    for verb in ("suspend", "reinstate"):
        assert issuer.change(credential, verb).is_success
    issued_at = credential["issued_at"]
    assert issuer.change(credential, "revoke", effective_at=issued_at).is_success
    wait_until(lambda: world.server.lag_events() == 0)
    path = f"/v1/credentials/{credential['credential_id']}"
    timeline = issuer.client.get(f"{path}/timeline").json()["items"]
    return credential | {"path": path, "events": timeline}


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_what_was_said_of_a_credential_at_each_position(
    auditor: httpx.Client, revoked: dict[str, Any]
) -> None:
    first = revoked["events"][0]["position"]
    asked = [first - 1, *(event["position"] for event in revoked["events"])]
    answers = [
        auditor.get(f"{revoked['path']}/as-of", params={"position": position}).json()
        for position in asked
    ]
    assert [answer["status"] for answer in answers] == [
        None,
        "active",
        "suspended",
        "active",
        "revoked",
    ]
    assert [answer["as_of"]["position"] for answer in answers] == asked
    assert all(answer["as_of"]["settled"] for answer in answers)


def test_what_is_now_known_of_then(auditor: httpx.Client, revoked: dict[str, Any]) -> None:
    suspended = revoked["events"][1]
    params = {"effective_at": suspended["recorded_at"]}
    now = auditor.get(f"{revoked['path']}/as-of", params=params).json()
    then = auditor.get(
        f"{revoked['path']}/as-of", params=params | {"position": suspended["position"]}
    ).json()
    assert (now["status"], then["status"]) == ("revoked", "suspended")
    assert now["as_of"]["effective_at"] == suspended["recorded_at"]
    assert [span["status"] for span in now["known"]] == ["revoked"]


def test_a_time_stands_for_a_position(auditor: httpx.Client, revoked: dict[str, Any]) -> None:
    suspended = revoked["events"][1]
    answer = auditor.get(f"{revoked['path']}/as-of", params={"at": suspended["recorded_at"]}).json()
    assert answer["status"] == "suspended"
    reinstated = revoked["events"][2]
    assert suspended["position"] <= answer["as_of"]["position"] < reinstated["position"]
    assert answer["as_of"]["recorded_at"] == suspended["recorded_at"]
    assert answer["as_of"]["settled"]
    later = auditor.get(f"{revoked['path']}/as-of", params={"at": "2999-01-01T00:00:00Z"}).json()
    assert not later["as_of"]["settled"]


@pytest.mark.parametrize(
    "how", [{"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}]
)
def test_answers_are_had_as_csv(
    auditor: httpx.Client, revoked: dict[str, Any], how: dict[str, Any]
) -> None:
    answer = auditor.get(f"{revoked['path']}/as-of", **how)
    assert [row["status"] for row in rows(answer)] == ["revoked"]
    assert int(answer.headers["x-position"]) >= revoked["events"][-1]["position"]


def test_an_issuers_statuses_are_counted_and_paged(world: World, auditor: httpx.Client) -> None:
    issuer = world.issuer()
    made = [issuer.issue(f"{number}@student.example") for number in range(3)]
    issuer.change(made[0], "suspend")
    wait_until(lambda: world.server.lag_events() == 0)
    url = f"/v1/issuers/{issuer.issuer_id}/as-of"
    first = issuer.client.get(url, params={"limit": 2}).json()
    position = first["as_of"]["position"]
    issuer.change(made[1], "revoke")
    wait_until(lambda: world.server.lag_events() == 0)
    asked = {"limit": 2, "cursor": first["next"], "position": position}
    second = issuer.client.get(url, params=asked).json()
    found = {item["credential_id"]: item["status"] for item in first["items"] + second["items"]}
    assert first["statuses"] == {"active": 2, "suspended": 1}
    assert [found[each["credential_id"]] for each in made] == ["suspended", "active", "active"]
    assert (second["statuses"], second["next"]) == (None, None)
    now = auditor.get(url, params={"format": "csv"})
    assert sorted(row["status"] for row in rows(now)) == ["active", "revoked", "suspended"]


def test_a_whole_list_as_of_a_position(auditor: httpx.Client, revoked: dict[str, Any]) -> None:
    entry = next(e for e in revoked["status_lists"] if e["purpose"] == "suspension")
    list_id = entry["url"].split("/")[-2]
    url = f"/v1/status-lists/{list_id}/suspension/as-of"
    suspended = revoked["events"][1]["position"]
    then = auditor.get(url, params={"position": suspended}).json()
    before = auditor.get(url, params={"position": suspended - 1}).json()
    [found] = [each for each in then["entries"] if each["index"] == entry["index"]]
    assert found["credential_id"] == revoked["credential_id"]
    assert found["position"] == suspended
    assert entry["index"] not in [each["index"] for each in before["entries"]]
    assert then["encoded_list"] != before["encoded_list"]
    listed = rows(auditor.get(url, params={"position": suspended, "format": "csv"}))
    assert str(entry["index"]) in [row["index"] for row in listed]
    refused = auditor.get(url, params={"position": 0})
    assert refused.status_code == 404


def test_changes_between_two_positions_name_the_events(
    auditor: httpx.Client, issuer: Issuer, revoked: dict[str, Any]
) -> None:
    first, last = revoked["events"][0]["position"], revoked["events"][-1]["position"]
    params: dict[str, Any] = {"after": first, "until": last, "issuer_id": issuer.issuer_id}
    items = auditor.get("/v1/changes", params=params).json()["items"]
    assert [(each["status_before"], each["status"]) for each in items] == [
        ("active", "suspended"),
        ("suspended", "active"),
        ("active", "revoked"),
    ]
    assert {each["stream_id"] for each in items} == {revoked["credential_id"]}
    page = auditor.get("/v1/changes", params={**params, "limit": 1}).json()
    assert page["next"] == items[0]["position"]
    whole = rows(auditor.get("/v1/changes", params={**params, "format": "csv"}))
    assert [row["event"] for row in whole][-1] == "credential-revoked-v1"


def test_an_issuer_asks_about_its_own_alone(
    world: World, issuer: Issuer, revoked: dict[str, Any]
) -> None:
    other = world.issuer()
    list_id = revoked["status_lists"][0]["url"].split("/")[-2]
    for path in (
        f"{revoked['path']}/as-of",
        f"/v1/issuers/{issuer.issuer_id}/as-of",
        f"/v1/status-lists/{list_id}/revocation/as-of",
        f"/v1/status-lists/{list_id}/revocation/versions",
        f"/v1/status-lists/{list_id}/revocation/differences?from=1&to=1",
    ):
        assert issuer.client.get(path).is_success, path
        assert other.client.get(path).status_code == 404, path
    wanted = {"issuer_id": issuer.issuer_id}
    wait_until(lambda: world.server.lag_events() == 0)
    changes = other.client.get("/v1/changes", params=wanted).json()["items"]
    assert {each["issuer_id"] for each in changes} == {other.issuer_id}


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        (f"/v1/credentials/{UNKNOWN}/as-of", 404, "unknown-credential"),
        (f"/v1/issuers/{UNKNOWN}/as-of", 404, "unknown-issuer"),
        (f"/v1/status-lists/{UNKNOWN}/revocation/as-of", 404, "unknown-list"),
        (f"/v1/changes?issuer_id={UNKNOWN}", 404, "unknown-issuer"),
        ("/v1/changes?until=999999999", 422, "not-recorded-yet"),
        ("/v1/changes?after=999999999", 422, "not-recorded-yet"),
        ("/v1/changes?after=-1", 422, "invalid-request"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    auditor: httpx.Client, path: str, status: int, slug: str
) -> None:
    answer = auditor.get(path)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, slug)


def test_a_position_and_a_time_at_once_are_refused(
    auditor: httpx.Client, revoked: dict[str, Any]
) -> None:
    params: dict[str, Any] = {"position": 1, "at": "2026-01-01T00:00:00Z"}
    answer = auditor.get(f"{revoked['path']}/as-of", params=params)
    assert (answer.status_code, answer.json()["field"]) == (422, "at")


def test_the_past_is_not_for_strangers(world: World, revoked: dict[str, Any]) -> None:
    for path in (f"{revoked['path']}/as-of", "/v1/changes"):
        assert world.server.client().get(path).status_code == 401
