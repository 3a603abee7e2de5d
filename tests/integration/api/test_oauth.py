"""Access tokens: who gets one, what it opens, and when it opens nothing any more."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from api.oauth_tokens import LIFETIME, AccessTokens
from registry.store.api_keys import CredentialsRefusedError, Principal, Role
from tests.integration.api.vc_api import GenericIssuer, generic_issuer
from tests.integration.api.world import PUBLIC_URL, World, served

Json = dict[str, Any]
GRANT = {"grant_type": "client_credentials"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"k" * 32


@pytest.fixture(scope="module")
def issuer(world: World) -> GenericIssuer:
    return generic_issuer(world)


def key_id(token: str) -> str:
    return token.split("_")[1]


def posted(world: World, token: str, **more: str) -> httpx.Response:
    """Ask for an access token with `client_secret_post`."""
    form = GRANT | {"client_id": key_id(token), "client_secret": token, **more}
    return world.server.client().post("/oauth/token", data=form)


def with_basic(world: World, token: str, form: dict[str, str]) -> httpx.Response:
    """Ask for an access token with `client_secret_basic`."""
    pair = f"{quote_plus(key_id(token))}:{quote_plus(token)}"
    headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return world.server.client().post("/oauth/token", data=form, headers=headers)


def access(world: World, token: str, **more: str) -> httpx.Client:
    return world.server.client(posted(world, token, **more).json()["access_token"])


def payload(token: str) -> Json:
    part = token.split(".")[1]
    claims: Json = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def issue(client: httpx.Client, issuer: GenericIssuer) -> httpx.Response:
    return client.post(f"{issuer.base}/credentials/issue", json={"credential": issuer.credential()})


def test_both_ways_of_authenticating_get_a_token_that_issues(
    world: World, issuer: GenericIssuer
) -> None:
    for answer in (posted(world, issuer.token), with_basic(world, issuer.token, GRANT)):
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
        body = answer.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
        assert issue(world.server.client(body["access_token"]), issuer).status_code == 201


def test_a_token_says_for_whom_and_where_it_is_good(world: World, issuer: GenericIssuer) -> None:
    answer = posted(world, issuer.token).json()
    claims = payload(answer["access_token"])
    assert claims["iss"] == PUBLIC_URL
    assert claims["aud"] == [PUBLIC_URL, f"{PUBLIC_URL}{issuer.base}"]
    assert claims["sub"] == f"api-key:{key_id(issuer.token)}"
    assert claims["client_id"] == key_id(issuer.token)
    assert claims["exp"] - claims["iat"] == LIFETIME.total_seconds()
    assert claims["scope"] == answer["scope"]
    assert issuer.token not in json.dumps(claims)


def test_a_token_opens_what_its_scope_says_and_no_more(world: World, issuer: GenericIssuer) -> None:
    client = access(world, issuer.token, scope="write:/credentials/verify")
    body = {"verifiableCredential": issuer.issue()}
    assert client.post("/credentials/verify", json=body).status_code == 200
    refused = issue(client, issuer)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        f"{PUBLIC_URL}/problems/insufficient-scope",
    )
    assert issue(access(world, issuer.token, scope="write:/"), issuer).status_code == 201


def test_a_token_opens_the_vc_api_alone(world: World, issuer: GenericIssuer) -> None:
    client = access(world, issuer.token)
    for path in ("/v1/issuer", "/v1/credentials", "/v1/achievements"):
        assert client.get(path).status_code == 403, path


def test_a_token_is_for_its_own_issuer(world: World, issuer: GenericIssuer) -> None:
    other = generic_issuer(world)
    assert issue(access(world, other.token), issuer).status_code == 404


def test_auditors_and_operators_may_verify_and_not_issue(
    world: World, issuer: GenericIssuer
) -> None:
    token = world.token("auditor")
    scope = posted(world, token).json()["scope"]
    assert scope == "write:/credentials/verify write:/presentations/verify"
    refused = posted(world, token, scope="write:/credentials/issue")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert issue(access(world, token, scope="write:/"), issuer).status_code == 403


def test_a_withdrawn_key_ends_its_tokens_at_once(world: World) -> None:
    issuer = generic_issuer(world)
    client = access(world, issuer.token)
    assert issue(client, issuer).status_code == 201
    world.operator.post(f"/v1/api-keys/{key_id(issuer.token)}/withdraw").raise_for_status()
    assert issue(client, issuer).status_code == 401
    assert posted(world, issuer.token).json()["error"] == "invalid_client"


def test_a_token_ends_with_its_key(world: World) -> None:
    issuer = world.issuer()
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    token = world.token("issuer", issuer_id=issuer.issuer_id, expires_at=soon)
    client = access(world, token)
    path, body = "/credentials/verify", {"verifiableCredential": "nothing"}
    assert client.post(path, json=body).status_code == 400
    time.sleep(1.1)
    assert client.post(path, json=body).status_code == 401


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (GRANT, 401, "invalid_client"),
        (GRANT | {"client_id": "abc", "client_secret": "rk_abc_def"}, 401, "invalid_client"),
    ],
)
def test_refusals_are_those_of_the_rfc(
    world: World, form: dict[str, str], status: int, error: str
) -> None:
    answer = world.server.client().post(
        "/oauth/token",
        content="&".join(f"{name}={value}" for name, value in form.items()) or "a=",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    "content",
    [
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"\xff\xfe",
        b"grant_type",
        b"&".join(b"p%d=1" % number for number in range(100)),
    ],
)
def test_what_is_no_form_is_refused(world: World, content: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = world.server.client().post("/oauth/token", content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_unknown_parameters_are_ignored_and_scopes_that_exist_are_named(
    world: World, issuer: GenericIssuer
) -> None:
    assert posted(world, issuer.token, audience="https://x.example").status_code == 200
    refused = posted(world, issuer.token, scope="write:/everything")
    assert refused.json()["error"] == "invalid_scope"
    assert "write:/credentials/issue" in refused.json()["error_description"]


def test_one_client_cannot_be_another(world: World, issuer: GenericIssuer) -> None:
    other = generic_issuer(world)
    answer = posted(world, issuer.token, client_id=key_id(other.token))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_client_authenticates_in_one_way(world: World, issuer: GenericIssuer) -> None:
    both = with_basic(world, issuer.token, GRANT | {"client_secret": issuer.token})
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
    garbled = world.server.client().post(
        "/oauth/token", data=GRANT, headers={"Authorization": "Basic ***"}
    )
    assert (garbled.status_code, garbled.json()["error"]) == (401, "invalid_client")


def test_the_metadata_names_the_endpoint_and_the_ways(world: World) -> None:
    answer = world.server.client().get("/.well-known/oauth-authorization-server").json()
    assert answer["issuer"] == PUBLIC_URL
    assert answer["token_endpoint"] == f"{PUBLIC_URL}/oauth/token"
    assert answer["grant_types_supported"] == ["client_credentials"]
    assert answer["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "client_secret_post",
    ]


def test_who_guesses_secrets_is_put_on_record_and_slowed_down(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with served(tmp_path_factory.mktemp("guessed")) as world:
        answers = [posted(world, "rk_0123456789abcdef_canary") for _ in range(12)]
        assert [answer.status_code for answer in answers[:11]] == [401] * 11
        assert (answers[-1].status_code, "Retry-After" in answers[-1].headers) == (429, True)
        time.sleep(1.1)  # Until the address is heard again.
        log = world.operator.get("/v1/access-log").json()["items"]
        assert {entry["path"] for entry in log} == {"/oauth/token"}
        assert "canary" not in json.dumps(log)


# Tokens that nobody was given


def tokens(key: bytes = KEY) -> AccessTokens:
    return AccessTokens(lambda: key, public_url=PUBLIC_URL)


def made(**more: Any) -> str:
    principal = Principal("api-key:a", Role.AUDITOR, None)
    return tokens(**more).make(
        principal, key_id="a", scopes=["write:/"], now=NOW, randomness=b"r" * 16
    )


def forged(header: Any, change: Callable[[Json], Any] = lambda claims: claims) -> str:
    """Sign another header and other claims with the right key."""
    parts = [header, change(payload(made()))]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    signature = hmac.new(KEY, b".".join(encoded), hashlib.sha256).digest()
    return b".".join([*encoded, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


RIGHT = {"alg": "HS256", "typ": "at+jwt"}


def test_a_forged_token_with_everything_right_is_read() -> None:
    assert tokens().read(forged(RIGHT), now=NOW).key_id == "a"


@pytest.mark.parametrize(
    "token",
    [
        made(key=b"x" * 32),
        made()[:-2],
        made() + "." + made(),
        "..",
        "a.b.c",
        "x" * 5_000 + "..",
        forged({"alg": "none", "typ": "at+jwt"}).rpartition(".")[0] + ".",
        forged({"alg": "HS512", "typ": "at+jwt"}),
        forged({"alg": "HS256", "typ": "JWT"}),
        forged({"alg": "HS256"}),
        forged([]),
        forged(RIGHT | {"crit": ["b64"], "b64": False}),
        forged(RIGHT, lambda _: []),
        forged(RIGHT, lambda claims: claims | {"iss": "https://other.example"}),
        forged(RIGHT, lambda claims: claims | {"aud": "https://other.example"}),
        forged(RIGHT, lambda claims: claims | {"exp": "never"}),
        forged(RIGHT, lambda claims: {k: v for k, v in claims.items() if k != "exp"}),
        forged(RIGHT, lambda claims: {k: v for k, v in claims.items() if k != "client_id"}),
        forged(RIGHT, lambda claims: {k: v for k, v in claims.items() if k != "scope"}),
    ],
)
def test_a_token_that_is_wrong_anywhere_is_refused(token: str) -> None:
    with pytest.raises(CredentialsRefusedError):
        tokens().read(token, now=NOW)


def test_a_token_is_good_for_a_quarter_of_an_hour() -> None:
    token = made()
    assert tokens().read(token, now=NOW + timedelta(minutes=14, seconds=59)).scopes == {"write:/"}
    with pytest.raises(CredentialsRefusedError):
        tokens().read(token, now=NOW + timedelta(minutes=15, seconds=1))
