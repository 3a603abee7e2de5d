"""Issuing in bulk over HTTP: taken with 202, carried out later, seen by whose it is alone."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.api.world import COMPLETE, Issuer, World, served
from tests.postgres import PostgresServer
from tests.waiting import wait_until

CANARY = "kanarek9264"
ROWS = b"email;name\na@student.example;Ana\nb@student.example;Bo\n"


@pytest.fixture(scope="module")
def office(either_world: World) -> Issuer:
    return either_world.issuer()


def order(
    office: Issuer, file: Any = ROWS, form: str = "text/csv", key: str | None = None, **terms: Any
) -> httpx.Response:
    headers = {"Content-Type": form} | ({"Idempotency-Key": key} if key else {})
    query = {"achievement_id": office.achievement_id, **terms}
    return office.client.post("/v1/issuing-jobs", params=query, content=file, headers=headers)


def ended(office: Issuer, taken: httpx.Response, *, seconds: float = 20) -> dict[str, Any]:
    """Return a job once it has ended."""
    assert taken.status_code == 202, taken.text
    found: list[dict[str, Any]] = []

    def has_ended() -> bool:
        found.append(office.client.get(taken.headers["Location"]).json())
        return found[-1]["state"] in ("done", "failed", "cancelled")

    wait_until(has_ended, seconds=seconds)
    return found[-1]


def report(office: Issuer, job: dict[str, Any], language: str = "en") -> list[list[str]]:
    answer = office.client.get(
        f"/v1/jobs/{job['job_id']}/report", headers={"Accept-Language": language}
    )
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Language"] == language
    return [line.split(",") for line in answer.text.splitlines()]


def listed(office: Issuer) -> list[str]:
    """Return the ids of the issuer's newest jobs."""
    items = office.client.get("/v1/jobs", params={"limit": 200}).json()["items"]
    return [job["job_id"] for job in items]


def test_file_is_taken_at_once_and_issued_later(office: Issuer) -> None:
    taken = order(office)

    job = ended(office, taken)

    assert taken.json()["total"] == 2
    assert (job["state"], job["accepted"], job["refused"], job["skipped"]) == ("done", 2, 0, 0)
    header, *rows = report(office, job)
    assert header == ["line", "column", "code", "sentence", "credential_id"]
    assert [row[:3] for row in rows] == [["2", "", "issued"], ["3", "", "issued"]]
    credential = office.client.get(f"/v1/credentials/{rows[0][4]}").json()
    assert credential["achievement_id"] == office.achievement_id


def test_json_lines_are_taken_and_rows_reported_in_either_language(office: Issuer) -> None:
    rows = b'{"email": "c@student.example"}\n{"email": "nobody"}\n'
    job = ended(office, order(office, rows, "application/jsonl", rows="valid", dry_run=True))

    assert (job["accepted"], job["refused"]) == (1, 1)
    assert report(office, job, "pl")[2][2:4] == [
        "email-malformed",
        "To nie jest adres e-mail; popraw go.",
    ]
    assert report(office, job)[1][2] == "accepted"


def test_file_is_read_as_it_arrives(office: Issuer) -> None:
    def arriving() -> Iterator[bytes]:
        yield b"email\n"
        for number in range(2_500):
            yield b"nobody-%d\n" % number

    job = ended(office, order(office, arriving(), dry_run=True))
    assert (job["total"], job["refused"]) == (2_500, 2_500)
    assert len(report(office, job)) == 2_501


