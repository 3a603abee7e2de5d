"""Accreditation over HTTP: operators decide, everybody reads, issuers are held to it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.api.world import Issuer, Server, World
from tests.waiting import wait_until

Json = dict[str, Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A registry that enforces accreditation."""
    server = Server(tmp_path_factory.mktemp("registry"), more={"accreditation_enforced": True})
    token = server.initialise()
    server.start()
    try:
        yield World(server, server.client(token))
    finally:
        server.stop()


@pytest.fixture(scope="module")
def scheme(world: World) -> Json:
    """A scheme whose accreditor issues nothing but endorsements."""
    body = {
        "name": {"pl": "Komisja", "en": "Commission"},
        "accreditor_id": world.issuer().issuer_id,
        "url": "https://commission.example",
    }
    answer = world.operator.post("/v1/accreditation-schemes", json=body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


class Accredited:
    """An issuer, its accreditation, and what operators decide about it."""

    def __init__(self, world: World, scheme: Json, **terms: Any) -> None:
        self.world = world
        self.issuer: Issuer = world.issuer()
        path = f"/v1/accreditation-schemes/{scheme['scheme_id']}/accreditations"
        body = {"issuer_id": self.issuer.issuer_id, "scope": "Computer science", **terms}
        answer = world.operator.post(path, json=body)
        assert answer.status_code == 201, answer.text
        self.granted: Json = answer.json()
        self.path = answer.headers["Location"]

    def decide(self, verb: str, **more: Any) -> httpx.Response:
        body = {"reason": "other", **more}
        answer = self.world.operator.post(f"{self.path}/{verb}", json=body)
        wait_until(lambda: self.world.server.lag_events() == 0)
        return answer

    def standing(self, **query: str) -> httpx.Response:
        path = f"{self.world.server.url}/issuers/{self.issuer.issuer_id}/standing"
        wait_until(lambda: self.world.server.lag_events() == 0)
        return httpx.get(path, params=query)


@pytest.fixture
def accredited(world: World, scheme: Json) -> Accredited:
    return Accredited(world, scheme)


def test_accreditation_is_granted_read_and_listed(world: World, accredited: Accredited) -> None:
    granted = accredited.granted
    assert (granted["standing"], granted["changes"], granted["version"]) == ("accredited", [], 1)
    assert world.operator.get(accredited.path).json() == granted
    wait_until(lambda: world.server.lag_events() == 0)
    query = {"issuer_id": granted["issuer_id"]}
    [listed] = world.operator.get("/v1/accreditations", params=query).json()["items"]
    assert listed == granted


def test_issuer_reads_its_own_accreditation_and_no_others(
    world: World, scheme: Json, accredited: Accredited
) -> None:
    assert accredited.issuer.client.get(accredited.path).status_code == 200
    another = Accredited(world, scheme)
    assert another.issuer.client.get(accredited.path).status_code == 404
    assert another.issuer.client.get(f"{accredited.path}/touched").status_code == 404


@pytest.mark.parametrize("verb", ["suspend", "reinstate", "withdraw"])
def test_none_but_operators_decide(world: World, accredited: Accredited, verb: str) -> None:
    for client in (accredited.issuer.client, world.auditor()):
        answer = client.post(f"{accredited.path}/{verb}", json={"reason": "other"})
        assert answer.status_code == 403


def test_issuer_without_an_accreditation_is_refused_with_the_remedy(
    world: World, scheme: Json
) -> None:
    issuer = world.issuer()
    answer = issuer.client.post("/v1/credentials", json=issuer.order())
    problem = answer.json()
    assert (answer.status_code, problem["title"]) == (
        403,
        "An issuer without an accreditation that counts now cannot issue.",
    )
    assert problem["type"].endswith("/problems/not-accredited")
    assert "grants or reinstates" in problem["remedy"]
    assert scheme


def test_withdrawn_issuer_issues_no_more_and_changes_statuses_still(
    accredited: Accredited,
) -> None:
    issued = accredited.issuer.issue()
    assert accredited.decide("withdraw").json()["standing"] == "withdrawn"
    refused = accredited.issuer.client.post("/v1/credentials", json=accredited.issuer.order())
    assert refused.status_code == 403
    assert accredited.issuer.change(issued, "revoke").status_code == 200


def test_standing_is_public_and_cacheable_and_said_in_both_languages(
    accredited: Accredited,
) -> None:
    answer = accredited.standing()
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    body = answer.json()
    assert body["issuer"].endswith(accredited.issuer.issuer_id)
    assert body["enforced"] is True
    assert body["now"]["standing"] == "accredited"
    assert "is accredited now" in body["now"]["sentence"]["en"]
    assert "ma obecnie akredytację" in body["now"]["sentence"]["pl"]
    assert [each["standing"] for each in body["periods"]] == ["not-yet-accredited", "accredited"]
    [accreditation] = body["accreditations"]
    assert accreditation["scheme"] == {"pl": "Komisja", "en": "Commission"}


def test_standing_of_nobody_is_not_found(world: World) -> None:
    answer = httpx.get(f"{world.server.url}/issuers/nobody/standing")
    assert answer.status_code == 404


def test_standing_tells_what_is_known_and_what_was_known(accredited: Accredited) -> None:
    before = accredited.standing().json()["now"]["moment"]
    since = accredited.granted["granted_at"]
    assert accredited.decide("withdraw", effective_at=since).status_code == 200
    at = accredited.standing(at=before).json()["at"]
    assert (at["standing"], at["recorded"]) == ("withdrawn", "accredited")
    assert accredited.standing(at="yesterday").status_code == 422


def test_backdated_withdrawal_lists_what_it_touches_and_changes_none(
    world: World, accredited: Accredited
) -> None:
    before = accredited.issuer.issue("before@student.example")
    since = accredited.standing().json()["now"]["moment"]
    after = [accredited.issuer.issue(f"{number}@student.example") for number in range(3)]
    assert world.operator.get(f"{accredited.path}/touched").status_code == 409
    accredited.decide("withdraw", effective_at=since)
    for client in (world.operator, world.auditor(), accredited.issuer.client):
        query = {"limit": 2}
        page = client.get(f"{accredited.path}/touched", params=query).json()
        rest = client.get(f"{accredited.path}/touched", params=query | {"cursor": page["next"]})
        touched = [*page["items"], *rest.json()["items"]]
        assert [each["credential_id"] for each in touched] == [
            each["credential_id"] for each in reversed(after)
        ]
    assert {each["status"] for each in touched} == {"active"}
    assert before["credential_id"] not in [each["credential_id"] for each in touched]


def test_endorsement_is_public_and_its_status_follows(world: World, accredited: Accredited) -> None:
    path = accredited.granted["endorsement"].replace("https://registry.example", "")
    answer = httpx.get(f"{world.server.url}{path}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/vc")
    body = {"verifiableCredential": answer.json()}
    client = accredited.issuer.client
    wait_until(lambda: client.post("/credentials/verify", json=body).status_code == 200)
    accredited.decide("withdraw")

    def is_revoked() -> bool:
        found = client.post("/credentials/verify", json=body).json()
        return bool(found["verdict"] == "revoked")

    wait_until(is_revoked)


def test_verifying_tells_the_standing_beside_the_verdict(accredited: Accredited) -> None:
    client = accredited.issuer.client
    issued = client.post("/v1/credentials", json=accredited.issuer.order()).json()["document"]
    body = {"verifiableCredential": issued}
    headers = {"Accept-Language": "pl"}
    wait_until(lambda: client.post("/credentials/verify", json=body).status_code == 200)
    found = client.post("/credentials/verify", json=body, headers=headers).json()
    assert found["verified"] is True
    told = found["issuerStanding"]
    assert (told["now"], told["atIssuance"]) == ("accredited", "accredited")
    assert told["source"].endswith(f"/issuers/{accredited.issuer.issuer_id}/standing")
    assert "akredytację" in told["detail"][0]


def test_change_of_a_version_that_was_not_read_is_refused(accredited: Accredited) -> None:
    answer = accredited.world.operator.post(
        f"{accredited.path}/suspend", json={"reason": "other"}, headers={"If-Match": '"9"'}
    )
    assert answer.status_code == 412
    assert accredited.decide("reinstate").status_code == 409


def test_schemes_are_listed(world: World, scheme: Json) -> None:
    wait_until(lambda: world.server.lag_events() == 0)
    assert world.operator.get("/v1/accreditation-schemes").json()["items"] == [scheme]
