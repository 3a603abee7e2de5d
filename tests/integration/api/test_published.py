"""Published files as verifiers, browsers and caches fetch them."""

import hashlib
import json
import socket
from typing import Any

import httpx
import pytest

from api.negotiation import accepted, choose
from api.published import LIST_TYPES
from projections.publish_folder import PublishFolder
from registry.formats import jws
from registry.formats.did import assertion_key
from tests.integration.api.world import COMPLETE, PUBLIC_URL, Issuer, World
from tests.waiting import wait_until

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def list_url(world: World, issuer: Issuer) -> str:
    """The URL, on the server, of a list that is published."""
    credential = issuer.issue()
    wait_until(lambda: issuer.bit(credential, "revocation") == 0)
    return str(credential["status_lists"][0]["url"]).replace(PUBLIC_URL, world.server.url)


def test_a_list_is_served_with_all_that_caches_and_browsers_need(list_url: str) -> None:
    answer = httpx.get(list_url)
    assert answer.status_code == 200
    ttl = answer.json()["credentialSubject"]["ttl"]
    expected = {
        "content-type": "application/vc",
        "etag": f'"{hashlib.sha256(answer.content).hexdigest()}"',
        "cache-control": f"public, max-age={ttl // 1000}",
        "vary": "Accept",
        "access-control-allow-origin": "*",
        "content-length": str(len(answer.content)),
        "x-content-type-options": "nosniff",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert answer.json()["id"] == list_url.replace(list_url.partition("/status")[0], PUBLIC_URL)


def test_head_is_get_without_the_body(list_url: str) -> None:
    head, get = httpx.head(list_url), httpx.get(list_url)
    assert head.status_code == 200
    assert head.content == b""
    differing = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in differing} == {
        k: v for k, v in get.headers.items() if k not in differing
    }


@pytest.mark.parametrize(
    "form", ["{etag}", "W/{etag}", "*", '"other", {etag}', '"other" ,W/{etag}, "more"']
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_list_gets_304(list_url: str, form: str, method: str) -> None:
    etag = httpx.get(list_url).headers["etag"]
    headers = {"If-None-Match": form.format(etag=etag)}
    answer = httpx.request(method, list_url, headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == etag
    assert answer.headers["cache-control"].startswith("public, max-age=")


def test_who_has_another_version_gets_the_list(list_url: str) -> None:
    etag = httpx.get(list_url).headers["etag"]
    for known in ('"other"', etag.strip('"'), etag[:-2] + '"', ""):
        assert httpx.get(list_url, headers={"If-None-Match": known}).status_code == 200


def test_a_browser_may_ask_from_any_site(list_url: str) -> None:
    headers = {"Origin": "https://verifier.example", "Access-Control-Request-Method": "GET"}
    answer = httpx.options(list_url, headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "GET" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/vc"),
        ("", "application/vc"),
        ("application/json", "application/json"),
        ("application/ld+json", "application/ld+json"),
        ("APPLICATION/JSON", "application/json"),
        ("application/json, application/vc", "application/vc"),
        ("application/json, application/vc;q=0.9", "application/json"),
        ("application/*, application/json;q=0.5", "application/vc"),
        ("application/vc;q=0, */*", "application/ld+json"),
        ("application/vc;q=0.2, application/json;q=0.4;level=1", "application/json"),
        ("text/html", "application/vc"),
        ("text/html, application/vc;q=0", "application/ld+json"),
        ("application/vc+jwt", "application/vc"),
        ("*/*;q=0", None),
        ("application/*;q=0", None),
        ("application/*;q=0.0, text/html", None),
        ("*/*;q=0, application/json;q=0.1", "application/json"),
        ("application/json;q=nonsense", "application/json"),
        (";;,,q=1", "application/vc"),
    ],
)
def test_the_media_type_is_the_one_preferred(accept: str, expected: str | None) -> None:
    assert choose(accept, LIST_TYPES) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/vc+jwt", None),
        ("application/vc+jwt, text/html", None),
        ("application/vc+jwt, */*;q=0.1", "application/vc"),
        ("application/vc+jwt, application/json;q=0.5", "application/json"),
        ("application/vc;q=0, application/ld+json;q=0, application/json;q=0", None),
        ("", None),
    ],
)
def test_what_is_accepted_has_to_be_named(accept: str, expected: str | None) -> None:
    assert accepted(accept, LIST_TYPES) == expected


def test_the_server_negotiates(list_url: str) -> None:
    answer = httpx.get(list_url, headers={"Accept": "application/json;q=0.9, text/html"})
    assert answer.headers["content-type"] == "application/json"
    for accept in ("*/*;q=0", "application/vc+jwt"):
        refused = httpx.get(list_url, headers={"Accept": accept})
        assert refused.status_code == 406
        assert refused.json()["type"].endswith("/problems/not-acceptable")


