"""Write and read the members of a proof (Verifiable Credential Data Integrity 1.0 §2.1)."""

from datetime import datetime
from typing import Any, Final

from registry.formats.cryptosuites import Cryptosuite
from registry.formats.multibase import MultibaseError, b58_decode
from registry.formats.proof_errors import ProofError
from registry.formats.stamps import parse_stamp

ASSERTION: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"

# VC Data Integrity 1.0 §2.1. `@context` is that of the document, and looked at apart.
_MEMBERS: Final = frozenset(
    {
        "@context",
        "id",
        "type",
        "cryptosuite",
        "created",
        "expires",
        "verificationMethod",
        "proofPurpose",
        "proofValue",
        "domain",
        "challenge",
        "nonce",
        "previousProof",
    }
)


def proof_options(  # noqa: PLR0913 - one argument for each member of a proof
    cryptosuite: Cryptosuite,
    *,
    verification_method: str,
    created: str,
    purpose: str = ASSERTION,
    previous_proof: str | list[str] | None = None,
    proof_id: str | None = None,
    challenge: str | None = None,
    domain: str | list[str] | None = None,
    expires: str | None = None,
) -> dict[str, Any]:
    """Return a proof without its value (VC Data Integrity 1.0 §2.1)."""
    members = {
        "id": proof_id,
        "type": "DataIntegrityProof",
        "cryptosuite": str(cryptosuite),
        "created": created,
        "expires": expires,
        "verificationMethod": verification_method,
        "proofPurpose": purpose,
        "challenge": challenge,
        "domain": domain,
        "previousProof": previous_proof,
    }
    return {name: value for name, value in members.items() if value is not None}


def proof_value(proof: dict[str, Any]) -> bytes:
    """Return the signature in a proof's `proofValue`, Multibase base58btc, or raise ProofError."""
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z"):
        raise ProofError("proofValue does not start with 'z'")
    try:
        return b58_decode(value[1:])
    except MultibaseError as error:
        raise ProofError("proofValue is not base58btc") from error


def check_purpose(options: dict[str, Any], purpose: str) -> None:
    """Raise ProofError unless a proof was made for a purpose."""
    if options.get("proofPurpose") != purpose:
        raise ProofError(f"the proof was not made for the purpose {purpose}")


def unnamed_members(proof: dict[str, Any]) -> list[str]:
    """Return the members of a proof that VC Data Integrity 1.0 §2.1 does not name.

    Where a graph is signed, they may be others under a second name: with the contexts of before
    2.0 `expiration` is `expires`, and whoever reads `expires` sees a proof without an end.
    """
    return sorted(proof.keys() - _MEMBERS)


def check_members(options: dict[str, Any]) -> None:
    """Raise ProofError for a proof over a graph with members that are no proof's."""
    names = unnamed_members(options)
    if names:
        raise ProofError(f"{names[0][:100]!r} is not a member of a proof")


def check_instants(options: dict[str, Any]) -> None:
    """Raise ProofError unless `created` and `expires`, where given, are instants."""
    for name in ("created", "expires"):
        if name in options and proof_instant(options[name]) is None:
            raise ProofError(f"{name} is not a date and time")


def proof_instant(value: object) -> datetime | None:
    """Return the instant that a proof's `created` or `expires` is, in UTC; None for anything else.

    It is an xsd:dateTime, which without a time zone is in UTC (VC-DI 1.0 §2.1); what is not read is
    as in `stamps.parse_stamp`.
    """
    if not isinstance(value, str):
        return None
    return parse_stamp(value) or parse_stamp(f"{value}Z")
