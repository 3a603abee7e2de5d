"""What a caller gets wrong, and the answer: which status, which type, which field, what to do."""

from typing import Any

import httpx
import pytest

from tests.integration.api.world import PUBLIC_URL, Issuer, World
from tests.waiting import wait_until

NOWHERE = "00000000-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}


def assert_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Check that an answer is that problem, and return its members."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"{PUBLIC_URL}/problems/{slug}"
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    return problem


@pytest.mark.parametrize("verb", ["suspend", "reinstate", "revoke"])
def test_an_unknown_credential_is_not_found(issuer: Issuer, verb: str) -> None:
    answer = issuer.change({"credential_id": NOWHERE}, verb)
    assert assert_problem(answer, 404, "unknown-credential")["field"] == "credential_id"


def test_an_id_that_is_no_uuid_is_as_unknown(issuer: Issuer) -> None:
    assert_problem(issuer.client.get("/v1/credentials/7"), 404, "unknown-credential")
    assert_problem(issuer.client.get("/v1/achievements/7"), 404, "unknown-achievement")


@pytest.mark.parametrize("verb", ["suspend", "reinstate", "revoke"])
def test_a_revoked_credential_stays_revoked(issuer: Issuer, verb: str) -> None:
    credential = issuer.issue()
    assert issuer.change(credential, "revoke").status_code == 200
    assert_problem(issuer.change(credential, verb), 409, "revoked-is-final")


def test_a_revoked_credential_cannot_be_superseded(issuer: Issuer) -> None:
    credential = issuer.issue()
    issuer.change(credential, "revoke")
    answer = issuer.client.post(
        "/v1/credentials", json=issuer.order(supersedes=credential["credential_id"])
    )
    assert_problem(answer, 409, "revoked-is-final")


def test_a_suspended_credential_is_not_suspended_again(issuer: Issuer) -> None:
    credential = issuer.issue()
    assert_problem(issuer.change(credential, "reinstate"), 409, "not-suspended")
    assert issuer.change(credential, "suspend").status_code == 200
    assert_problem(issuer.change(credential, "suspend"), 409, "already-suspended")


def test_a_reason_must_be_the_issuers_own_or_a_standard_one(issuer: Issuer) -> None:
    credential = issuer.issue()
    problem = assert_problem(
        issuer.change(credential, "revoke", reason="whim"), 422, "unknown-reason"
    )
    assert problem["field"] == "reason"
    label = {"pl": "Kaprys", "en": "Whim"}
    added = issuer.client.post("/v1/reason-codes", json={"code": "whim", "label": label})
    assert added.json()["reason_codes"]["whim"] == label
    assert issuer.change(credential, "revoke", reason="whim").status_code == 200


def test_the_moment_of_effect_cannot_lie_ahead(issuer: Issuer) -> None:
    answer = issuer.change(issuer.issue(), "revoke", effective_at="2126-01-01T00:00:00Z")
    assert assert_problem(answer, 422, "effective-at")["field"] == "effective_at"


def test_issuing_names_each_missing_element_of_annex_i(issuer: Issuer) -> None:
    draft = issuer.client.post(
        "/v1/achievements", json={"definition": {"title": {"pl": "Tytuł", "en": "Title"}}}
    ).json()
    assert len(draft["missing"]) == 7
    answer = issuer.client.post(
        "/v1/credentials", json=issuer.order() | {"achievement_id": draft["achievement_id"]}
    )
    problem = assert_problem(answer, 422, "incomplete-definition")
    assert all(element in problem["detail"] for element in draft["missing"])
    assert "revise" in problem["remedy"]


def test_a_definition_that_is_wrong_names_the_field(issuer: Issuer) -> None:
    definition = {"title": {"pl": "Tylko po polsku"}}
    answer = issuer.client.post("/v1/achievements", json={"definition": definition})
    assert assert_problem(answer, 422, "invalid-value")["field"].startswith("definition/title")


def test_a_repeat_under_one_key_changes_nothing_and_another_body_is_refused(
    issuer: Issuer,
) -> None:
    key = {"Idempotency-Key": "order-1"}
    first = issuer.client.post("/v1/credentials", json=issuer.order(), headers=key)
    again = issuer.client.post("/v1/credentials", json=issuer.order(), headers=key)
    other = issuer.client.post("/v1/credentials", json=issuer.order("b@c.example"), headers=key)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert assert_problem(other, 422, "idempotency-conflict")["field"] == "Idempotency-Key"


