"""What a development server issues, others verify; what others issue and present, it verifies.

Both ways, for every securing mechanism: `@digitalbazaar/vc` with its cryptosuites over
`jsonld-signatures`, `@digitalcredentials/verifier-core`, `jose`, openvc-core, openbadgeslib.
"""

import base64
import copy
import json
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from openbadgeslib.ob3 import (
    Achievement,
    Issuer,
    OB3LdpSigner,
    OB3Signer,
    OpenBadgeCredential,
    did_jwk_from_jwk,
)
from openbadgeslib.ob3.did import did_key_from_pem
from openvc.did.base import DidResolverRegistry
from openvc.did.did_key import DidKeyResolver
from openvc.keys import Ed25519SigningKey, P256SigningKey, P384SigningKey
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.proof.di_ecdsa_rdfc import EcdsaRdfcProofSuite
from openvc.proof.di_jcs import EcdsaJcsProofSuite, EddsaJcsProofSuite
from openvc.proof.errors import SignatureInvalid
from openvc.resolvers import default_status_list_resolver
from openvc.verify import VerificationPolicy, verify_credential

from registry.domain.securing import KeyType, Mechanism
from registry.formats import contexts, did, jwk
from tests.e2e.dev_server import UNSIGNED, UNSIGNED_1_1, DevServer, Json, dev_server
from tests.e2e.javascript_verifiers import (
    issue_digitalbazaar,
    issue_jose,
    present_digitalbazaar,
    verify_digitalbazaar,
    verify_digitalcredentials,
    verify_jose,
)
from tests.e2e.live_registry import token_of
from tests.e2e.test_others_verifiers import bundled_contexts

__all__ = ["dev_server"]

EMBEDDED = [mechanism.value for mechanism in Mechanism if not mechanism.is_jwt]
JOSE = [mechanism.value for mechanism in Mechanism if mechanism.startswith("vc-jwt-")]
ALGORITHMS = {KeyType.ED25519: "EdDSA", KeyType.P256: "ES256", KeyType.P384: "ES384"}

T = TypeVar("T")


def changed(credential: Json) -> Json:
    """Return a credential to which somebody gave another subject."""
    credential = copy.deepcopy(credential)
    credential["credentialSubject"]["id"] = "urn:uuid:00000000-0000-4000-8000-000000000000"
    return credential


def changed_token(token: str) -> str:
    """Return a compact JWT to which somebody gave another subject."""
    header, payload, signature = token.split(".")
    credential = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(changed(credential)).encode()).decode()
    return ".".join([header, forged.rstrip("="), signature])


def enveloped(token: str) -> Json:
    """Return a compact JWT as the credential that envelops it."""
    return {
        "@context": "https://www.w3.org/ns/credentials/v2",
        "id": f"data:application/vc+jwt,{token}",
        "type": "EnvelopedVerifiableCredential",
    }


# Ours, verified by theirs


@pytest.fixture(scope="module")
def issued(dev_server: DevServer) -> dict[str, Json]:
    """A credential of each test issuer, by mechanism."""
    named = {**UNSIGNED, "id": "urn:uuid:5f1c6b0e-2a77-4d0b-8c9e-6f7f1d8d1c11"}
    return {name: dev_server.issue(name, named) for name in [*EMBEDDED, *JOSE]}


def embedded(issued: Mapping[str, T]) -> dict[str, T]:
    return {name: issued[name] for name in EMBEDDED}


def test_digitalbazaar_verifies_every_embedded_proof_and_reads_its_lists(
    issued: dict[str, Json],
) -> None:
    found = verify_digitalbazaar(
        list(embedded(issued).values()), ca_file=None, contexts=bundled_contexts()
    )
    assert [(one["verified"], one["error"]) for one in found] == [(True, None)] * len(EMBEDDED)
    for one in found:
        assert {each["purpose"]: each["status"] for each in one["statuses"]} == {
            "revocation": False,
            "suspension": False,
        }


def test_digitalbazaar_refuses_every_changed_credential(issued: dict[str, Json]) -> None:
    forged = [changed(credential) for credential in embedded(issued).values()]
    found = verify_digitalbazaar(forged, ca_file=None, contexts=bundled_contexts())
    assert [one["verified"] for one in found] == [False] * len(EMBEDDED)


