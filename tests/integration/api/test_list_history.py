"""Status lists as they were: each version byte for byte, for auditors or for everyone."""

import hashlib
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.integration.api.world import COMPLETE, PUBLIC_URL, Issuer, World
from tests.waiting import wait_until

RETRIEVAL_ERROR = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Told:
    """A list with three versions, what was served of each, and who may ask about it."""

    def __init__(self, world: World, issuer: Issuer, *, suite: str | None = None) -> None:
        self.world, self.issuer = world, issuer
        if suite:
            new = {"definition": COMPLETE, "cryptosuite": suite}
            answer = issuer.client.post("/v1/achievements", json=new).raise_for_status()
            issuer.achievement_id = answer.json()["achievement_id"]
        self.credentials = [issuer.issue(f"{number}@student.example") for number in range(3)]
        self.public_url = str(self.credentials[0]["status_lists"][0]["url"])
        self.url = self.public_url.replace(PUBLIC_URL, world.server.url)
        self.list_id, self.purpose = self.url.split("/")[-2:]
        self.path = f"/v1/status-lists/{self.list_id}/{self.purpose}"
        self.auditor = world.auditor()
        self.bodies: dict[int, bytes] = {}
        self._keep(1)
        for number, credential in enumerate(self.credentials[:2], start=2):
            issuer.change(credential, "revoke").raise_for_status()
            self._keep(number)
        wait_until(lambda: world.server.lag_events() == 0)

    def _keep(self, version: int) -> None:
        link = self.world.server.folder / "published" / "status-lists" / self.list_id
        wait_until(
            lambda: (
                (link / self.purpose).is_symlink()
                and (link / self.purpose).readlink().name.startswith(f"{version:010d}.")
            )
        )
        self.bodies[version] = httpx.get(self.url).content

    @property
    def versions(self) -> list[dict[str, Any]]:
        """Return the versions, oldest first."""
        items = self.auditor.get(f"{self.path}/versions").raise_for_status().json()["items"]
        return list(reversed(items))

    def at(self, timestamp: str, client: httpx.Client | None = None, **how: Any) -> httpx.Response:
        url = f"{self.url}?timestamp={quote(timestamp, safe='')}"
        return (client or self.auditor).get(url, **how)


@pytest.fixture(scope="module")
def told(world: World) -> Told:
    return Told(world, world.issuer())