def test_a_malformed_idempotency_key_is_refused(issuer: Issuer) -> None:
    for key in ("", "a" * 256, "with space"):
        answer = issuer.client.post(
            "/v1/credentials", json=issuer.order(), headers={"Idempotency-Key": key}
        )
        assert_problem(answer, 422, "invalid-request")


@pytest.mark.parametrize("if_match", ['"7"', 'W/"1"', "1", '"x"', '"1", "2"'])
def test_a_change_of_another_version_than_the_one_read_is_refused(
    issuer: Issuer, if_match: str
) -> None:
    credential = issuer.issue()
    path = f"/v1/credentials/{credential['credential_id']}/revoke"
    body = {"reason": "other"}
    answer = issuer.client.post(path, json=body, headers={"If-Match": if_match})
    assert assert_problem(answer, 412, "version-mismatch")["field"] == "If-Match"
    assert issuer.client.post(path, json=body, headers={"If-Match": '"1"'}).status_code == 200


def test_another_issuers_things_are_not_there_and_asking_is_on_record(world: World) -> None:
    owner, stranger, auditor = world.issuer(), world.issuer(), world.auditor()
    credential = owner.issue()
    path = f"/v1/credentials/{credential['credential_id']}"
    answers = [stranger.client.get(path), stranger.client.get(f"/v1/credentials/{NOWHERE}")]
    bodies = [answer.json() | {"request_id": ""} for answer in answers]
    assert_problem(answers[0], 404, "unknown-credential")
    assert bodies[0] == bodies[1]
    for verb in ("suspend", "revoke"):
        assert_problem(stranger.change(credential, verb), 404, "unknown-credential")
    assert_problem(stranger.client.get(f"{path}/document"), 404, "unknown-credential")
    assert_problem(stranger.client.get(f"{path}/timeline"), 404, "unknown-credential")
    theirs = stranger.order() | {"achievement_id": owner.achievement_id}
    answer = stranger.client.post("/v1/credentials", json=theirs)
    assert_problem(answer, 404, "unknown-achievement")
    superseding = stranger.order(supersedes=credential["credential_id"])
    answer = stranger.client.post("/v1/credentials", json=superseding)
    assert_problem(answer, 404, "unknown-credential")

    def on_record() -> list[str]:
        items = auditor.get("/v1/access-log", params={"limit": 1000}).json()["items"]
        return [f"{item['method']} {item['path']}" for item in items if item["status"] == 404]

    wait_until(lambda: len(on_record()) == 7)
    assert f"GET {path}" in on_record()
    assert not any(NOWHERE in line for line in on_record())
    assert owner.client.get(path).json()["status"] == "active"


def test_a_wrong_an_expired_and_a_withdrawn_key_get_the_same_answer(world: World) -> None:
    issuer_id = world.issuer().issuer_id
    withdrawn = world.token("issuer", issuer_id=issuer_id)
    key_id = withdrawn.split("_")[1]
    assert world.operator.post(f"/v1/api-keys/{key_id}/withdraw").status_code == 204
    bodies = []
    for token in (None, "rk", "rk_0_0", withdrawn, f"rk_{key_id}_wrong", "ü"):
        headers = [(b"Authorization", f"Bearer {token}".encode())] if token is not None else []
        answer = httpx.get(f"{world.server.url}/v1/issuer", headers=headers)
        problem = assert_problem(answer, 401, "credentials-refused")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        bodies.append(problem | {"request_id": ""})
        world.operator.get("/v1/api-keys")  # A success: this address is not backed off.
    assert all(body == bodies[0] for body in bodies)


def test_a_key_of_another_role_opens_nothing(world: World, issuer: Issuer) -> None:
    assert_problem(issuer.client.get("/v1/issuers"), 403, "role")
    assert_problem(issuer.client.get("/v1/events"), 403, "role")
    assert_problem(world.operator.post("/v1/credentials", json=issuer.order()), 403, "role")
    assert_problem(world.auditor().post(f"/v1/issuers/{NOWHERE}/keys"), 403, "role")


@pytest.mark.parametrize(
    "body",
    [
        b"{" * 40 + b"}" * 40,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b'{"code": "x", "code": "y"}',
        b'{"code": NaN}',
        b'{"code": 1e999}',
        b'{"code": 9007199254740993}',
        b'{"code": "\\ud800"}',
        b'{"code": "\xff"}',
        b'\xef\xbb\xbf{"code": "x"}',
        b'{"code": "x"} trailing',
        b"not json",
    ],
)
def test_json_of_two_meanings_is_refused(issuer: Issuer, body: bytes) -> None:
    answer = issuer.client.post("/v1/reason-codes", content=body, headers=JSON)
    assert_problem(answer, 400, "malformed-body")


