from registry.formats.canonical import rdfc
from registry.formats.status_list_credential import build, entry

URL = "https://issuer.example/status/1"


def test_an_entry_says_where_its_bit_is_in_strings() -> None:
    assert entry(URL, purpose="suspension", index=94567) == {
        "id": f"{URL}#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "suspension",
        "statusListIndex": "94567",
        "statusListCredential": URL,
    }


def test_every_member_of_a_list_credential_is_defined_by_its_context() -> None:
    credential = build(
        url=URL,
        issuer="did:web:issuer.example",
        purpose="revocation",
        encoded_list="uH4sI",
        valid_from="2026-03-01T09:00:00Z",
        valid_until="2026-03-02T09:00:00Z",
        ttl_ms=300_000,
    )
    assert credential["credentialSubject"] == {
        "id": f"{URL}#list",
        "type": "BitstringStatusList",
        "statusPurpose": "revocation",
        "encodedList": "uH4sI",
        "ttl": 300_000,
    }
    assert b"status#ttl" in rdfc(credential)
