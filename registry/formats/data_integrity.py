"""Secure documents with Data Integrity proofs, and verify them.

Sources: Verifiable Credential Data Integrity 1.0 §4, Data Integrity EdDSA Cryptosuites v1.0 §3,
Data Integrity ECDSA Cryptosuites v1.0 §3.2 and §3.3.
"""

from typing import Any

from registry.domain.securing import KeyType
from registry.formats import contexts as bundled
from registry.formats import rdf
from registry.formats.canonical import Canonicaliser, ContextLoader, jcs
from registry.formats.cryptosuites import (
    Cryptosuite,
    digest_of,
    hashed,
    key_type_of,
    verify_signature,
)
from registry.formats.multibase import b58_encode
from registry.formats.multikey import PublicKey
from registry.formats.one_or_many import as_list
from registry.formats.proof_errors import (
    DataLossError,
    ProofError,
    ProofGenerationError,
    ProofTransformationError,
    transforming,
)
from registry.formats.proof_options import (
    ASSERTION,
    AUTHENTICATION,
    check_instants,
    check_members,
    check_purpose,
    proof_options,
    proof_value,
)
from registry.formats.proof_sets import appended, proofs, signed_part
from registry.formats.shapes import Forms, WholeWay
from registry.formats.signer import Signer

__all__ = [
    "ASSERTION",
    "AUTHENTICATION",
    "Cryptosuite",
    "DataLossError",
    "ProofError",
    "ProofGenerationError",
    "ProofTransformationError",
    "add_proof",
    "attach",
    "hash_data",
    "proof_options",
    "proof_value",
    "proofs",
    "secure",
    "verify_proof",
]


def hash_data(
    document: dict[str, Any],
    options: dict[str, Any],
    *,
    key_type: KeyType = KeyType.ED25519,
    contexts: ContextLoader = bundled.load,
    canonicalise: Canonicaliser = rdf.canonicalise,
    shapes: Forms | None = None,
) -> bytes:
    """Return the bytes a signer signs: the digest of the proof options, then of the document.

    64 bytes, or 96 for P-384. Both are in canonical form, the document without the proofs that
    `previousProof` does not name (VC Data Integrity 1.0 §4.3; EdDSA Cryptosuites v1.0 §3.2.4 and
    §3.3.4; ECDSA Cryptosuites v1.0 §3.2.4 and §3.3.4). Under every suite each term must be defined
    by the contexts; raises as `canonical.rdfc` does, and ProofGenerationError for options that
    make no proof. `shapes`, where given, take the place of `contexts` and `canonicalise`, which
    they bring along.
    """
    try:
        _require_options(options, key_type)
        signed = signed_part(document, options)
    except ProofError as error:
        raise ProofGenerationError(str(error)) from error
    forms = shapes or WholeWay(contexts, canonicalise)
    return _hash(signed, _bound(document, options), key_type=key_type, forms=forms)


def attach(
    document: dict[str, Any], options: dict[str, Any], *, signature: bytes
) -> dict[str, Any]:
    """Return a new document with the proof that a signature completes after those it has."""
    proof = _bound(document, options) | {"proofValue": "z" + b58_encode(signature)}
    return appended(document, proof)


def add_proof(
    document: dict[str, Any],
    options: dict[str, Any],
    *,
    signer: Signer,
    contexts: ContextLoader = bundled.load,
    canonicalise: Canonicaliser = rdf.canonicalise,
    shapes: Forms | None = None,
) -> dict[str, Any]:
    """Return a new document with one more proof, by a signer (VC Data Integrity 1.0 §4.2, §4.3)."""
    signed = hash_data(
        document,
        options,
        key_type=signer.key_type,
        contexts=contexts,
        canonicalise=canonicalise,
        shapes=shapes,
    )
    return attach(document, options, signature=signer.sign(signed))


def secure(  # noqa: PLR0913 - what is signed, by whom and how, each by name
    document: dict[str, Any],
    *,
    cryptosuite: Cryptosuite,
    signer: Signer,
    created: str,
    previous_proof: str | list[str] | None = None,
    proof_id: str | None = None,
    contexts: ContextLoader = bundled.load,
    canonicalise: Canonicaliser = rdf.canonicalise,
    shapes: Forms | None = None,
) -> dict[str, Any]:
    """Return a new document secured by a signer as an assertion.

    A document that has proofs is given another, for a set of them, or with `previous_proof`, the
    id of one of them or several, for a chain (VC Data Integrity 1.0 §4.3).
    """
    options = proof_options(
        cryptosuite,
        verification_method=signer.verification_method,
        created=created,
        previous_proof=previous_proof,
        proof_id=proof_id,
    )
    return add_proof(
        document,
        options,
        signer=signer,
        contexts=contexts,
        canonicalise=canonicalise,
        shapes=shapes,
    )


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

    That the key is the one its owner gives for the purpose, that the proof is in force, and that
    the proofs it builds on verify as well, is for the caller to know (VC Data Integrity 1.0 §4.4,
    §4.5). A document that cannot be hashed raises ProofTransformationError from the reason.
    """
    signature = proof_value(proof)
    options = _without(proof, "proofValue")
    check_purpose(options, purpose)
    key_type = key_type_of(public_key)
    _require_options(options, key_type)
    as_signed = _as_signed(document, options)
    forms = shapes or WholeWay(contexts, canonicalise)
    with transforming():
        signed = _hash(as_signed, options, key_type=key_type, forms=forms)
    verify_signature(public_key, signature, signed=signed)


def _hash(
    document: dict[str, Any], options: dict[str, Any], *, key_type: KeyType, forms: Forms
) -> bytes:
    if not Cryptosuite(options["cryptosuite"]).is_rdfc:
        form = forms.checked_jcs(document)
        return hashed(jcs(options), form, key_type=key_type)
    config = options | {"@context": document.get("@context", [])}
    parts = [forms.rdfc(part, digest=digest_of(key_type)) for part in (config, document)]
    return hashed(*parts, key_type=key_type)


def _bound(document: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return the options as signed and shown: with the contexts in a JCS proof (§3.3.1)."""
    if Cryptosuite(options["cryptosuite"]).is_rdfc:
        return options
    return options | {"@context": document.get("@context", [])}


def _as_signed(document: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return a document as its proof says it was signed.

    A JCS proof's contexts take the place of the document's, which must begin with them: others may
    have been added since (EdDSA Cryptosuites v1.0 §3.3.2). The contexts in an rdfc proof are not
    signed, so they may not differ at all.
    """
    signed = signed_part(document, options)
    if "@context" not in options:
        return signed
    claimed, found = as_list(options["@context"]), as_list(document.get("@context", []))
    is_rdfc = Cryptosuite(options["cryptosuite"]).is_rdfc
    if claimed != (found if is_rdfc else found[: len(claimed)]):
        raise ProofError("the document's contexts do not begin with the proof's")
    return signed | {"@context": options["@context"]}


def _require_options(options: dict[str, Any], key_type: KeyType) -> None:
    """Refuse what no cryptosuite makes a proof of (EdDSA Cryptosuites v1.0 §3.2.5)."""
    suite = options.get("cryptosuite")
    if options.get("type") != "DataIntegrityProof" or suite not in list(Cryptosuite):
        raise ProofTransformationError("a proof of another cryptographic suite")
    if key_type not in Cryptosuite(suite).key_types:
        raise ProofError(f"{suite} does not use {key_type} keys")
    if Cryptosuite(suite).is_rdfc:
        check_members(options)
    check_instants(options)


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}