def test_a_body_above_a_mebibyte_is_refused_while_it_is_read(issuer: Issuer) -> None:
    def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    answer = issuer.client.post("/v1/reason-codes", content=endless(), headers=JSON)
    assert_problem(answer, 400, "body-too-large")


def test_a_body_of_another_media_type_is_refused(issuer: Issuer) -> None:
    form = {"Content-Type": "text/plain"}
    answer = issuer.client.post("/v1/reason-codes", content=b"{}", headers=form)
    assert_problem(answer, 415, "content-type")
    answer = issuer.client.post(
        "/v1/credentials/import",
        params={"achievement_id": issuer.achievement_id},
        json={"email": "a@b.example"},
    )
    assert_problem(answer, 415, "content-type")


def test_validation_names_every_field_and_echoes_no_value(issuer: Issuer) -> None:
    secret = "secret-value"
    body = {"achievement_id": 7, "learner": {"email": secret, secret[:6]: secret}, "more": secret}
    body["valid_from"] = secret
    answer = issuer.client.post("/v1/credentials", json=body)
    problem = assert_problem(answer, 422, "invalid-request")
    fields = {error["field"] for error in problem["errors"]}
    assert fields == {"achievement_id", "learner.secret", "more", "valid_from"}
    assert secret not in answer.text


@pytest.mark.parametrize(
    "learner",
    [
        {},
        {"email": "a@b.example", "identifier": "1", "identity_type": "identifier"},
        {"identifier": "1"},
        {"identifier": "1", "identity_type": "name"},
        {"email": "no address"},
        {"did": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"},
    ],
)
def test_a_learner_is_named_in_one_way(issuer: Issuer, learner: dict[str, str]) -> None:
    answer = issuer.client.post("/v1/credentials", json=issuer.order() | {"learner": learner})
    assert answer.status_code == 422
    assert answer.json()["field"].startswith("learner")


@pytest.mark.parametrize(
    "moment", ["2026-01-31", "2026-01-31T12:00:00", 1, "9999-12-31T23:59:59-14:00"]
)
def test_an_instant_has_a_time_zone_and_is_in_range(issuer: Issuer, moment: object) -> None:
    answer = issuer.client.post("/v1/credentials", json=issuer.order(valid_until=moment))
    assert_problem(answer, 422, "invalid-request")


def test_an_end_before_the_start_is_refused(issuer: Issuer) -> None:
    period = {"valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}
    answer = issuer.client.post("/v1/credentials", json=issuer.order(**period))
    assert assert_problem(answer, 422, "invalid-value")["field"] == "valid_until"


@pytest.mark.parametrize("cursor", ["x", "!", "LTE", "MQ=="])
def test_a_cursor_nobody_gave_out_is_refused(issuer: Issuer, cursor: str) -> None:
    answer = issuer.client.get("/v1/credentials", params={"cursor": cursor})
    assert assert_problem(answer, 422, "invalid-value")["field"] == "cursor"


def test_paths_and_methods_that_are_not_there_are_problems_too(world: World) -> None:
    client = world.server.client()
    assert_problem(client.get("/v1/nothing"), 404, "no-such-resource")
    assert_problem(client.get("/v1/issuers/"), 404, "no-such-resource")
    refused = client.delete("/v1/issuers")
    assert_problem(refused, 405, "method")
    assert "POST" in refused.headers["Allow"] or "GET" in refused.headers["Allow"]


def test_every_problem_explains_itself(world: World, issuer: Issuer) -> None:
    problem = issuer.change({"credential_id": NOWHERE}, "revoke").json()
    explained = world.server.published(problem["type"])
    assert explained.json()["title"] == problem["title"]
    assert explained.json()["status"] == 404
    assert_problem(world.server.client().get("/problems/none"), 404, "no-such-resource")


def test_a_request_id_is_echoed_if_well_formed(world: World) -> None:
    client = world.server.client()
    given = client.get("/healthz", headers={"X-Request-Id": "abc-1.2_3"})
    assert given.headers["X-Request-Id"] == "abc-1.2_3"
    for odd in ("a b", "x" * 65, "a\tb"):
        answer = client.get("/healthz", headers={"X-Request-Id": odd})
        assert len(answer.headers["X-Request-Id"]) == 16
