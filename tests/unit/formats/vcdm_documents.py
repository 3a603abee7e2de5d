"""The smallest sound credentials and presentations, for tests that break one rule of them."""

from typing import Any

from registry.formats.contexts import CREDENTIALS_V2

CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1"


def credential(**members: Any) -> dict[str, Any]:
    document = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {"id": "did:example:subject"},
    }
    return document | members


def credential_1(**members: Any) -> dict[str, Any]:
    return credential(
        **{"@context": [CREDENTIALS_V1], "issuanceDate": "2026-01-01T00:00:00Z"} | members
    )


def without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


def presentation(**members: Any) -> dict[str, Any]:
    return {"@context": [CREDENTIALS_V2], "type": ["VerifiablePresentation"]} | members


def fields(found: Any) -> list[str]:
    return [problem.field for problem in found]