@pytest.mark.parametrize(
    "path",
    [
        f"/status-lists/{UNKNOWN}/revocation",
        f"/issuers/{UNKNOWN}/did.json",
        "/status-lists/../registry.db/revocation",
        f"/status-lists/{UNKNOWN}/revocation.versions",
        f"/status-lists/{UNKNOWN}/revocation.jwt",
        f"/status-lists/{UNKNOWN}/message",
        f"/status-lists/{UNKNOWN.replace('-', '/')}/revocation",
        "/status-lists/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e/revocation",
        f"/status-lists/{UNKNOWN}/revocation/",
        f"/status-lists/{UNKNOWN}/revocation%00",
        "/status-lists/" + "." * 36 + "/revocation",
    ],
)
def test_nothing_else_is_served_and_nothing_redirects(world: World, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    status, body = raw(world.server.port, request)
    assert status == 404
    assert body["status"] == 404


STATUS_RETRIEVAL_ERROR = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("timestamp=2024-01-01T00:00:00Z", 404),
        ("timestamp=2024-01-01T00:00:00", 400),
        ("timestamp=2024-01-01T00:00:00Z&timestamp=2024-01-01T00:00:00Z", 400),
        ("timestamp=", 400),
        ("timestamp", 400),
        ("a=%FF&%74imestamp=x", 400),
        ("timestamp&b", 400),
    ],
)
@pytest.mark.parametrize("known", [{}, {"If-None-Match": "*"}])
def test_a_list_as_it_was_is_refused_to_strangers_and_not_answered_as_it_is(
    list_url: str, query: str, status: int, known: dict[str, str]
) -> None:
    answer = httpx.get(f"{list_url}?{query}", headers=known)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json()["type"] == STATUS_RETRIEVAL_ERROR


@pytest.mark.parametrize("query", ["", "a=1", "a=timestamp", "Timestamp=1", "timestamps=1"])
def test_other_parameters_mean_nothing_to_a_list(list_url: str, query: str) -> None:
    assert httpx.get(f"{list_url}?{query}").content == httpx.get(list_url).content


def test_a_did_document_has_no_parameter_for_the_past(world: World, issuer: Issuer) -> None:
    url = f"{PUBLIC_URL}/issuers/{issuer.issuer_id}/did.json?timestamp=2024-01-01T00:00:00Z"
    assert world.server.published(url).status_code == 200


def test_a_published_file_is_only_read(list_url: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = httpx.request(method, list_url)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_new_version_is_served_at_once_with_a_new_etag(issuer: Issuer, list_url: str) -> None:
    credential = issuer.issue()
    before = httpx.get(list_url).headers["etag"]
    issuer.change(credential, "revoke")
    wait_until(lambda: issuer.bit(credential, "revocation") == 1)
    answer = httpx.get(list_url, headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert answer.headers["etag"] != before


def test_a_list_of_jwts_is_served_as_a_jws_that_the_issuers_document_verifies(
    world: World, issuer: Issuer
) -> None:
    world.operator.post(
        f"/v1/issuers/{issuer.issuer_id}/keys", json={"type": "P-256"}
    ).raise_for_status()
    new = {"definition": COMPLETE, "cryptosuite": "vc-jwt-es256"}
    answer = issuer.client.post("/v1/achievements", json=new).raise_for_status()
    achievement_id = answer.json()["achievement_id"]
    body = issuer.order() | {"achievement_id": achievement_id}
    answer = issuer.client.post("/v1/credentials", json=body).raise_for_status()
    credential = answer.json()["credential"]
    wait_until(lambda: issuer.bit(credential, "revocation") == 0)
    url = credential["status_lists"][0]["url"].replace(PUBLIC_URL, world.server.url)
    wait_until(lambda: httpx.get(url, headers={"Accept": "application/vc+jwt"}).is_success)
    token = jws.parse(httpx.get(url, headers={"Accept": "application/vc+jwt"}).text)
    document = world.server.published(f"{PUBLIC_URL}/issuers/{issuer.issuer_id}/did.json").json()
    jws.verify(token, assertion_key(document, token.header["kid"]))
    proved = httpx.get(url).json()
    del proved["proof"]
    assert json.loads(token.payload) == proved


def test_a_did_document_is_served(world: World, issuer: Issuer) -> None:
    url = f"{PUBLIC_URL}/issuers/{issuer.issuer_id}/did.json"
    answer = world.server.published(url)
    assert answer.headers["content-type"] == "application/did+ld+json"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_list_that_was_withdrawn_is_gone(world: World) -> None:
    name = f"status-lists/{UNKNOWN[:-1]}1/revocation"
    folder = PublishFolder(world.server.folder / "published")
    assert folder.make_current(name, folder.put(name, 1, b"{}"))
    assert world.server.published(f"{PUBLIC_URL}/{name}").status_code == 200
    folder.withdraw(name)
    answer = world.server.published(f"{PUBLIC_URL}/{name}")
    assert answer.status_code == 410
    assert answer.json()["type"].endswith("/problems/list-retired")


def raw(port: int, request: str) -> tuple[int, dict[str, Any]]:
    """Send a request that no client would, and return the status and the JSON of the answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request.encode())
        data = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)
