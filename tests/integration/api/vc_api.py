"""Issuers marked for generic issuing, and holders who present what they got."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.domain.securing import KeyType
from registry.formats import data_integrity, did
from registry.formats.data_integrity import Cryptosuite
from registry.formats.multikey import encode_public_key
from tests.integration.api.world import World

Json = dict[str, Any]

V2 = "https://www.w3.org/ns/credentials/v2"


@dataclass(frozen=True)
class GenericIssuer:
    """An issuer's staff at the VC API."""

    client: httpx.Client
    issuer_id: str
    did: str
    token: str

    @property
    def base(self) -> str:
        return f"/issuers/{self.issuer_id}"

    def credential(self, **more: Any) -> Json:
        """Return a credential that nobody has secured yet."""
        return {
            "@context": [V2],
            "id": f"urn:uuid:{uuid4()}",
            "type": ["VerifiableCredential"],
            "issuer": self.did,
            "validFrom": "2026-01-01T00:00:00Z",
            "credentialSubject": {"id": "did:example:learner"},
            **more,
        }

    def issues(self, credential: Json, **options: Any) -> httpx.Response:
        body = {"credential": credential, "options": options}
        return self.client.post(f"{self.base}/credentials/issue", json=body)

    def issue(self, **more: Any) -> Json:
        answer = self.issues(self.credential(**more))
        assert answer.status_code == 201, answer.text
        secured: Json = answer.json()["verifiableCredential"]
        return secured

    def set_status(self, credential: Json, purpose: str, status: bool) -> httpx.Response:
        body = {
            "credentialId": credential["id"],
            "credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": purpose},
            "status": status,
        }
        return self.client.post(f"{self.base}/credentials/status", json=body)

    def verifies(self, credential: Json | str, **options: Any) -> httpx.Response:
        body = {"verifiableCredential": credential, "options": options}
        return self.client.post("/credentials/verify", json=body)

    def verifies_presentation(self, presentation: Json, **options: Any) -> httpx.Response:
        body = {"verifiablePresentation": presentation, "options": options}
        return self.client.post("/presentations/verify", json=body)


def generic_issuer(world: World, *, cryptosuite: str = "eddsa-rdfc-2022") -> GenericIssuer:
    """Register an issuer, give it a key and an API key, and mark it."""
    issuer = world.issuer()
    path = f"/v1/issuers/{issuer.issuer_id}"
    marked = world.operator.put(f"{path}/generic-issuing", json={"cryptosuite": cryptosuite})
    assert marked.status_code == 200, marked.text
    token = world.token("issuer", issuer_id=issuer.issuer_id)
    client = world.server.client(token)
    return GenericIssuer(client, issuer.issuer_id, marked.json()["did"], token)


@dataclass(frozen=True)
class Holder:
    """A holder with a did:key of their own."""

    private_key: Ed25519PrivateKey
    key_type: KeyType = KeyType.ED25519

    @classmethod
    def new(cls) -> "Holder":
        return cls(Ed25519PrivateKey.generate())

    @property
    def did(self) -> str:
        return did.did_key(encode_public_key(self.private_key.public_key()))

    @property
    def verification_method(self) -> str:
        return f"{self.did}#{self.did.removeprefix('did:key:')}"

    def presentation(self, *credentials: Json, **proof: Any) -> Json:
        """Return a signed presentation of credentials."""
        document = {
            "@context": [V2],
            "type": ["VerifiablePresentation"],
            "holder": self.did,
            "verifiableCredential": list(credentials),
        }
        options = {
            **data_integrity.proof_options(
                Cryptosuite.EDDSA_RDFC_2022,
                verification_method=self.verification_method,
                created="2026-01-02T00:00:00Z",
            ),
            "proofPurpose": "authentication",
            **proof,
        }
        data = data_integrity.hash_data(document, options, key_type=self.key_type)
        signature = self.private_key.sign(data)
        return data_integrity.attach(document, options, signature=signature)
