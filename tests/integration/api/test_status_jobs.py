"""Many statuses changed by one order, over HTTP: preview, confirmation, report, and taking back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.api.world import Issuer, World
from tests.waiting import wait_until

FILE = "/v1/status-jobs/file"
CSV = {"Content-Type": "text/csv"}

NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def uczelnia(either_world: World) -> Issuer:
    return either_world.issuer()


def order_file(
    issuer: Issuer, body: str, operation: str = "suspend", **more: Any
) -> httpx.Response:
    params = {"operation": operation, "reason": "other", **more}
    return issuer.client.post(FILE, params=params, content=body.encode(), headers=CSV)


def reached(issuer: Issuer, answer: httpx.Response, state: str) -> dict[str, Any]:
    """Return a job once it is in a state."""
    path = answer.raise_for_status().headers["Location"]
    wait_until(lambda: issuer.client.get(path).json()["state"] == state)
    job: dict[str, Any] = issuer.client.get(path).json()
    return job


def confirm(issuer: Issuer, job: dict[str, Any], **params: str) -> httpx.Response:
    return issuer.client.post(f"/v1/jobs/{job['job_id']}/confirm", params=params)


def report(issuer: Issuer, job: dict[str, Any], language: str = "en") -> str:
    headers = {"Accept-Language": language}
    return issuer.client.get(f"/v1/jobs/{job['job_id']}/report", headers=headers).text


def are_published(
    issuer: Issuer, credentials: list[dict[str, Any]], purpose: str, bit: int
) -> bool:
    return all(issuer.bit(each, purpose) == bit for each in credentials)


def test_file_is_looked_at_confirmed_carried_out_and_taken_back(uczelnia: Issuer) -> None:
    credentials = [uczelnia.issue(f"{number}@student.example") for number in range(3)]
    body = "imię;credential_id\r\n" + "".join(
        f"Łucja;{each['credential_id']}\r\n" for each in credentials
    )
    answer = order_file(uczelnia, body)
    assert answer.status_code == 202
    job = reached(uczelnia, answer, "waiting")
    assert job["findings"]["changes"] == 3
    assert job["findings"]["lists"][0]["entries"] == 3
    wait_until(lambda: are_published(uczelnia, credentials, "suspension", 0))

    confirmed = confirm(uczelnia, job)
    assert reached(uczelnia, answer, "done")["accepted"] == 3, confirmed.text
    wait_until(lambda: are_published(uczelnia, credentials, "suspension", 1))

    undo = uczelnia.client.post(f"/v1/jobs/{job['job_id']}/undo", json={"wait": False})
    assert reached(uczelnia, undo, "done")["accepted"] == 3
    wait_until(lambda: are_published(uczelnia, credentials, "suspension", 0))


def test_all_that_a_query_finds_is_revoked(uczelnia: Issuer) -> None:
    credential = uczelnia.issue("query@student.example")
    wait_until(lambda: uczelnia.server.lag_events() == 0)
    order = {
        "operation": "revoke",
        "reason": "other",
        "query": {"subject_ref": credential["subject_ref"]},
        "wait": False,
        "note": "printed twice",
    }

    job = reached(uczelnia, uczelnia.client.post("/v1/status-jobs", json=order), "done")

    assert (job["total"], job["accepted"]) == (1, 1)
    assert job["terms"]["selection"]["position"] > 0
    wait_until(lambda: uczelnia.bit(credential, "revocation") == 1)


def test_report_names_each_line_in_polish_and_quotes_nothing(uczelnia: Issuer) -> None:
    credential = uczelnia.issue("report@student.example")["credential_id"]
    body = f"credential_id,email\n{credential},a@example.org\nanna@example.org,b\n{uuid4()},c\n"

    job = reached(uczelnia, order_file(uczelnia, body), "waiting")
    confirm(uczelnia, job, rest="leave")
    wait_until(lambda: "zawieszono" in report(uczelnia, job, "pl"))

    found = [line.split(",")[2] for line in report(uczelnia, job).splitlines()[1:]]
    assert sorted(found) == ["malformed-id", "not-found", "suspended"]
    assert "To nie jest identyfikator poświadczenia." in report(uczelnia, job, "pl")
    assert "example.org" not in report(uczelnia, job) + str(job)


def test_another_issuers_credentials_and_jobs_are_not_there(
    either_world: World, uczelnia: Issuer
) -> None:
    other = either_world.issuer()
    theirs = other.issue()["credential_id"]

    job = reached(uczelnia, order_file(uczelnia, theirs), "done")

    assert job["findings"]["refused"] == {"not-found": 1}
    assert job["findings"]["statuses"] == {}
    assert confirm(other, job).status_code == 404
    assert other.client.get(f"/v1/jobs/{job['job_id']}").status_code == 404


def test_second_person_confirms_with_another_key(either_world: World, uczelnia: Issuer) -> None:
    credential = uczelnia.issue("four-eyes@student.example")["credential_id"]
    answer = order_file(uczelnia, credential, wait="false", approval="required")
    job = reached(uczelnia, answer, "waiting")

    refused = confirm(uczelnia, job)
    deputy = either_world.server.client(either_world.token("issuer", issuer_id=uczelnia.issuer_id))
    confirmed = deputy.post(f"/v1/jobs/{job['job_id']}/confirm")

    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "four-eyes")
    assert confirmed.status_code == 200
    assert reached(uczelnia, answer, "done")["accepted"] == 1


def test_all_or_nothing_is_refused_with_the_remedy(uczelnia: Issuer) -> None:
    credential = uczelnia.issue("rest@student.example")["credential_id"]
    job = reached(uczelnia, order_file(uczelnia, f"{credential}\n{uuid4()}"), "waiting")

    refused = confirm(uczelnia, job)

    assert (refused.status_code, refused.json()["field"]) == (409, "rest")


@pytest.mark.parametrize(
    ("body", "more", "status"),
    [
        ("name\nŁucja", {}, 422),
        ("", {}, 422),
        (NOBODYS, {"note": "in a URL"}, 422),
        (NOBODYS, {"reason": "no-such"}, 422),
        (NOBODYS, {"operation": "destroy"}, 422),
        (NOBODYS, {"operation": "revoke", "until": "2099-01-01T00:00:00Z"}, 422),
    ],
)
def test_impossible_order_is_refused(
    issuer: Issuer, body: str, more: dict[str, str], status: int
) -> None:
    assert order_file(issuer, body, **more).status_code == status


def test_file_with_an_endless_line_is_refused_however_much_follows(issuer: Issuer) -> None:
    params = {"operation": "revoke", "reason": "other"}
    endless = (b"," * 100_000 for _ in range(50))

    answer = issuer.client.post(FILE, params=params, content=endless, headers=CSV)

    assert answer.status_code == 422, answer.text
    assert "a line has at most 65,536 bytes" in answer.text


def test_file_is_not_taken_while_its_sender_sends_as_many_as_one_may(issuer: Issuer) -> None:
    def slowly() -> Iterator[bytes]:
        yield f"{NOBODYS}\n".encode()
        assert enough.wait(20)

    def send(body: Any) -> int:
        return issuer.client.post(FILE, params=params, content=body, headers=CSV).status_code

    params, enough = {"operation": "revoke", "reason": "other"}, threading.Event()
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(send, slowly()) for _ in range(2)]
        wait_until(lambda: send(f"{NOBODYS}\n".encode()) == 503)
        enough.set()
        assert [each.result() for each in slow] == [202, 202]


def test_file_of_another_kind_is_refused(issuer: Issuer) -> None:
    params = {"operation": "revoke", "reason": "other"}
    headers = {"Content-Type": "application/pdf"}

    answer = issuer.client.post(FILE, params=params, content=b"%PDF", headers=headers)

    assert answer.status_code == 415


@pytest.mark.parametrize("query", [{}, {"status": None}])
def test_empty_query_is_refused_and_names_what_to_say_instead(
    issuer: Issuer, query: dict[str, Any]
) -> None:
    order = {"operation": "revoke", "reason": "other", "query": query}

    answer = issuer.client.post("/v1/status-jobs", json=order)

    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (422, "query")
    assert "every credential" in problem["detail"]
    assert '"all": true' in problem["remedy"]


def test_every_credential_of_the_issuer_is_changed_by_saying_so(uczelnia: Issuer) -> None:
    uczelnia.issue("all@student.example")
    wait_until(lambda: uczelnia.server.lag_events() == 0)
    order = {"operation": "suspend", "reason": "other", "all": True, "rest": "leave"}

    job = reached(uczelnia, uczelnia.client.post("/v1/status-jobs", json=order), "waiting")

    assert job["findings"]["statuses"]["active"] >= 1
    assert job["terms"]["selection"]["query"] == {"issuer_id": uczelnia.issuer_id}


@pytest.mark.parametrize(
    "selection",
    [
        {},
        {"query": {}, "credential_ids": []},
        {"query": {"status": "active"}, "all": True},
        {"credential_ids": [NOBODYS], "all": True},
        {"all": False},
        {"all": 1},
        {"all": "true"},
    ],
)
def test_order_says_which_in_one_way(issuer: Issuer, selection: dict[str, Any]) -> None:
    order = {"operation": "revoke", "reason": "other", **selection}

    assert issuer.client.post("/v1/status-jobs", json=order).status_code == 422


def test_only_an_issuer_orders(world: World) -> None:
    order = {"operation": "revoke", "reason": "other", "all": True}

    assert world.operator.post("/v1/status-jobs", json=order).status_code == 403
