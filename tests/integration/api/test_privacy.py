"""A learner's data is looked for everywhere it must not be."""

import json
import sqlite3
from typing import Any

import httpx

from tests.integration.api.test_faults import metrics
from tests.integration.api.world import Issuer, World
from tests.waiting import wait_until

CANARY = "kanarek7351"
EMAIL = f"{CANARY}@student.example"


def test_no_learner_is_in_logs_events_urls_access_log_metrics_or_files(world: World) -> None:
    issuer, stranger = world.issuer(), world.issuer()
    requested = live(issuer, stranger)
    wait_until(lambda: len(world.auditor().get("/v1/access-log").json()["items"]) >= 2)
    assert issuer.count() >= 2

    sinks: dict[str, Any] = {
        "log": world.server.log_file.read_text(),
        "urls": requested,
        "metrics": metrics(world.server),
        "access log": world.auditor().get("/v1/access-log").text,
        "events": world.auditor().get("/v1/events", params={"limit": 1000}).text,
        "listing": issuer.client.get("/v1/credentials").text,
    }
    for file in (world.server.folder / "published").rglob("*"):
        sinks[str(file)] = file.read_text() if file.is_file() else ""
    for file in world.server.folder.glob("registry.db*"):
        sinks[str(file)] = file.read_bytes().decode("latin-1")
    assert [name for name, text in sinks.items() if CANARY in str(text).lower()] == []
    assert "credential-suspended-v1" in sinks["events"]
    assert len(world.server.log) > 10


def live(issuer: Issuer, stranger: Issuer) -> list[str]:
    """Do everything that takes a learner's data, rightly and wrongly; return the URLs."""
    urls: list[str] = []
    hooks = {"request": [lambda request: urls.append(str(request.url))]}
    for client in (issuer.client, stranger.client):
        client.event_hooks = {**client.event_hooks, **hooks}
    credential = issuer.issue(EMAIL)
    named = issuer.order(EMAIL)
    named["learner"]["name"] = CANARY.title()
    issuer.client.post("/v1/credentials", json=named, headers={"Idempotency-Key": CANARY})
    issuer.change(credential, "suspend", note=f"Pan {CANARY} prosi")
    issuer.change(credential, "reinstate", reason=CANARY)
    issuer.change(credential, CANARY)
    issuer.imports(f"email;name\n{EMAIL};{CANARY}\n".encode())
    issuer.imports(f"email;name\n{EMAIL};{CANARY}\n{EMAIL};\n{CANARY};\n".encode())
    issuer.client.post("/v1/subjects/lookup", json={"learner": {"email": EMAIL}})
    issuer.client.post("/v1/subjects/lookup", json={"learner": {"email": CANARY}})
    issuer.client.post("/v1/credentials", content=f'{{"learner": "{CANARY}"')
    stranger.change(credential, "revoke", note=CANARY)
    unfit = {"X-Request-Id": f"{CANARY}@x", "Authorization": f"Bearer rk_{CANARY}_x"}
    httpx.get(f"{issuer.server.url}/v1/issuer", headers=unfit)
    httpx.get(f"{issuer.server.url}/v1/credentials/{CANARY}", params={"cursor": CANARY})
    return [url for url in urls if f"/{CANARY}" not in url]


def test_what_is_refused_is_not_repeated_in_the_answer(issuer: Issuer) -> None:
    for learner in ({"email": CANARY}, {"identifier": CANARY}, {"email": EMAIL, CANARY[:5]: EMAIL}):
        answer = issuer.client.post("/v1/credentials", json=issuer.order() | {"learner": learner})
        assert answer.status_code == 422
        assert CANARY not in answer.text


def test_the_vault_opens_for_nobody_without_its_key(world: World, issuer: Issuer) -> None:
    issuer.issue(EMAIL)
    with sqlite3.connect(world.server.folder / "registry.db") as database:
        people = [bytes(row[0]) for row in database.execute("SELECT person FROM subjects")]
    database.close()
    assert people
    assert not any(CANARY.encode() in person for person in people)
    assert json.loads(issuer.client.get("/v1/issuer").text)["issuer_id"] == issuer.issuer_id