def test_same_key_gives_the_same_job(office: Issuer) -> None:
    first, again = (order(office, key="autumn", dry_run=True) for _ in range(2))
    other = order(office, ROWS + b"c@student.example;\n", key="autumn", dry_run=True)

    assert first.json()["job_id"] == again.json()["job_id"]
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (b"email\n\n", "rows-missing"),
        (b"email,pesel\na@b.example,1\n", "column-unknown"),
        (b'email\na@b.example\n"', "not-csv"),
        (b"email\n" + b"a@b.example\n" * 2_000 + b"\0", "not-text"),
    ],
)
def test_file_that_cannot_be_read_is_refused_at_once(
    office: Issuer, rows: bytes, code: str
) -> None:
    before = listed(office)
    answer = order(office, rows, key=f"refused-{code}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert listed(office) == before


def test_what_no_row_could_be_issued_for_is_refused_at_once(office: Issuer) -> None:
    assert order(office, form="application/json").status_code == 415
    assert order(office, rows="some").status_code == 422
    unknown = {"achievement_id": "0b8c2f6e-1d3a-8f4e-9a51-2f6d0c3b7e11"}
    answer = office.client.post(
        "/v1/issuing-jobs", params=unknown, content=ROWS, headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 404


def test_upload_that_breaks_off_leaves_no_job(office: Issuer) -> None:
    before = listed(office)
    target = f"/v1/issuing-jobs?achievement_id={office.achievement_id}"
    with socket.create_connection(("127.0.0.1", office.server.port)) as connection:
        head = (
            f"POST {target} HTTP/1.1\r\nHost: registry\r\nContent-Type: text/csv\r\n"
            f"Authorization: {office.client.headers['Authorization']}\r\n"
            "Content-Length: 1000000\r\n\r\nemail\n"
        )
        connection.sendall(head.encode() + b"a@b.example\n" * 3_000)
        wait_until(lambda: listed(office) != before)

    wait_until(lambda: listed(office) == before)


def test_job_is_its_issuers_alone(either_world: World, office: Issuer) -> None:
    job = ended(office, order(office, dry_run=True))
    url, stranger = f"/v1/jobs/{job['job_id']}", either_world.issuer().client

    unknown = stranger.get("/v1/jobs/0b8c2f6e-1d3a-8f4e-9a51-2f6d0c3b7e11")
    for answer in (
        stranger.get(url),
        stranger.get(f"{url}/report"),
        stranger.post(f"{url}/cancel"),
    ):
        assert answer.status_code == unknown.status_code == 404
        same = ("type", "title", "detail")
        assert [answer.json()[name] for name in same] == [unknown.json()[name] for name in same]
    assert stranger.get("/v1/jobs").json()["items"] == []

    auditor = either_world.auditor()
    wait_until(lambda: job["job_id"] in auditor.get("/v1/access-log").text)
    for reader in (auditor, either_world.operator, office.client):
        assert reader.get(url).json() == job
        ids = [each["job_id"] for each in reader.get("/v1/jobs").json()["items"]]
        assert job["job_id"] in ids
    assert auditor.post(f"{url}/cancel").status_code == 403
    assert office.client.post(f"{url}/cancel").status_code == 409


def test_jobs_are_listed_in_pages(office: Issuer) -> None:
    for _ in range(3):
        ended(office, order(office, dry_run=True))
    found: list[str] = []
    query: dict[str, str] = {"limit": "2", "kind": "issuing"}
    while "after" not in query or query["after"]:
        answer = office.client.get("/v1/jobs", params=query).json()
        found += [each["job_id"] for each in answer["items"]]
        query["after"] = answer["next"] or ""

    assert len(found) == len(set(found)) >= 3


def test_job_waits_for_confirmation_and_can_be_cancelled_then(office: Issuer) -> None:
    rows = b"email\nwaits@student.example\n"
    waiting = order(office, rows, wait=True).headers["Location"]
    wait_until(lambda: office.client.get(waiting).json()["state"] == "waiting")
    assert office.client.post(f"{waiting}/cancel").json()["state"] == "cancelled"

    taken = order(office, rows, wait=True)
    url = taken.headers["Location"]
    wait_until(lambda: office.client.get(url).json()["state"] == "waiting")
    assert office.client.post(f"{url}/confirm").status_code == 200
    assert ended(office, taken)["accepted"] == 1


def test_no_learner_is_in_log_events_urls_reports_or_job_tables(either_world: World) -> None:
    office = either_world.issuer()
    planted = f"email;name\n{CANARY}@student.example;{CANARY}\n{CANARY};\n".encode()
    taken = [
        order(office, planted, rows="valid", key=CANARY),
        order(office, planted, rows="valid", duplicates="supersede"),
        order(office, planted, rows="valid", wait=True, duplicates="skip"),
    ]
    jobs = [ended(office, each) for each in taken[:2]]
    refusals = [
        order(office, f"{CANARY}@student.example;{CANARY}\nx;y\n".encode()),
        order(office, planted + b'"'),
        order(office, json.dumps({CANARY: CANARY}), "application/jsonl", dry_run=True),
    ]
    assert [answer.status_code for answer in refusals] == [422, 422, 202]

    sinks = {
        "log": either_world.server.log_file.read_text(),
        "events": either_world.auditor().get("/v1/events", params={"limit": 1000}).text,
        "answers": "".join(each.text for each in (*taken, *refusals)),
        "reports": str([report(office, job) for job in jobs]),
        "jobs": office.client.get("/v1/jobs").text,
    }
    for file in either_world.server.folder.glob("registry.db*"):
        sinks[str(file)] = file.read_bytes().decode("latin-1")
    assert [name for name, text in sinks.items() if CANARY in text.lower()] == []
    assert "issued" in sinks["reports"]
    assert "/v1/issuing-jobs" in sinks["log"]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def test_killed_server_goes_on_and_issues_every_row_once(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = None
    if database == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database()
    with served(tmp_path, url) as world:
        office = world.issuer()
        quick = {"definition": COMPLETE, "cryptosuite": "eddsa-jcs-2022"}
        office.achievement_id = office.client.post("/v1/achievements", json=quick).json()[
            "achievement_id"
        ]
        taken = order(office, b"email\n" + b"".join(b"k%d@s.example\n" % n for n in range(3_000)))
        job_url = taken.headers["Location"]
        wait_until(lambda: office.client.get(job_url).json()["finished"] > 0, seconds=60)
        world.server.kill()
        world.server.start()

        job = ended(office, taken, seconds=60)

        assert (job["state"], job["accepted"], job["refused"]) == ("done", 3_000, 0)
        _, *rows = report(office, job)
        assert [int(row[0]) for row in rows] == list(range(2, 3_002))
        assert {row[2] for row in rows} == {"issued"}
        wait_until(lambda: world.server.lag_events() == 0, seconds=60)
        assert issued_to(office) == {row[4] for row in rows}
    if url is not None:
        server.drop_database(url)


def issued_to(office: Issuer) -> set[str]:
    """Return the ids of all credentials of an issuer."""
    found: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = office.client.get("/v1/credentials", params={"limit": 200, **cursor}).json()
        found += [each["credential_id"] for each in page["items"]]
        if page["next"] is None:
            assert len(found) == len(set(found))
            return set(found)
        cursor = {"cursor": page["next"]}