def test_every_version_is_listed(told: Told) -> None:
    versions = told.versions
    assert [each["version"] for each in versions] == [1, 2, 3]
    digests = [hashlib.sha256(told.bodies[each["version"]]).hexdigest() for each in versions]
    assert [each["digest"] for each in versions] == digests
    assert [each["jws_digest"] for each in versions] == [None] * 3
    page = told.auditor.get(f"{told.path}/versions", params={"limit": 2}).json()
    rest = told.auditor.get(
        f"{told.path}/versions", params={"limit": 2, "cursor": page["next"]}
    ).json()
    assert [each["version"] for each in page["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next"] is None


def test_every_version_is_had_again_byte_for_byte(told: Told) -> None:
    for version, body in told.bodies.items():
        answer = told.auditor.get(f"{told.path}/versions/{version}")
        assert answer.content == body
        assert answer.headers["etag"] == f'"{hashlib.sha256(body).hexdigest()}"'
        assert answer.headers["cache-control"].startswith("private, ")
    assert told.auditor.get(f"{told.path}/versions/4").status_code == 404


@pytest.mark.parametrize("version", ["0", "-1", "99999999999999999999999", "x"])
def test_what_cannot_be_the_number_of_a_version_is_refused(told: Told, version: str) -> None:
    answer = told.auditor.get(f"{told.path}/versions/{version}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "version"


def test_the_list_of_a_time_is_the_version_valid_then(told: Told) -> None:
    versions = told.versions
    for each in versions:
        for timestamp in (each["valid_from"], each["valid_from"].replace("Z", "9999Z")):
            answer = told.at(timestamp)
            assert answer.status_code == 200, answer.text
            assert answer.content == told.bodies[each["version"]]
            assert answer.headers["access-control-allow-origin"] == "*"
            last = each is versions[-1]
            caching = "private, no-cache" if last else "private, max-age=31536000, immutable"
            assert answer.headers["cache-control"] == caching


def test_a_time_in_another_zone_is_the_same_time(told: Told) -> None:
    second = told.versions[1]["valid_from"]
    hour = int(second[11:13])
    if hour < 22:
        shifted = f"{second[:11]}{hour + 2:02d}{second[13:-1]}+02:00"
        assert told.at(shifted).content == told.bodies[2]
    unescaped = told.auditor.get(f"{told.url}?timestamp={second[:-1]}+00:00")
    assert unescaped.status_code == 400
    assert unescaped.json()["type"] == RETRIEVAL_ERROR


def test_a_time_without_a_valid_version_is_an_error_of_retrieval(told: Told) -> None:
    for timestamp in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"):
        answer = told.at(timestamp)
        assert (answer.status_code, answer.json()["type"]) == (404, RETRIEVAL_ERROR)


def test_head_and_etag_are_understood(told: Told) -> None:
    first = told.versions[0]["valid_from"]
    url = f"{told.url}?timestamp={quote(first, safe='')}"
    head = told.auditor.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(told.bodies[1]))
    known = told.at(first, headers={"If-None-Match": head.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_a_lost_or_damaged_file_is_made_again_from_the_events(told: Told) -> None:
    name = f"status-lists/{told.list_id}/{told.purpose}.versions"
    folder = told.world.server.folder / "published" / name
    first, second, _ = sorted(folder.iterdir())
    kept = first.read_bytes(), second.read_bytes()
    first.unlink()
    second.write_bytes(b"{}")
    try:
        for version in (1, 2):
            answer = told.auditor.get(f"{told.path}/versions/{version}")
            assert answer.content == told.bodies[version]
    finally:
        first.write_bytes(kept[0])
        second.write_bytes(kept[1])


def test_what_differs_between_two_versions_has_its_events(told: Told) -> None:
    params = {"from": 1, "to": 3}
    answer = told.auditor.get(f"{told.path}/differences", params=params).json()
    expected = {
        (each["status_lists"][0]["index"], each["credential_id"]) for each in told.credentials[:2]
    }
    assert {(each["index"], each["credential_id"]) for each in answer["entries"]} == expected
    for each in answer["entries"]:
        assert (each["was_set"], each["is_set"]) == (False, True)
        [event] = each["events"]
        assert event["event"] == "credential-revoked-v1"
        assert answer["from_position"] < event["position"] <= answer["to_position"]
    back = told.auditor.get(f"{told.path}/differences", params={"from": 3, "to": 2}).json()
    [only] = back["entries"]
    assert (only["was_set"], only["is_set"]) == (True, False)
    assert len(only["events"]) == 1
    same = told.auditor.get(f"{told.path}/differences", params={"from": 2, "to": 2}).json()
    assert same["entries"] == []


def test_the_past_of_a_list_is_for_auditors_and_its_issuer(told: Told) -> None:
    first = told.versions[0]["valid_from"]
    stranger = told.at(first, told.world.server.client())
    assert (stranger.status_code, stranger.json()["type"]) == (404, RETRIEVAL_ERROR)
    assert "API key of an auditor" in stranger.json()["remedy"]
    assert told.at(first, told.issuer.client).content == told.bodies[1]
    assert told.at(first, told.world.operator).content == told.bodies[1]
    assert told.at(first, told.world.issuer().client).status_code == 404
    assert told.at(first, told.world.server.client("rk_0000_wrong")).status_code == 401


def test_an_access_token_does_not_open_the_past_of_a_list(told: Told) -> None:
    token = told.world.token("issuer", issuer_id=told.issuer.issuer_id)
    form = {
        "grant_type": "client_credentials",
        "client_id": token.split("_")[1],
        "client_secret": token,
    }
    answer = told.world.server.client().post("/oauth/token", data=form).raise_for_status()
    client = told.world.server.client(answer.json()["access_token"])
    assert told.at(told.versions[0]["valid_from"], client).status_code == 403


def test_an_opened_history_is_for_everyone_until_it_is_closed(world: World) -> None:
    told = Told(world, world.issuer())
    first = told.versions[0]["valid_from"]
    anyone = world.server.client()
    history = f"/v1/status-lists/{told.list_id}/history"
    opened = told.issuer.client.post(f"{history}/open").raise_for_status()
    assert opened.json()["public"] is True
    wait_until(lambda: told.at(first, anyone).is_success)
    answer = told.at(first, anyone)
    assert answer.content == told.bodies[1]
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = told.issuer.client.post(f"{history}/open").json()
    assert again == opened.json()
    closed = world.operator.post(f"{history}/close").raise_for_status()
    assert closed.json()["public"] is False
    wait_until(lambda: told.at(first, anyone).status_code == 404)


def test_only_its_issuer_and_operators_open_a_history(told: Told) -> None:
    path = f"/v1/status-lists/{told.list_id}/history/open"
    assert told.auditor.post(path).status_code == 403
    assert told.world.issuer().client.post(path).status_code == 404
    assert told.world.operator.post(path.replace(told.list_id, UNKNOWN)).status_code == 404


def test_both_forms_of_a_list_of_jwts_are_had_again(world: World) -> None:
    issuer = world.issuer()
    path = f"/v1/issuers/{issuer.issuer_id}/keys"
    world.operator.post(path, json={"type": "P-256"}).raise_for_status()
    told = Told(world, issuer, suite="vc-jwt-es256")
    first = told.versions[0]
    accept = {"Accept": "application/vc+jwt"}
    compact = told.at(first["valid_from"], headers=accept)
    assert compact.headers["content-type"] == "application/vc+jwt"
    assert hashlib.sha256(compact.content).hexdigest() == first["jws_digest"]
    assert told.at(first["valid_from"]).content == told.bodies[1]
    [file] = [
        each
        for each in (
            world.server.folder / f"published/status-lists/{told.list_id}/revocation.jwt.versions"
        ).iterdir()
        if each.name.startswith("0000000001.")
    ]
    file.unlink()
    again = told.auditor.get(f"{told.path}/versions/1", headers=accept)
    assert again.content == compact.content


def test_a_form_that_is_not_there_is_not_acceptable(told: Told) -> None:
    answer = told.auditor.get(f"{told.path}/versions/1", headers={"Accept": "application/vc+jwt"})
    assert answer.status_code == 406


def test_another_issuer_gets_the_error_of_the_standard(told: Told, world: World) -> None:
    other = told.at(told.versions[0]["valid_from"], world.issuer().client)
    assert (other.status_code, other.json()["type"]) == (404, RETRIEVAL_ERROR)


@pytest.mark.parametrize("version", ["0", "-1", "2147483648", "9" * 20, "1e3"])
def test_a_number_that_no_version_can_have_is_refused(told: Told, version: str) -> None:
    assert told.auditor.get(f"{told.path}/versions/{version}").status_code == 422


def test_an_effective_time_of_a_list_is_refused_and_not_ignored(told: Told) -> None:
    refused = told.auditor.get(f"{told.path}/as-of?effective_at=2026-01-31T12:00:00Z")
    assert refused.status_code == 422
    assert refused.json()["field"] == "effective_at"