def test_digitalbazaar_verifies_version_1_1_credentials(dev_server: DevServer) -> None:
    credentials = [dev_server.issue(name, UNSIGNED_1_1) for name in EMBEDDED]
    found = verify_digitalbazaar(credentials, ca_file=None, contexts=bundled_contexts())
    assert [(one["verified"], one["error"]) for one in found] == [(True, None)] * len(EMBEDDED)


def test_digitalcredentials_verifies_the_suite_it_knows(issued: dict[str, Json]) -> None:
    credential = issued["eddsa-rdfc-2022"]
    found = verify_digitalcredentials([credential, changed(credential)], ca_file=None, schemas={})
    assert [one["verified"] for one in found] == [True, False], found[0]["error"]


@pytest.mark.parametrize("mechanism", EMBEDDED)
def test_openvc_verifies_an_embedded_proof_and_its_lists(
    dev_server: DevServer, issued: dict[str, Json], mechanism: str
) -> None:
    openvc_verifies(dev_server, issued[mechanism])
    with pytest.raises(SignatureInvalid):
        openvc_verifies(dev_server, changed(issued[mechanism]))


def openvc_verifies(server: DevServer, credential: Json) -> None:
    """Verify the proof, and both lists by their own; raises OpenvcError."""
    resolver = DidResolverRegistry([DidKeyResolver()])
    bundled = {url: contexts.load(url) for url in contexts.BUNDLED}
    verify_credential(
        credential,
        policy=VerificationPolicy(require_status_issuer_binding=True),
        resolver=resolver,
        resolve_status_list=default_status_list_resolver(
            resolver=resolver,
            fetch=lambda url: server.client.get(url).text,
            extra_contexts=bundled,
        ),
        extra_contexts=bundled,
    )


def test_jose_verifies_every_compact_jwt(issued: dict[str, Json]) -> None:
    tokens = {name: token_of(issued[name]) for name in JOSE}
    for name, found in zip(JOSE, verify_jose(jose_tasks(tokens)), strict=True):
        assert found["error"] is None, name
        assert found["header"]["typ"] == "vc+jwt"
        assert found["payload"]["credentialSubject"] == UNSIGNED["credentialSubject"]
    forged = {name: changed_token(token) for name, token in tokens.items()}
    assert all(found["error"] for found in verify_jose(jose_tasks(forged)))


def jose_tasks(tokens: Mapping[str, str]) -> list[Json]:
    return [
        {"token": token, "jwk": public_jwk(token), "alg": ALGORITHMS[Mechanism(name).key_type]}
        for name, token in tokens.items()
    ]


def public_jwk(token: str) -> Json:
    header = json.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))
    issuer = header["kid"].partition("#")[0]
    key: Json = jwk.to_jwk(did.assertion_key(did.did_key_document(issuer), header["kid"]))
    return key


# Theirs, verified by ours


def is_verified(server: DevServer, credential: Json | str) -> bool:
    return bool(server.verify(credential)["verified"])


def test_what_digitalbazaar_issues_is_verified_and_a_change_of_it_is_not(
    dev_server: DevServer,
) -> None:
    orders = [{"mechanism": name, "credential": UNSIGNED} for name in EMBEDDED]
    orders += [{"mechanism": name, "credential": UNSIGNED_1_1} for name in EMBEDDED]
    orders += [{"mechanism": "Ed25519Signature2020", "credential": UNSIGNED_1_1}]
    for credential in issue_digitalbazaar(orders, contexts=bundled_contexts()):
        assert dev_server.verify(credential).get("problemDetails", []) == []
        assert is_verified(dev_server, credential)
        assert not is_verified(dev_server, changed(credential))


