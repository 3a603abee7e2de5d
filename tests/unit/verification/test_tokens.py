"""Credentials that come as compact JWTs, bare or enveloped."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from registry.domain.securing import KeyType, Mechanism
from registry.formats import did, jwk, jws, vc_jwt
from registry.formats.canonical import jcs
from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.multibase import b64url_encode
from registry.formats.multikey import decode_public_key
from registry.verification.report import Outcome, Verdict
from tests.unit.verification.world import (
    NOW,
    REVOCATION_URL,
    TOKENS,
    Document,
    Issuer,
    Key,
    Web,
    World,
    as_bytes,
    codes,
    only,
    unsigned,
)

END_OF_2099 = 4_102_444_799


def token_of(issuer: Issuer, document: Document | None = None, **header: Any) -> bytes:
    """Return a W3C JWT whose header is changed; a change to None leaves a member out."""
    key = issuer.key_for(Mechanism.VC_JWT_ES256)
    plain = {"kid": key.verification_method, "typ": "vc+jwt", "cty": "vc"}
    changed = {**plain, **header}
    kept = {name: value for name, value in changed.items() if value is not None}
    return jws.sign(kept, jcs(document or unsigned(issuer.did)), key).encode()


@pytest.mark.parametrize("mechanism", TOKENS)
def test_a_token_in_an_envelope_is_verified(
    world: World, issuer: Issuer, mechanism: Mechanism
) -> None:
    token = issuer.issue(unsigned(issuer.did), mechanism).decode()
    report = world.verify(vc_jwt.envelope(token))
    assert report.verdict is Verdict.VALID
    assert report.credential == unsigned(issuer.did)


@pytest.mark.parametrize("mechanism", TOKENS)
def test_any_character_of_a_token_that_is_changed_makes_it_invalid(
    world: World, issuer: Issuer, mechanism: Mechanism
) -> None:
    token = issuer.issue(unsigned(issuer.did), mechanism)
    for position in range(0, len(token), 97):
        other = b"A" if token[position : position + 1] != b"A" else b"B"
        changed = token[:position] + other + token[position + 1 :]
        assert world.verify(changed).verdict in {Verdict.INVALID, Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"validUntil": "2026-02-01T00:00:00Z"}, Verdict.EXPIRED),
        ({"validFrom": "2026-12-01T00:00:00Z"}, Verdict.NOT_YET_VALID),
    ],
)
@pytest.mark.parametrize("mechanism", [Mechanism.VC_JWT_ED25519, Mechanism.OB_JWT_RS256])
def test_a_token_has_the_period_of_its_credential(
    world: World, issuer: Issuer, mechanism: Mechanism, changes: Document, verdict: Verdict
) -> None:
    assert world.verify(issuer.issue(unsigned(issuer.did, **changes), mechanism)).verdict is verdict


def test_a_revoked_token_is_revoked(world: World, issuer: Issuer) -> None:
    issuer.publish_list(set_entries={94_567: 1})
    token = issuer.issue(unsigned(issuer.did), Mechanism.VC_JWT_ES384)
    assert world.verify(token).verdict is Verdict.REVOKED


def test_a_token_that_has_expired_itself_is_expired(world: World, issuer: Issuer) -> None:
    over = int((NOW - timedelta(minutes=2)).timestamp())
    report = world.verify(token_of(issuer, {**unsigned(issuer.did), "exp": over}))
    assert report.verdict is Verdict.EXPIRED
    assert only(report, "proof").code == "proof-expired"


def test_a_token_before_its_time_is_not_yet_valid(world: World, issuer: Issuer) -> None:
    early = int((NOW + timedelta(minutes=2)).timestamp())
    report = world.verify(token_of(issuer, {**unsigned(issuer.did), "nbf": early}))
    assert report.verdict is Verdict.NOT_YET_VALID
    check = only(report, "proof")
    assert (check.code, check.looked_at) == ("proof-not-yet-valid", "nbf")
    assert "proof will be valid from" in check.sentence.en


def test_a_token_of_a_did_jwk_issuer_is_verified(world: World, web: Web) -> None:
    key = Key(key_type=KeyType.P256)
    [_, method] = did.did_document(key.controller, assertion_keys=[key.multibase])[
        "verificationMethod"
    ]
    public = {name: method["publicKeyJwk"][name] for name in ("kty", "crv", "x", "y")}
    issuer = f"did:jwk:{b64url_encode(json.dumps(public).encode())}"
    header = {"kid": f"{issuer}#0", "typ": "vc+jwt", "cty": "vc"}
    token = jws.sign(header, jcs(unsigned(issuer, credentialStatus=None)), key)
    assert world.verify(token.encode()).verdict is Verdict.VALID
    assert web.asked == []


# ------------------------------------------------------- forged signatures


def test_an_unsigned_token_is_invalid(world: World, issuer: Issuer) -> None:
    [header, payload, _] = token_of(issuer).split(b".")
    unsecured = b64url_encode(jcs({**decoded(header), "alg": "none"})).encode()
    report = world.verify(b".".join([unsecured, payload, b""]))
    assert report.verdict is Verdict.INVALID
    assert only(report, "proof").code == "algorithm-not-supported"


def test_the_public_key_is_no_shared_secret(world: World, issuer: Issuer) -> None:
    [header, payload, _] = token_of(issuer).split(b".")
    forged = b64url_encode(jcs({**decoded(header), "alg": "HS256"})).encode()
    for secret in (issuer.key.multibase.encode(), b""):
        mac = hmac.new(secret, forged + b"." + payload, hashlib.sha256).digest()
        token = b".".join([forged, payload, b64url_encode(mac).encode()])
        assert world.verify(token).verdict is Verdict.INVALID


def test_another_algorithm_than_the_keys_is_invalid(world: World, issuer: Issuer) -> None:
    other = issuer.key_for(Mechanism.VC_JWT_ES384)
    report = world.verify(token_of(issuer, kid=other.verification_method))
    assert only(report, "proof").code == "algorithm-not-the-keys"
    assert report.verdict is Verdict.INVALID


def test_an_algorithm_that_is_not_known_is_unknown(world: World, issuer: Issuer) -> None:
    [header, payload, signature] = token_of(issuer).split(b".")
    other = b64url_encode(jcs({**decoded(header), "alg": "ES512"})).encode()
    report = world.verify(b".".join([other, payload, signature]))
    assert report.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("name", ["jwk", "jku", "x5c", "x5u"])
def test_a_key_that_comes_with_the_token_is_not_looked_at(
    world: World, web: Web, issuer: Issuer, name: str
) -> None:
    stranger = Issuer(web, "stranger").key_for(Mechanism.VC_JWT_ES256)
    brought = {name: jwk.to_jwk(decode_public_key(stranger.multibase))}
    assert world.verify(token_of(issuer, **brought)).verdict is Verdict.VALID
    [header, payload, _] = token_of(issuer, **brought).split(b".")
    forged = stranger.sign(header + b"." + payload)
    report = world.verify(b".".join([header, payload, b64url_encode(forged).encode()]))
    assert only(report, "proof").code == "wrong-signature"
    assert report.verdict is Verdict.INVALID


@pytest.mark.parametrize("header", [{}, {"jwk": {"kty": "OKP"}}, {"typ": "JWT", "cty": None}])
def test_nobody_can_tell_about_a_token_that_names_no_key_of_an_issuer_with_many(
    world: World, web: Web, issuer: Issuer, header: Document
) -> None:
    report = world.verify(token_of(issuer, kid=None, **header))
    assert codes(report) == ["key-not-named"]
    assert report.verdict is Verdict.UNKNOWN
    assert web.asked == []


def test_a_strangers_token_in_the_issuers_name_is_invalid(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    report = world.verify(token_of(stranger, unsigned(issuer.did)))
    assert only(report, "proof").code == "key-not-the-issuers"
    assert report.verdict is Verdict.INVALID


def test_a_token_by_a_key_for_something_else_is_invalid(world: World, issuer: Issuer) -> None:
    token = token_of(issuer)
    keys = [issuer.key_for(Mechanism.VC_JWT_ES256).multibase]
    document = did.did_document(issuer.did, assertion_keys=keys)
    issuer.publish_document({**document, "assertionMethod": [], "authentication": keys})
    assert only(world.verify(token), "proof").code == "key-not-authorised"


# ------------------------------------------------- what a token says of itself


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "did:web:registry.example:issuers:stranger"},
        {"jti": "https://registry.example/credentials/2"},
        {"sub": "urn:somebody:else"},
        {"exp": "tomorrow"},
    ],
)
def test_a_token_that_disagrees_with_its_credential_is_invalid(
    world: World, issuer: Issuer, claims: Document
) -> None:
    report = world.verify(token_of(issuer, {**unsigned(issuer.did), **claims}))
    assert codes(report) == ["jwt-claims-disagree"]
    assert report.verdict is Verdict.INVALID


def test_an_open_badges_token_with_another_end_is_invalid(world: World, issuer: Issuer) -> None:
    document = {**unsigned(issuer.did), "exp": END_OF_2099}
    report = world.verify(token_of(issuer, document, typ="JWT", cty=None))
    assert codes(report) == ["jwt-claims-disagree"]


@pytest.mark.parametrize("typ", ["vp+jwt", "statuslist+jwt", "at+jwt", 1])
def test_a_token_of_another_type_is_never_valid(world: World, issuer: Issuer, typ: Any) -> None:
    assert world.verify(token_of(issuer, typ=typ)).verdict in {Verdict.INVALID, Verdict.UNKNOWN}


def test_a_credential_hidden_in_a_vc_claim_is_not_read(world: World, issuer: Issuer) -> None:
    report = world.verify(token_of(issuer, {"vc": unsigned(issuer.did)}))
    assert codes(report) == ["jwt-not-supported"]
    assert report.verdict is Verdict.UNKNOWN


def test_a_word_that_no_context_defines_makes_a_token_invalid(world: World, issuer: Issuer) -> None:
    document = unsigned(issuer.did)
    document["credentialSubject"]["favouriteHive"] = "seven"
    report = world.verify(token_of(issuer, document))
    assert "undefined-term" in codes(report)
    assert report.verdict is Verdict.INVALID


def test_a_context_that_is_not_bundled_makes_a_token_unknown(
    world: World, web: Web, issuer: Issuer
) -> None:
    document = unsigned(issuer.did)
    document["@context"] = [*document["@context"], "https://other.example/v1"]
    report = world.verify(token_of(issuer, document))
    assert report.verdict is Verdict.UNKNOWN
    assert only(report, "contexts").code == "context-not-bundled"


def test_a_proof_inside_a_token_must_be_right_as_well(world: World, issuer: Issuer) -> None:
    signed = issuer.credential()
    assert world.verify(token_of(issuer, signed)).verdict is Verdict.VALID
    signed["proof"][0]["created"] = "2026-11-22T17:00:01Z"
    assert world.verify(token_of(issuer, signed)).verdict is Verdict.INVALID


# ------------------------------------------------------- what cannot be opened


@pytest.mark.parametrize("token", [b"eyJhbGciOiJFUzI1NiJ9.eyJ4IjoxfQ.c2ln", b" eyJh.eyJi. \n"])
def test_what_only_looks_like_a_token_is_invalid(world: World, token: bytes) -> None:
    report = world.verify(token)
    assert report.verdict is Verdict.INVALID
    assert report.credential is None


def test_an_sd_jwt_is_unknown(world: World, issuer: Issuer) -> None:
    report = world.verify(token_of(issuer) + b"~WyJz~")
    assert codes(report) == ["sd-jwt-not-supported"]
    assert report.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"@context": []}, Outcome.FAILED),
        ({"@context": "https://www.w3.org/ns/credentials/examples/v2"}, Outcome.FAILED),
        ({"id": "eyJh.eyJi.c2ln"}, Outcome.FAILED),
        ({"issuer": "did:web:registry.example"}, Outcome.FAILED),
        ({"type": ["EnvelopedVerifiableCredential", "Evidence"]}, Outcome.FAILED),
        ({"id": "data:application/vc+cose;base64,0oRD"}, Outcome.FAILED),
        ({"id": "data:application/vc+sd-jwt,eyJh.eyJi.c2ln"}, Outcome.UNKNOWN),
    ],
)
def test_an_envelope_of_another_make_is_not_opened(
    world: World, issuer: Issuer, changes: Document, outcome: Outcome
) -> None:
    envelope = vc_jwt.envelope(token_of(issuer).decode(), context=[CREDENTIALS_V2])
    report = world.verify({**envelope, **changes})
    assert [check.outcome for check in report.checks] == [outcome]


def test_a_presentation_is_no_credential(world: World, issuer: Issuer) -> None:
    presentation = {"@context": [CREDENTIALS_V2], "type": ["VerifiablePresentation"]}
    assert codes(world.verify(presentation)) == ["not-expected-here"]
    token = token_of(issuer, presentation, typ="vp+jwt", cty="vp")
    assert codes(world.verify(token)) == ["not-expected-here"]


# ------------------------------------------------------------ status lists


@pytest.mark.parametrize("mechanism", [Mechanism.VC_JWT_ED25519, Mechanism.VC_JWT_ES256])
@pytest.mark.parametrize(("value", "verdict"), [(0, Verdict.VALID), (1, Verdict.REVOKED)])
def test_a_list_may_be_a_token(
    world: World, issuer: Issuer, mechanism: Mechanism, value: int, verdict: Verdict
) -> None:
    issuer.publish_list(mechanism=mechanism, set_entries={94_567: value})
    for credential in (
        as_bytes(issuer.credential()),
        issuer.issue(unsigned(issuer.did), Mechanism.VC_JWT_ES384),
    ):
        assert world.verify(credential).verdict is verdict


def test_lists_are_asked_for_in_the_form_of_the_credential(world: World, issuer: Issuer) -> None:
    world.verify(issuer.credential())
    assert world.web.accepted[-1].startswith("application/vc,")
    fresh = World(world.web, issuer)
    fresh.verify(issuer.issue(unsigned(issuer.did), Mechanism.VC_JWT_ES256))
    assert world.web.accepted[-1].startswith("application/vc+jwt,")


def test_a_badge_as_a_token_in_a_lists_place_is_refused(
    world: World, web: Web, issuer: Issuer
) -> None:
    web.pages[REVOCATION_URL] = token_of(issuer, unsigned(issuer.did, id=REVOCATION_URL))
    report = world.verify(issuer.credential())
    assert "not-a-status-list" in codes(report)
    assert report.verdict is Verdict.UNKNOWN


def test_a_strangers_token_in_a_lists_place_is_refused(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    web.pages[REVOCATION_URL] = token_of(stranger, issuer.unsigned_list(REVOCATION_URL))
    report = world.verify(issuer.credential())
    assert "status-list-not-verified" in codes(report)
    assert report.verdict is Verdict.UNKNOWN


def decoded(part: bytes) -> Document:
    token = jws.parse(f"{part.decode()}.e30.e30")
    return dict(token.header)
