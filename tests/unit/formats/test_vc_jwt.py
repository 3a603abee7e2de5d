import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.securing import KeyType
from registry.formats import jws, vc_jwt
from registry.formats.canonical import UndefinedTermError
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.formats.jws import JwsError
from registry.formats.multibase import b64url_encode
from registry.formats.vc_jwt import UnsupportedJwtError, VcJwt, VcJwtError
from tests.unit.formats.signers import ISSUER, UNHURRIED, public_key, signer_of

Json = dict[str, Any]

SIGNER = signer_of(KeyType.P256)
PRESENTATION: Json = {
    "@context": [CREDENTIALS_V2],
    "type": ["VerifiablePresentation"],
    "holder": "did:key:zHolder",
}


def token_of(payload: object, **header: Any) -> str:
    """Return a token of any payload, by default of one signed for VC-JOSE-COSE."""
    full = {"kid": f"{ISSUER}#1", "typ": "vc+jwt"} | header
    given_header = {name: value for name, value in full.items() if value is not None}
    return jws.sign(given_header, json.dumps(payload).encode(), SIGNER)


def read(token: str) -> VcJwt:
    return vc_jwt.read(jws.parse(token))


def verified(token: str) -> VcJwt:
    parsed = jws.parse(token)
    jws.verify(parsed, public_key(KeyType.P256))
    return vc_jwt.read(parsed)


@pytest.mark.parametrize("key_type", KeyType)
def test_a_secured_credential_is_the_payload_itself(badge: Json, key_type: KeyType) -> None:
    parsed = jws.parse(vc_jwt.secure(badge, signer=signer_of(key_type)))
    jws.verify(parsed, public_key(key_type))
    assert json.loads(parsed.payload) == badge
    found = vc_jwt.read(parsed)
    assert (found.document, found.claims) == (badge, {})
    assert found.kid == signer_of(key_type).verification_method
    assert found.alg == parsed.header["alg"]


def test_the_header_says_what_the_token_is_and_whose_key_signed(badge: Json) -> None:
    header = jws.parse(vc_jwt.secure(badge, signer=SIGNER)).header
    assert header == {
        "alg": "ES256",
        "kid": SIGNER.verification_method,
        "typ": "vc+jwt",
        "cty": "vc",
    }


def test_an_open_badge_has_the_header_and_claims_of_open_badges(badge: Json) -> None:
    badge["validUntil"] = "2027-03-01T09:00:00.75+01:00"
    parsed = jws.parse(vc_jwt.secure_open_badge(badge, signer=SIGNER))
    assert parsed.header == {"alg": "ES256", "kid": SIGNER.verification_method, "typ": "JWT"}
    found = vc_jwt.read(parsed)
    assert found.document == badge
    assert found.claims == {
        "iss": badge["issuer"]["id"],
        "jti": badge["id"],
        "nbf": 1_772_355_600,
        "sub": badge["credentialSubject"]["id"],
        "exp": 1_803_888_000,
    }
    assert found.instant("nbf") == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert found.instant("iat") is None


def test_an_open_badge_without_an_end_has_no_exp(badge: Json) -> None:
    assert "exp" not in read(vc_jwt.secure_open_badge(badge, signer=SIGNER)).claims


def without_id(badge: Json) -> None:
    del badge["id"]


def without_subject_id(badge: Json) -> None:
    del badge["credentialSubject"]["id"]


def without_start(badge: Json) -> None:
    del badge["validFrom"]


def with_a_local_start(badge: Json) -> None:
    badge["validFrom"] = "2026-03-01T09:00:00"


def with_an_early_start(badge: Json) -> None:
    badge["validFrom"] = "1969-12-31T23:59:59Z"


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (without_id, "needs id"),
        (without_subject_id, r"needs credentialSubject\.id"),
        (without_start, "needs validFrom"),
        (with_a_local_start, "validFrom is not an instant"),
        (with_an_early_start, "validFrom is not an instant"),
    ],
)
def test_a_badge_without_what_its_claims_repeat_is_refused(
    badge: Json, spoil: Any, named: str
) -> None:
    spoil(badge)
    with pytest.raises(VcJwtError, match=named):
        vc_jwt.secure_open_badge(badge, signer=SIGNER)