def test_what_digitalbazaar_presents_is_verified_for_its_challenge_and_domain_alone(
    dev_server: DevServer,
) -> None:
    asked = {"challenge": "3f8a1d", "domain": "verifier.example"}
    orders = [{"mechanism": name, "credential": UNSIGNED, **asked} for name in EMBEDDED]
    for presentation in present_digitalbazaar(orders, contexts=bundled_contexts()):
        for wrong in ({"challenge": "another"}, {"domain": "another.example"}):
            answer = dev_server.verify_presentation(presentation, **asked | wrong)
            assert answer["verified"] is False
        answer = dev_server.verify_presentation(presentation, **asked)
        assert answer["verified"] is True, answer
        presentation["verifiableCredential"] = [
            changed(credential) for credential in presentation["verifiableCredential"]
        ]
        assert dev_server.verify_presentation(presentation, **asked)["verified"] is False


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "EdDSA", "Ed25519"])
def test_what_jose_signs_is_verified_and_a_change_of_it_is_not(
    dev_server: DevServer, algorithm: str
) -> None:
    [token] = issue_jose([{"alg": algorithm, "credential": UNSIGNED}])
    assert is_verified(dev_server, enveloped(token))
    assert not is_verified(dev_server, enveloped(changed_token(token)))


@pytest.mark.parametrize(
    ("suite", "key_type"),
    [
        (DataIntegrityProofSuite, Ed25519SigningKey),
        (EcdsaRdfcProofSuite, P256SigningKey),
        (EcdsaRdfcProofSuite, P384SigningKey),
    ],
)
def test_what_openvc_issues_is_verified_and_a_change_of_it_is_not(
    dev_server: DevServer, suite: Any, key_type: Any
) -> None:
    credential = openvc_issues(suite, key_type)
    assert dev_server.verify(credential)["verified"] is True, dev_server.verify(credential)
    assert not is_verified(dev_server, changed(credential))


@pytest.mark.parametrize(
    ("suite", "key_type"),
    [
        (EddsaJcsProofSuite, Ed25519SigningKey),
        (EcdsaJcsProofSuite, P256SigningKey),
        (EcdsaJcsProofSuite, P384SigningKey),
    ],
)
def test_what_openvc_issues_over_json_is_verified_once_its_proof_names_its_contexts(
    dev_server: DevServer, suite: Any, key_type: Any
) -> None:
    """It signs them as a part of the proof and leaves them out of what it hands over.

    The jcs suites write them into the proof (EdDSA Cryptosuites 1.0 §3.3.1, step 2).
    """
    credential = openvc_issues(suite, key_type)
    assert not is_verified(dev_server, credential)
    credential["proof"]["@context"] = credential["@context"]
    assert dev_server.verify(credential)["verified"] is True, dev_server.verify(credential)
    assert not is_verified(dev_server, changed(credential))


def openvc_issues(suite: Any, key_type: Any) -> Json:
    """Return a credential signed by openvc with the new key of a did:jwk."""
    key = key_type.generate("")
    issuer = did_jwk_from_jwk(key.public_jwk())
    credential: Json = suite().add_proof(
        {**UNSIGNED, "issuer": issuer}, signing_key=key, verification_method=f"{issuer}#0"
    )
    return credential


def pem_of(private_key: Any) -> bytes:
    pem: bytes = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def badge_of(issuer: str) -> OpenBadgeCredential:
    """Return a badge of openbadgeslib's own making."""
    return OpenBadgeCredential(
        issuer=Issuer(issuer, "Example University"),
        recipient_id="urn:uuid:d4ae8a5b-5d6a-4c7e-9f38-0d1c1e6e3a0b",
        achievement=Achievement(
            "https://university.example/achievements/1", "Python", "Reads data", "Passed"
        ),
    )


def test_what_openbadgeslib_signs_with_an_embedded_proof_is_verified(
    dev_server: DevServer,
) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    badge = OB3LdpSigner(pem_of(key)).sign(badge_of(did_key_from_pem(public)))
    assert dev_server.verify(badge)["verified"] is True, dev_server.verify(badge)
    assert not is_verified(dev_server, changed(badge))


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES256", partial(ec.generate_private_key, ec.SECP256R1())),
        ("RS256", partial(rsa.generate_private_key, 65537, 2048)),
    ],
)
def test_what_openbadgeslib_signs_as_a_jwt_is_verified(
    dev_server: DevServer, algorithm: str, key: Any
) -> None:
    """It names no `kid`: the issuer's one key is the only one there is to verify with."""
    private_key = key()
    issuer = did_jwk_from_jwk(jwk.to_jwk(private_key.public_key()))
    token = OB3Signer(pem_of(private_key), algorithm).sign(badge_of(issuer))
    assert dev_server.verify(enveloped(token))["verified"] is True
    assert not is_verified(dev_server, enveloped(changed_token(token)))
