"""Check every proof of a document (VC Data Integrity 1.0 §4.4, §4.5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from registry.formats import canonical, data_integrity, did
from registry.formats.canonical import ContextLoader
from registry.formats.multikey import PublicKey
from registry.verification.instants import InstantError, is_over, parse_instant
from registry.verification.report import Check, CheckError, Outcome, shown
from registry.verification.structure import Document, as_list

# Each proof may cost a canonicalisation of the whole document.
MAXIMUM_PROOFS = 8

Proof = dict[str, Any]


def check_proofs(
    document: Document, issuer_document: Document, *, contexts: ContextLoader, now: datetime
) -> Sequence[Check]:
    """Report on each proof; every one must be by a key its issuer authorised for assertions."""
    proofs = as_list(document["proof"])
    if len(proofs) > MAXIMUM_PROOFS:
        sentence = f"The document has more than {MAXIMUM_PROOFS} proofs, too many to check."
        return [_unknown("too-many-proofs", sentence, looked_at="proof").check]
    if any(proof in proofs[:position] for position, proof in enumerate(proofs)):
        sentence = "The same proof stands in the document twice."
        return [_failed("duplicate-proof", sentence, looked_at="proof").check]
    return [
        _check_proof(document, proof, issuer_document=issuer_document, contexts=contexts, now=now)
        for proof in proofs
    ]


def _check_proof(
    document: Document,
    proof: Proof,
    *,
    issuer_document: Document,
    contexts: ContextLoader,
    now: datetime,
) -> Check:
    try:
        _require_supported(proof)
        key = _authorised_key(proof, issuer_document)
        _require_timely(proof, now=now)
        _require_signature(document, proof, public_key=key, contexts=contexts)
    except CheckError as error:
        return error.check
    method = str(proof["verificationMethod"])
    sentence = "The signature is by a key of the issuer's, and nothing was changed since."
    return Check("proof", Outcome.PASSED, "signature-verified", sentence, method)


def _require_supported(proof: Proof) -> None:
    if proof.get("type") != "DataIntegrityProof":
        sentence = f"Proofs of type {shown(proof.get('type'))} are not supported."
        raise _unknown("proof-type-not-supported", sentence, looked_at="proof.type")
    suite = proof.get("cryptosuite")
    if suite not in list(data_integrity.Cryptosuite):
        sentence = f"The cryptosuite {shown(suite)} is not supported."
        raise _unknown("cryptosuite-not-supported", sentence, looked_at="proof.cryptosuite")
    if "previousProof" in proof:
        sentence = "The proof builds on another one, and proof chains are not supported."
        raise _unknown("proof-chain-not-supported", sentence, looked_at="proof.previousProof")


def _authorised_key(proof: Proof, issuer_document: Document) -> PublicKey:
    method = proof.get("verificationMethod")
    if not isinstance(method, str):
        sentence = "The proof names no verificationMethod, the key it was made with."
        raise _failed("key-not-named", sentence, looked_at="proof.verificationMethod")
    if proof.get("proofPurpose") != "assertionMethod":
        sentence = "The proof was not made to assert anything: its purpose is another."
        raise _failed("wrong-proof-purpose", sentence, looked_at="proof.proofPurpose")
    if method.partition("#")[0] != issuer_document["id"]:
        sentence = f"The key {shown(method)} is not the issuer's, so somebody else signed this."
        raise _failed("key-not-the-issuers", sentence, looked_at=method)
    try:
        return did.assertion_key(issuer_document, method)
    except did.DidError as error:
        raise _no_key(issuer_document, method, error=error) from error


def _no_key(issuer_document: Document, method: str, *, error: did.DidError) -> CheckError:
    """Tell a key this verifier cannot use from one the issuer does not allow."""
    methods = as_list(issuer_document.get("verificationMethod"))
    found = [one for one in methods if isinstance(one, dict) and one.get("id") == method]
    if any(one.get("type") != "Multikey" for one in found):
        sentence = f"The issuer's key is of type {shown(found[0].get('type'))}, not a Multikey."
        return _unknown("key-type-not-supported", sentence, looked_at=method)
    sentence = f"The issuer does not let this key sign credentials: {error}."
    return _failed("key-not-authorised", sentence, looked_at=method)


def _require_timely(proof: Proof, *, now: datetime) -> None:
    """Refuse a proof whose times cannot be read, or that has expired (VC-DI §2.1)."""
    try:
        times = {
            name: parse_instant(proof[name]) for name in ("created", "expires") if name in proof
        }
    except InstantError as error:
        sentence = "A time in the proof is not a date and time with a time zone."
        raise _failed("malformed-proof", sentence, looked_at="proof.created") from error
    if is_over(times.get("expires"), now=now):
        sentence = f"The proof was good until {proof['expires']}."
        raise _failed("expired", sentence, looked_at="proof.expires")


def _require_signature(
    document: Document, proof: Proof, *, public_key: PublicKey, contexts: ContextLoader
) -> None:
    try:
        data_integrity.verify_proof(document, proof, public_key=public_key, contexts=contexts)
    except data_integrity.ProofError as error:
        raise _unproven(error) from error


def _unproven(error: data_integrity.ProofError) -> CheckError:
    """Tell a wrong signature from a document whose signature cannot be looked at."""
    match error.__cause__:
        case canonical.UndefinedTermError() as cause:
            sentence = f"The document uses words that no context defines: {shown(cause.terms)}."
            return _failed("undefined-term", sentence, looked_at="@context")
        case canonical.CanonicalisationError() | canonical.ContextNotBundledError() as cause:
            sentence = f"The document cannot be put into the form that was signed: {cause}."
            return _unknown("not-canonicalisable", sentence, looked_at="the document")
        case _:
            sentence = f"Changed since it was signed, or signed with another key: {error}."
            return _failed("wrong-signature", sentence, looked_at="proof.proofValue")


def _failed(code: str, sentence: str, *, looked_at: str) -> CheckError:
    return CheckError(Check("proof", Outcome.FAILED, code, sentence, looked_at))


def _unknown(code: str, sentence: str, *, looked_at: str) -> CheckError:
    return CheckError(Check("proof", Outcome.UNKNOWN, code, sentence, looked_at))
