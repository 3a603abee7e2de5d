"""Write the two objects a Bitstring Status List consists of, unsigned (W3C REC 2025-05-15 §2)."""

from typing import Any

from registry.formats.contexts import CREDENTIALS_V2


def entry(list_url: str, *, purpose: str, index: int) -> dict[str, Any]:
    """Return the `credentialStatus` entry of a credential (Bitstring Status List v1.0 §2.1).

    The index is written as a base-10 string; the entry's id is never the list's own URL.
    """
    return {
        "id": f"{list_url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": list_url,
    }


def build(
    *,
    url: str,
    issuer: str,
    purpose: str,
    encoded_list: str,
    valid_from: str,
    valid_until: str,
    ttl_ms: int,
) -> dict[str, Any]:
    """Return the status list credential for one purpose (Bitstring Status List v1.0 §2.2).

    `encoded_list` is the Multibase text of `bitstring.encode`; `ttl` is in milliseconds. The
    purpose is a string and not an array, which readers that know one purpose only can read.
    """
    return {
        "@context": [CREDENTIALS_V2],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": valid_from,
        "validUntil": valid_until,
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encoded_list,
            "ttl": ttl_ms,
        },
    }
