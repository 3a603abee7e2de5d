"""Write and read the members of a proof (Verifiable Credential Data Integrity 1.0 §2.1)."""

import re
from typing import Any, Final

from registry.formats.cryptosuites import Cryptosuite
from registry.formats.multibase import MultibaseError, b58_decode
from registry.formats.proof_errors import ProofError

ASSERTION: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"

# XML Schema 1.1 Part 2 §3.3.7, dateTime. Without a time zone it is UTC (VC-DI 1.0 §2.1).
_DATE: Final = r"-?\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?|24:00:00(\.0+)?"
_ZONE: Final = r"Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00"
_INSTANT: Final = re.compile(f"{_DATE}T({_TIME})({_ZONE})?", re.ASCII)


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


def check_instants(options: dict[str, Any]) -> None:
    """Raise ProofError unless `created` and `expires`, where given, are XML Schema instants."""
    for name in ("created", "expires"):
        if name in options and not _is_instant(options[name]):
            raise ProofError(f"{name} is not a date and time")


def _is_instant(value: object) -> bool:
    return isinstance(value, str) and _INSTANT.fullmatch(value) is not None
