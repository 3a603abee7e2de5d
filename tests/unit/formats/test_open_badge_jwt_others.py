"""Badges as tokens, ours read by openbadgeslib and its read by us."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from openbadgeslib.ob3 import Achievement, Issuer, OB3Signer, OB3Verifier, OpenBadgeCredential

from registry.domain.securing import KeyType
from registry.formats import did, jws, vc_jwt
from registry.formats.jwk import ALGORITHMS
from registry.formats.multikey import encode_public_key
from tests.unit.formats.signers import private_key, public_key, signer_of

Json = dict[str, Any]


@pytest.mark.parametrize("key_type", KeyType)
def test_openbadgeslib_verifies_badges_secured_here(badge: Json, key_type: KeyType) -> None:
    key = public_key(key_type)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    issuer = did.did_key(encode_public_key(key))
    badge["issuer"]["id"] = issuer
    del badge["credentialStatus"]
    token = vc_jwt.secure_open_badge(badge, signer=signer_of(key_type, did=issuer))
    found = OB3Verifier(pem, issuer_did=issuer).verify(token)
    assert found.id == badge["id"]


@pytest.mark.parametrize("key_type", KeyType)
def test_badges_of_openbadgeslib_are_verified_and_read_here(key_type: KeyType) -> None:
    issuer = did.did_key(encode_public_key(public_key(key_type)))
    credential = OpenBadgeCredential(
        issuer=Issuer(id=issuer, name="Uczelnia"),
        recipient_id="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        achievement=Achievement(
            id="https://issuer.example/achievements/1",
            name="Analiza danych",
            description="Zbieranie, czyszczenie i opis danych.",
            criteria_narrative="Projekt i egzamin.",
        ),
    )
    pem = private_key(key_type).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    token = OB3Signer(pem, algorithm=ALGORITHMS[key_type][0]).sign(credential)
    parsed = jws.parse(token)
    found = vc_jwt.read(parsed)
    jws.verify(parsed, did.assertion_key(did.did_key_document(issuer), found.kid))
    assert found.claims["iss"] == found.document["issuer"]["id"] == issuer