@pytest.mark.parametrize("secure", [vc_jwt.secure, vc_jwt.secure_open_badge])
def test_a_term_that_no_context_defines_is_refused(badge: Json, secure: Any) -> None:
    badge["credentialSubject"]["shoeSize"] = "42"
    with pytest.raises(UndefinedTermError, match="shoeSize"):
        secure(badge, signer=SIGNER)


@pytest.mark.parametrize("secure", [vc_jwt.secure, vc_jwt.secure_open_badge])
@pytest.mark.parametrize("claim", [*sorted(vc_jwt.CLAIMS), "vc", "vp"])
def test_a_member_that_would_be_read_as_a_claim_is_refused(
    badge: Json, secure: Any, claim: str
) -> None:
    with pytest.raises(VcJwtError, match=claim):
        secure(badge | {claim: 1}, signer=SIGNER)


def test_registered_claims_are_set_aside(badge: Json) -> None:
    claims = {"iss": ISSUER, "iat": 1, "exp": 2.5, "aud": ["x"], "nonce": "n", "cnf": {}}
    found = read(token_of(badge | claims))
    assert (found.document, found.claims) == (badge, claims)


def test_a_presentation_keeps_who_it_is_for_in_its_claims() -> None:
    claims = {"iss": "did:key:zHolder", "aud": "https://verifier.example", "nonce": "n"}
    token = token_of(PRESENTATION | claims, typ="vp+jwt", cty="vp")
    found = read(token)
    assert (found.document, found.claims) == (PRESENTATION, claims)


@pytest.mark.parametrize("typ", ["vc+jwt", "VC+JWT", "application/vc+jwt", "JWT", "jwt", None])
def test_the_types_of_a_credentials_token_are_read(badge: Json, typ: str | None) -> None:
    assert read(token_of(badge, typ=typ)).document == badge


@pytest.mark.parametrize(
    "typ", ["", "vc+sd-jwt", "vc+ld+json+jwt", "statuslist+jwt", "at+jwt", "vc+cose"]
)
def test_tokens_of_other_types_are_not_read(badge: Json, typ: str) -> None:
    with pytest.raises(UnsupportedJwtError):
        read(token_of(badge, typ=typ))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "vp+jwt"},
        {"typ": 7},
        {"cty": "vp"},
        {"cty": "JWT"},
        {"cty": ["vc"]},
        {"kid": None},
        {"kid": 7},
    ],
)
def test_a_header_that_is_not_for_what_the_token_holds_is_refused(
    badge: Json, header: Json
) -> None:
    with pytest.raises(VcJwtError):
        read(token_of(badge, **header))


def test_a_presentation_does_not_pass_for_a_credential() -> None:
    for kinds in ("VerifiablePresentation", ["VerifiableCredential", "VerifiablePresentation"]):
        with pytest.raises(VcJwtError):
            read(token_of(PRESENTATION | {"type": kinds}))


@pytest.mark.parametrize("claim", ["vc", "vp"])
@pytest.mark.parametrize("typ", ["JWT", "vc+jwt", None])
def test_the_claims_of_version_1_1_are_refused_and_named(
    badge: Json, claim: str, typ: str | None
) -> None:
    for payload in (badge | {claim: badge}, {"iss": ISSUER, claim: badge}):
        with pytest.raises(UnsupportedJwtError, match=r"version 1\.1"):
            read(token_of(payload, typ=typ))


@pytest.mark.parametrize("payload", [[], "a", None, 7, {}, {"type": 7}, {"type": [{}]}])
def test_a_payload_that_is_no_credential_is_refused(payload: object) -> None:
    with pytest.raises(VcJwtError):
        read(token_of(payload))


def test_a_payload_with_a_member_named_twice_is_refused() -> None:
    payload = b'{"type":"VerifiableCredential","type":"VerifiableCredential"}'
    with pytest.raises(VcJwtError):
        read(jws.sign({"kid": "did:a:b#1"}, payload, SIGNER))


