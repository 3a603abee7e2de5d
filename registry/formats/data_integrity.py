"""Secure documents with Data Integrity proofs, and verify them.

Sources: Verifiable Credential Data Integrity 1.0 §4, Data Integrity EdDSA Cryptosuites v1.0 §3.
"""

from enum import StrEnum
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.formats import contexts as bundled
from registry.formats.canonical import (
    CanonicalisationError,
    ContextLoader,
    ContextNotBundledError,
    check_terms,
    jcs,
    rdfc,
)
from registry.formats.multibase import MultibaseError, b58_decode, b58_encode
from registry.formats.multikey import PublicKey
from registry.formats.signer import Signer


class Cryptosuite(StrEnum):
    """The cryptographic suites the registry signs with and verifies."""

    EDDSA_RDFC_2022 = "eddsa-rdfc-2022"
    EDDSA_JCS_2022 = "eddsa-jcs-2022"


class ProofError(ValueError):
    """A proof is missing, malformed, of another suite, or not of this document and key."""

    problem_type = "https://w3id.org/security#PROOF_VERIFICATION_ERROR"


def proof_options(
    cryptosuite: Cryptosuite, *, verification_method: str, created: str
) -> dict[str, Any]:
    """Return a proof without its value, for an assertion (Data Integrity 1.0 §2.1)."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": str(cryptosuite),
        "created": created,
        "verificationMethod": verification_method,
        "proofPurpose": "assertionMethod",
    }


def hash_data(
    document: dict[str, Any], options: dict[str, Any], *, contexts: ContextLoader = bundled.load
) -> bytes:
    """Return the 64 bytes a signer signs: SHA-256 of the proof options, then of the document.

    Both in canonical form, the document without its proofs (EdDSA Cryptosuites v1.0 §3.2.4 and
    §3.3.4). Under either suite every term must be defined by the contexts; raises as
    `canonical.rdfc` does.
    """
    return _hash(_without(document, "proof"), _bound(document, options), contexts=contexts)


def attach(
    document: dict[str, Any], options: dict[str, Any], *, signature: bytes
) -> dict[str, Any]:
    """Return a new document with an array of the one proof that a signature completes."""
    if "proof" in document:
        raise ProofError("the document has a proof already")
    proof = _bound(document, options) | {"proofValue": "z" + b58_encode(signature)}
    return document | {"proof": [proof]}


def secure(
    document: dict[str, Any],
    *,
    cryptosuite: Cryptosuite,
    signer: Signer,
    created: str,
    contexts: ContextLoader = bundled.load,
) -> dict[str, Any]:
    """Return a new document secured by a signer (EdDSA Cryptosuites v1.0 §3.2.1 and §3.3.1)."""
    method = signer.verification_method
    options = proof_options(cryptosuite, verification_method=method, created=created)
    signature = signer.sign(hash_data(document, options, contexts=contexts))
    return attach(document, options, signature=signature)


def verify_proof(
    document: dict[str, Any],
    proof: dict[str, Any],
    *,
    public_key: PublicKey,
    contexts: ContextLoader = bundled.load,
) -> None:
    """Raise ProofError unless a proof is this key's over this document.

    That the key is the one its owner gives for assertions, and that the proof is in force, is for
    the caller to know (Data Integrity 1.0 §4.5).
    """
    signature = _signature(proof)
    if not isinstance(public_key, Ed25519PublicKey):
        raise ProofError("the key is not an Ed25519 key")
    options = _without(proof, "proofValue")
    try:
        signed = _hash(_as_signed(document, options), options, contexts=contexts)
    except (CanonicalisationError, ContextNotBundledError) as error:
        raise ProofError(f"the document cannot be hashed: {error}") from error
    try:
        public_key.verify(signature, signed)
    except InvalidSignature as error:
        raise ProofError("the signature is not of this document and key") from error


def proofs(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a document's proofs, whether it gives none, one or an array of them."""
    proof = document.get("proof", [])
    found = proof if isinstance(proof, list) else [proof]
    if not all(isinstance(item, dict) for item in found):
        raise ProofError("a proof is not an object")
    return found


def _hash(document: dict[str, Any], options: dict[str, Any], *, contexts: ContextLoader) -> bytes:
    if _cryptosuite(options) is Cryptosuite.EDDSA_RDFC_2022:
        bound = options | {"@context": document.get("@context", [])}
        hashed = rdfc(bound, contexts=contexts), rdfc(document, contexts=contexts)
    else:
        check_terms(document, contexts=contexts)
        hashed = jcs(options), jcs(document)
    return b"".join(sha256(form).digest() for form in hashed)


def _bound(document: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return the options as signed and shown: with the contexts in a JCS proof (§3.3.1)."""
    if _cryptosuite(options) is Cryptosuite.EDDSA_JCS_2022:
        return options | {"@context": document.get("@context", [])}
    return options


def _as_signed(document: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return a document as its proof says it was signed.

    A JCS proof's contexts take the place of the document's, which must begin with them: others may
    have been added since (EdDSA Cryptosuites v1.0 §3.3.2).
    """
    unsecured = _without(document, "proof")
    if _cryptosuite(options) is Cryptosuite.EDDSA_RDFC_2022 or "@context" not in options:
        return unsecured
    signed, found = _array(options["@context"]), _array(document.get("@context", []))
    if found[: len(signed)] != signed:
        raise ProofError("the document's contexts do not begin with the proof's")
    return unsecured | {"@context": options["@context"]}


def _cryptosuite(options: dict[str, Any]) -> Cryptosuite:
    try:
        return Cryptosuite(options.get("cryptosuite", ""))
    except ValueError as error:
        raise ProofError("a proof of another cryptographic suite") from error


def _signature(proof: dict[str, Any]) -> bytes:
    expected = {"type": "DataIntegrityProof", "proofPurpose": "assertionMethod"}
    if not expected.items() <= proof.items():
        raise ProofError("not a Data Integrity proof of an assertion")
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z"):
        raise ProofError("proofValue does not start with 'z'")
    try:
        return b58_decode(value[1:])
    except MultibaseError as error:
        raise ProofError("proofValue is not base58btc") from error


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}


def _array(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
