"""A list in two forms under one URL: who asks for a JWT gets one, everybody else JSON."""

import asyncio
import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from api.published import PublishedFiles
from projections.publish_folder import PublishFolder, jwt_name, list_name

LIST_ID = "5d8a6c8e-6c1c-5d0e-9b57-0f6f7c1f2a3b"
URL = f"/{list_name(LIST_ID, 'revocation')}"
JWT_TYPES = ("application/vc+jwt", "application/jwt")
JSON_TYPES = ("application/vc", "application/ld+json", "application/json")


def part(members: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def document(version: int) -> dict[str, Any]:
    return {"credentialSubject": {"ttl": 60_000 * version}}


def as_json(version: int) -> bytes:
    return json.dumps(document(version)).encode()


def as_jws(version: int) -> bytes:
    return f"{part({'alg': 'ES256', 'typ': 'vc+jwt'})}.{part(document(version))}.c2ln".encode()


@pytest.fixture
def folder(tmp_path: Path) -> PublishFolder:
    return PublishFolder(tmp_path)


def publish(folder: PublishFolder, version: int, *, jws: bool = True) -> None:
    bodies = {list_name(LIST_ID, "revocation"): as_json(version)}
    if jws:
        bodies[jwt_name(LIST_ID, "revocation")] = as_jws(version)
    for name, body in bodies.items():
        assert folder.make_current(name, folder.put(name, version, body))


@dataclass(frozen=True)
class Client:
    """Asks the application in this process, without a server between."""

    app: PublishedFiles

    def request(self, method: str, path: str, headers: Mapping[str, str]) -> httpx.Response:
        return asyncio.run(self._request(method, path, headers))

    async def _request(self, method: str, path: str, headers: Mapping[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, path, headers=headers)


@pytest.fixture
def client(folder: PublishFolder) -> Client:
    app = PublishedFiles(
        PlainTextResponse("elsewhere", 418),
        folder=folder,
        public_url="https://registry.example",
        max_age_seconds=300,
    )
    return Client(app)


def get(client: Client, accept: str | None = None, **headers: str) -> httpx.Response:
    """Fetch the list; a client that sends no Accept accepts everything."""
    return client.request("GET", URL, {"Accept": accept or "*/*", **headers})


@pytest.mark.parametrize("accept", [None, *JSON_TYPES, "text/html", "application/*"])
def test_json_is_what_nobody_in_particular_gets(
    folder: PublishFolder, client: Client, accept: str | None
) -> None:
    publish(folder, 1)
    answer = get(client, accept)
    assert answer.content == as_json(1)
    assert answer.headers["content-type"] == (accept if accept in JSON_TYPES else JSON_TYPES[0])


@pytest.mark.parametrize("media_type", JWT_TYPES)
def test_jws_is_served_to_who_prefers_it_with_all_that_caches_need(
    folder: PublishFolder, client: Client, media_type: str
) -> None:
    publish(folder, 1)
    for accept in (media_type, f"{media_type}, application/vc;q=0.9, */*;q=0.1"):
        answer = get(client, accept)
        assert (answer.status_code, answer.content) == (200, as_jws(1))
        expected = {
            "content-type": media_type,
            "etag": f'"{hashlib.sha256(as_jws(1)).hexdigest()}"',
            "cache-control": "public, max-age=60",
            "vary": "Accept",
            "content-length": str(len(as_jws(1))),
            "access-control-allow-origin": "*",
        }
        assert {name: answer.headers[name] for name in expected} == expected


def test_head_of_the_jws_is_its_get_without_the_body(folder: PublishFolder, client: Client) -> None:
    publish(folder, 1)
    head = client.request("HEAD", URL, {"Accept": "application/vc+jwt"})
    assert head.content == b""
    assert dict(head.headers) == dict(get(client, "application/vc+jwt").headers)


def test_each_form_is_known_by_an_etag_of_its_own(folder: PublishFolder, client: Client) -> None:
    publish(folder, 1)
    etags = {
        accept: get(client, accept).headers["etag"]
        for accept in ("application/vc", "application/vc+jwt")
    }
    for accept, etag in etags.items():
        (other,) = set(etags.values()) - {etag}
        assert get(client, accept, **{"If-None-Match": etag}).status_code == 304
        assert get(client, accept, **{"If-None-Match": other}).status_code == 200


@pytest.mark.parametrize("accept", [*JWT_TYPES, "application/vc+jwt, application/jwt;q=0.5"])
def test_list_without_a_jws_is_not_acceptable_to_who_takes_nothing_else(
    folder: PublishFolder, client: Client, accept: str
) -> None:
    publish(folder, 1, jws=False)
    answer = get(client, accept)
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"


def test_list_without_a_jws_is_served_as_json_to_who_takes_that_too(
    folder: PublishFolder, client: Client
) -> None:
    publish(folder, 1, jws=False)
    answer = get(client, "application/vc+jwt, application/json;q=0.1")
    assert (answer.headers["content-type"], answer.content) == ("application/json", as_json(1))


@pytest.mark.parametrize("accept", [None, *JWT_TYPES])
def test_list_that_is_not_there_is_not_found_whatever_is_accepted(
    client: Client, accept: str | None
) -> None:
    assert get(client, accept).status_code == 404


@pytest.mark.parametrize("accept", [None, *JWT_TYPES])
def test_list_that_was_withdrawn_is_gone_whatever_is_accepted(
    folder: PublishFolder, client: Client, accept: str | None
) -> None:
    publish(folder, 1)
    assert get(client, accept).status_code == 200
    for name in (list_name(LIST_ID, "revocation"), jwt_name(LIST_ID, "revocation")):
        folder.withdraw(name)
    assert get(client, accept).status_code == 410


def test_jws_has_no_url_of_its_own(folder: PublishFolder, client: Client) -> None:
    publish(folder, 1)
    assert client.request("GET", f"{URL}.jwt", {}).text == "elsewhere"


def test_new_version_is_served_in_both_forms(folder: PublishFolder, client: Client) -> None:
    for version in (1, 2):
        publish(folder, version)
        assert get(client).content == as_json(version)
        assert get(client, "application/vc+jwt").content == as_jws(version)
    assert get(client, "application/vc+jwt").headers["cache-control"] == "public, max-age=120"


@pytest.mark.parametrize("accept", [None, "application/json", *JWT_TYPES])
def test_request_costs_one_look_at_the_file(
    folder: PublishFolder,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    accept: str | None,
) -> None:
    publish(folder, 1)
    get(client, accept)
    looked: list[str] = []
    stat = os.stat

    def counting(path: Any, *arguments: Any, **named: Any) -> os.stat_result:
        if str(path).startswith(str(folder.root)):
            looked.append(str(path))
        return stat(path, *arguments, **named)

    monkeypatch.setattr(os, "stat", counting)
    get(client, accept)
    assert len(looked) == 1
