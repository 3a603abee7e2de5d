"""`registry verify` of tokens and of presentations that a holder signed, without the network."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry.domain.instants import document_instant
from registry.formats import bitstring, data_integrity, jws, status_list_credential, vc_jwt
from registry.formats.canonical import jcs
from tests.e2e.conftest import Cli, Ran
from tests.unit.verification.world import Key

V2 = "https://www.w3.org/ns/credentials/v2"
ISSUER = Key(is_jwt=True)
HOLDER = Key()


def credential(**changes: Any) -> dict[str, Any]:
    document = {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "issuer": ISSUER.controller,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": HOLDER.controller},
    }
    return document | changes


def unsigned(**changes: Any) -> dict[str, Any]:
    token = vc_jwt.secure(credential(**changes), signer=ISSUER)
    return {
        "@context": [V2],
        "type": ["VerifiablePresentation"],
        "holder": HOLDER.controller,
        "verifiableCredential": [vc_jwt.envelope(token)],
    }


def presented(*, challenge: str, domain: str, **changes: Any) -> str:
    """Return a presentation with a proof of the holder's."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2026-11-01T00:00:00Z",
        "verificationMethod": HOLDER.verification_method,
        "proofPurpose": "authentication",
        "challenge": challenge,
        "domain": domain,
    }
    return json.dumps(data_integrity.add_proof(unsigned(**changes), options, signer=HOLDER))


def presented_token(*, challenge: str, domain: str) -> str:
    """Return a presentation as a compact JWT of the holder's."""
    header = {"kid": HOLDER.verification_method, "typ": "vp+jwt", "cty": "vp"}
    payload = unsigned() | {"nonce": challenge, "aud": domain}
    return jws.sign(header, jcs(payload), HOLDER)


def offline(cli: Cli, folder: Path, *arguments: object) -> Ran:
    return cli("verify", "--offline", folder, "--language", "en", *arguments)


def test_compact_jwt_is_verified_where_it_is_typed(within: Cli, tmp_path: Path) -> None:
    token = vc_jwt.secure(credential(), signer=ISSUER)

    ran = offline(within, tmp_path, token)

    assert ran.code == 0, ran.out
    assert token.split(".")[1] not in ran.out


def test_compact_jwt_that_was_changed_is_invalid(within: Cli, tmp_path: Path) -> None:
    header, payload, signature = vc_jwt.secure(credential(), signer=ISSUER).split(".")
    other = "A" if signature[9] != "A" else "B"

    ran = offline(within, tmp_path, f"{header}.{payload}.{signature[:9]}{other}{signature[10:]}")

    assert ran.code == 1


@pytest.mark.parametrize("sign", [presented, presented_token])
@pytest.mark.parametrize(
    ("challenge", "domain", "code"),
    [
        ("7f3a", "jobs.example.org", 0),
        ("8b4c", "jobs.example.org", 1),
        ("7f3a", "shop.example.org", 1),
    ],
)
def test_presentation_must_answer_what_the_holder_was_asked(
    within: Cli, tmp_path: Path, sign: Any, challenge: str, domain: str, code: int
) -> None:
    path = tmp_path / "presentation.txt"
    path.write_text(sign(challenge="7f3a", domain="jobs.example.org"))

    ran = offline(within, tmp_path, path, "--challenge", challenge, "--domain", domain, "--json")

    assert ran.code == code, ran.out
    [report] = ran.json["reports"]
    assert (report["kind"], report["holder"]) == ("presentation", HOLDER.controller)
    assert [one["verdict"] for one in report["credentials"]] == ["valid"]


def test_presentation_that_nobody_signed_is_unknown(within: Cli, tmp_path: Path) -> None:
    path = tmp_path / "presentation.json"
    path.write_text(json.dumps(unsigned()))

    assert offline(within, tmp_path, path).code == 4


def test_presentation_by_another_is_refused_only_where_the_holder_must_be_the_subject(
    within: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "presentation.json"
    of_another = {"credentialSubject": {"id": Key().controller}}
    path.write_text(presented(challenge="7f3a", domain="x", **of_another))

    assert offline(within, tmp_path, path).code == 0
    assert offline(within, tmp_path, path, "--holder-must-be-subject").code == 1


def test_list_of_another_issuer_counts_only_where_that_issuer_is_trusted(
    within: Cli, tmp_path: Path
) -> None:
    url, pool = "https://lists.example/1", Key(is_jwt=True)
    (tmp_path / "list.jwt").write_text(vc_jwt.secure(status_list(url, pool), signer=pool))
    entry = status_list_credential.entry(url, purpose="revocation", index=7)
    token = vc_jwt.secure(credential(credentialStatus=entry), signer=ISSUER)

    assert offline(within, tmp_path, token).code == 4
    assert offline(within, tmp_path, token, "--trusted-list-issuer", pool.controller).code == 0


def status_list(url: str, issuer: Key) -> dict[str, Any]:
    now = datetime.now(UTC)
    return status_list_credential.build(
        url=url,
        issuer=issuer.controller,
        purpose="revocation",
        encoded_list=bitstring.encode(bytes(16_384)).text,
        valid_from=document_instant(now - timedelta(hours=1)),
        valid_until=document_instant(now + timedelta(hours=1)),
        ttl_ms=300_000,
    )
