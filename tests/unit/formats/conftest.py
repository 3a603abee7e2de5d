"""A signer with a fixed key, and the smallest badge that uses every part of one."""

from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.domain.securing import KeyType
from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.formats.multikey import encode_public_key


@dataclass(frozen=True)
class FixedSigner:
    private_key: Ed25519PrivateKey
    did: str = "did:web:issuer.example"

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self.private_key.public_key()

    @property
    def verification_method(self) -> str:
        return f"{self.did}#{encode_public_key(self.public_key)}"

    @property
    def key_type(self) -> KeyType:
        return KeyType.ED25519

    def sign(self, data: bytes) -> bytes:
        return self.private_key.sign(data)


@pytest.fixture
def signer() -> FixedSigner:
    return FixedSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
def badge() -> dict[str, Any]:
    return {
        "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
        "id": "urn:uuid:7c2f1c0e-6a3c-4d7e-9a51-0e2c8f1b6d3a",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Analiza danych w Pythonie",
        "issuer": {"id": "did:web:issuer.example", "type": ["Profile"], "name": "Uczelnia"},
        "validFrom": "2026-03-01T09:00:00Z",
        "credentialSubject": {
            "id": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://issuer.example/achievements/1",
                "type": ["Achievement"],
                "name": "Analiza danych",
                "description": "Zbieranie, czyszczenie i opis danych.",
                "criteria": {"narrative": "Projekt i egzamin."},
                "achievementType": "MicroCredential",
            },
        },
        "credentialStatus": {
            "id": "https://issuer.example/status/1#94567",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "94567",
            "statusListCredential": "https://issuer.example/status/1",
        },
    }
