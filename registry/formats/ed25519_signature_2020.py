"""Verify Ed25519Signature2020 proofs, which older wallets and issuers make; none are made here.

Source: Data Integrity EdDSA Cryptosuites v1.0, appendix on the deprecated Ed25519Signature2020.
It is eddsa-rdfc-2022 under a type of its own, without a cryptosuite's name.
"""

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.domain.securing import KeyType
from registry.formats import contexts as bundled
from registry.formats import rdf
from registry.formats.canonical import Canonicaliser, ContextLoader
from registry.formats.cryptosuites import hashed, verify_signature
from registry.formats.multikey import PublicKey
from registry.formats.proof_errors import ProofError, ProofTransformationError, transforming
from registry.formats.proof_options import (
    ASSERTION,
    check_instants,
    check_members,
    check_purpose,
    proof_value,
)
from registry.formats.proof_sets import signed_part
from registry.formats.shapes import Forms, WholeWay

TYPE: Final = "Ed25519Signature2020"
CONTEXT: Final = "https://w3id.org/security/suites/ed25519-2020/v1"


def verify_proof(
    document: dict[str, Any],
    proof: dict[str, Any],
    *,
    public_key: PublicKey,
    purpose: str = ASSERTION,
    contexts: ContextLoader = bundled.load,
    canonicalise: Canonicaliser = rdf.canonicalise,
    shapes: Forms | None = None,
) -> None:
    """Raise ProofError unless a proof is this key's over this document, for this purpose.

    What is left to the caller and what the errors mean is as in `data_integrity.verify_proof`. The
    document has to name the context that defines the proof, CONTEXT.
    """
    signature = proof_value(proof)
    options = {key: value for key, value in proof.items() if key != "proofValue"}
    _require_options(document, options, purpose)
    if not isinstance(public_key, Ed25519PublicKey):
        raise ProofError(f"{TYPE} uses Ed25519 keys only")
    forms = shapes or WholeWay(contexts, canonicalise)
    parts = options | {"@context": document.get("@context", [])}, signed_part(document, options)
    with transforming():
        written = [forms.rdfc(part) for part in parts]
    verify_signature(public_key, signature, signed=hashed(*written, key_type=KeyType.ED25519))


def _require_options(document: dict[str, Any], options: dict[str, Any], purpose: str) -> None:
    if options.get("type") != TYPE:
        raise ProofTransformationError(f"not a proof of the type {TYPE}")
    # A proof's own contexts are not signed, so they may not differ from the document's.
    if options.get("@context", document.get("@context")) != document.get("@context"):
        raise ProofError("the proof's contexts are not the document's")
    check_purpose(options, purpose)
    check_members(options)
    check_instants(options)