@pytest.mark.parametrize("typ", ["vc+jwt", "JWT", None])
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "did:web:other.example"},
        {"iss": {"id": ISSUER}},
        {"iss": None},
        {"jti": "urn:uuid:0"},
        {"sub": "did:key:zOther"},
        {"sub": None},
        {"exp": "1803888000"},
        {"exp": True},
        {"exp": -1},
        {"exp": 1e300},
        {"nbf": None},
        {"iat": "now"},
    ],
)
def test_a_claim_that_contradicts_the_credential_is_refused(
    badge: Json, claims: Json, typ: str | None
) -> None:
    with pytest.raises(VcJwtError):
        read(token_of(badge | claims, typ=typ))


@pytest.mark.parametrize("typ", ["JWT", None])
@pytest.mark.parametrize("claims", [{"nbf": 1_772_355_601}, {"exp": 1_803_888_060}])
def test_the_period_of_an_open_badge_is_the_credentials(
    badge: Json, claims: Json, typ: str | None
) -> None:
    badge["validUntil"] = "2027-03-01T08:00:00Z"
    with pytest.raises(VcJwtError, match="is not the document's valid"):
        read(token_of(badge | claims, typ=typ))


def test_a_fraction_of_a_second_is_no_contradiction(badge: Json) -> None:
    badge["validFrom"] = "2026-03-01T09:00:00.25Z"
    for nbf in (1_772_355_600, 1_772_355_600.25):
        assert read(token_of(badge | {"nbf": nbf}, typ="JWT")).claims["nbf"] == nbf


def test_the_period_of_a_signature_is_its_own(badge: Json) -> None:
    badge["validUntil"] = "2027-03-01T08:00:00Z"
    assert read(token_of(badge | {"exp": 1_772_355_700})).claims == {"exp": 1_772_355_700}


def test_a_key_named_by_its_fragment_is_the_issuers(badge: Json) -> None:
    assert read(token_of(badge, kid="#key-1")).kid == f"{ISSUER}#key-1"
    assert read(token_of(badge | {"iss": ISSUER}, kid="#key-1")).kid == f"{ISSUER}#key-1"
    assert read(token_of(badge, kid="did:web:other.example#1")).kid == "did:web:other.example#1"


def test_a_key_in_the_header_is_no_key_of_the_issuers(badge: Json) -> None:
    for typ in ("vc+jwt", "JWT", None):
        with pytest.raises(VcJwtError, match="kid"):
            read(token_of(badge, typ=typ, kid=None, jwk={"kty": "OKP"}))


@pytest.mark.parametrize(
    ("did", "kid"), [("did:key:z6Mk", "did:key:z6Mk#z6Mk"), ("did:jwk:e30", "did:jwk:e30#0")]
)
def test_an_open_badge_need_not_name_the_only_key_of_a_did(badge: Json, did: str, kid: str) -> None:
    badge["issuer"]["id"] = did
    assert read(token_of(badge, typ="JWT", kid=None)).kid == kid
    with pytest.raises(VcJwtError, match="kid"):
        read(token_of(badge, kid=None))


TAMPERED = {
    secure: secure(
        {
            "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
            "id": "urn:uuid:7c2f1c0e-6a3c-4d7e-9a51-0e2c8f1b6d3a",
            "type": ["VerifiableCredential"],
            "issuer": ISSUER,
            "validFrom": "2026-03-01T09:00:00Z",
            "credentialSubject": {"id": "did:key:zSubject", "type": "AchievementSubject"},
        },
        signer=SIGNER,
    )
    for secure in (vc_jwt.secure, vc_jwt.secure_open_badge)
}


@UNHURRIED
@given(
    token=st.sampled_from([*TAMPERED.values()]),
    position=st.integers(min_value=0),
    change=st.integers(1, 127),
)
def test_a_token_with_any_byte_changed_never_verifies(
    token: str, position: int, change: int
) -> None:
    changed = bytearray(token.encode())
    changed[position % len(changed)] ^= change
    with pytest.raises(JwsError):
        verified(changed.decode())


@UNHURRIED
@given(
    token=st.sampled_from([*TAMPERED.values()]),
    name=st.sampled_from(["id", "issuer", "validFrom", "nbf", "iss", "jti", "exp", "more"]),
    value=st.one_of(st.none(), st.integers(0, 10**10), st.text(), st.lists(st.text())),
)
def test_a_token_with_any_value_changed_never_verifies(token: str, name: str, value: Any) -> None:
    header, _, signature = token.split(".")
    payload = json.loads(jws.parse(token).payload)
    if payload.get(name, ...) == value:
        return
    changed = b64url_encode(json.dumps(payload | {name: value}).encode())
    with pytest.raises(JwsError):
        verified(f"{header}.{changed}.{signature}")


@pytest.mark.parametrize("media_type", [vc_jwt.VC_JWT, vc_jwt.JWT, vc_jwt.VP_JWT])
def test_an_envelope_gives_its_token_back(media_type: str) -> None:
    envelope = vc_jwt.envelope("e30.e30.AA", media_type=media_type)
    assert envelope["id"] == f"data:{media_type},e30.e30.AA"
    assert vc_jwt.unenvelope(envelope) == "e30.e30.AA"


def test_an_envelope_is_typed_by_what_it_holds() -> None:
    assert vc_jwt.envelope("e30.e30.AA") == {
        "@context": CREDENTIALS_V2,
        "id": "data:application/vc+jwt,e30.e30.AA",
        "type": "EnvelopedVerifiableCredential",
    }
    presentation = vc_jwt.envelope("e30.e30.AA", media_type=vc_jwt.VP_JWT)
    assert presentation["type"] == "EnvelopedVerifiablePresentation"


ENVELOPE = vc_jwt.envelope("e30.e30.AA")


@pytest.mark.parametrize(
    "harmless",
    [
        {"type": ["EnvelopedVerifiableCredential"]},
        {"@context": [CREDENTIALS_V2]},
        {"@context": [CREDENTIALS_V2, "https://www.w3.org/ns/did/v1"]},
    ],
)
def test_an_envelope_may_have_its_type_and_context_in_arrays(harmless: Json) -> None:
    assert vc_jwt.unenvelope(ENVELOPE | harmless) == "e30.e30.AA"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": ENVELOPE["id"], "type": ENVELOPE["type"]},
        ENVELOPE | {"name": "not signed"},
        ENVELOPE | {"proof": {}},
        ENVELOPE | {"@context": "https://www.w3.org/ns/did/v1"},
        ENVELOPE | {"@context": None},
        ENVELOPE | {"@context": []},
        ENVELOPE | {"@context": {}},
        ENVELOPE | {"@context": {"@vocab": "https://words.example/"}},
        ENVELOPE | {"@context": [CREDENTIALS_V2, {}]},
        ENVELOPE | {"@context": [CREDENTIALS_V2, {"@vocab": "https://words.example/"}]},
        ENVELOPE | {"@context": [CREDENTIALS_V2, None]},
        ENVELOPE | {"@context": [CREDENTIALS_V2, [CREDENTIALS_V2]]},
        ENVELOPE | {"@context": [{}, CREDENTIALS_V2]},
        ENVELOPE | {"@context": ["https://www.w3.org/ns/did/v1", CREDENTIALS_V2]},
        ENVELOPE | {"@context": [CREDENTIALS_V2, "https://words.example/context"]},
        ENVELOPE | {"type": "VerifiableCredential"},
        ENVELOPE | {"type": ["EnvelopedVerifiableCredential", "VerifiableCredential"]},
        ENVELOPE | {"type": []},
        ENVELOPE | {"type": "EnvelopedVerifiablePresentation"},
        ENVELOPE | {"type": {}},
        ENVELOPE | {"id": "e30.e30.AA"},
        ENVELOPE | {"id": "data:application/vc+jwt;base64,e30.e30.AA"},
        ENVELOPE | {"id": "data:application/vc+jwt,e30.e30"},
        ENVELOPE | {"id": "data:application/vc+jwt,e30.e30.AA\n"},
        ENVELOPE | {"id": "data:application/vc+jwt,e30.e30.AA%3D"},
        ENVELOPE | {"id": "data:application/vc+sd-jwt,e30.e30.AA"},
        ENVELOPE | {"id": "data:application/vp+jwt,e30.e30.AA"},
        ENVELOPE | {"id": "data:text/html,e30.e30.AA"},
        ENVELOPE | {"id": "https://issuer.example/1"},
        ENVELOPE | {"id": None},
    ],
)
def test_what_is_not_an_envelope_of_one_token_is_refused(document: Json) -> None:
    with pytest.raises(VcJwtError):
        vc_jwt.unenvelope(document)
