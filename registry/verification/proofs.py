"""Check every proof of a document (VC Data Integrity 1.0 §4.4, §4.5)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from registry.formats import canonical, data_integrity, ed25519_signature_2020, rdf
from registry.formats.canonical import Canonicaliser, ContextLoader
from registry.formats.multikey import PublicKey
from registry.verification.checks import failed, passed, unknown
from registry.verification.instants import InstantError, is_over, parse_instant
from registry.verification.report import Check, CheckError
from registry.verification.roles import DidDocument, Role, authorised_key
from registry.verification.structure import Document, as_list

# Each proof may cost a canonicalisation of the whole document.
MAXIMUM_PROOFS: Final = 8

_NAME: Final = "proof"
_WITHOUT_OFFSET: Final = re.compile(r"[0-9-]{10}T[0-9:]{8}(\.[0-9]{1,12})?")
_SIGNATURE_2020: Final = "Ed25519Signature2020"

Proof = dict[str, Any]


@dataclass(frozen=True)
class Means:
    """What proofs are verified with: the contexts at hand, and a bounded canonicalisation."""

    contexts: ContextLoader
    canonicalise: Canonicaliser = rdf.canonicalise


def check_proofs(
    document: Document, owner_document: DidDocument, *, role: Role, means: Means, now: datetime
) -> Sequence[Check]:
    """Report on each proof; every one must be by a key its owner authorised for the purpose."""
    proofs = as_list(document["proof"])
    if len(proofs) > MAXIMUM_PROOFS:
        error = unknown(_NAME, "too-many-proofs", looked_at="proof", most=MAXIMUM_PROOFS)
        return [error.check]
    if any(proof in proofs[:position] for position, proof in enumerate(proofs)):
        return [failed(_NAME, "duplicate-proof", looked_at="proof").check]
    one = _OneProof(document, owner_document, role, means, now)
    return [one.check(proof) for proof in proofs]


@dataclass(frozen=True)
class _OneProof:
    """The check of one proof of a document."""

    document: Document
    owner_document: DidDocument
    role: Role
    means: Means
    now: datetime

    def check(self, proof: Proof) -> Check:
        try:
            _require_supported(proof)
            self._require_purpose(proof)
            self._require_chain(proof)
            method = proof.get("verificationMethod")
            key = authorised_key(method, self.owner_document, role=self.role, now=self.now)
            _require_timely(proof, now=self.now)
            self._require_signature(proof, key)
            self._require_same_contexts(proof)
        except CheckError as error:
            return error.check
        return passed(_NAME, "signature-verified", looked_at=str(method))

    def _require_purpose(self, proof: Proof) -> None:
        purpose, expected = proof.get("proofPurpose"), self.role.purpose
        if purpose != expected:
            where = "proof.proofPurpose"
            code = "wrong-proof-purpose"
            raise failed(_NAME, code, looked_at=where, purpose=purpose, expected=expected)

    def _require_chain(self, proof: Proof) -> None:
        """Refuse a proof that builds on one which is not there, or not there once."""
        ids = [other.get("id") for other in as_list(self.document["proof"])]
        names = as_list(proof.get("previousProof", []))
        if ("previousProof" in proof and not names) or any(ids.count(name) != 1 for name in names):
            raise failed(_NAME, "proof-chain-broken", looked_at="proof.previousProof")

    def _require_signature(self, proof: Proof, key: PublicKey) -> None:
        try:
            self._verify(proof, key)
        except data_integrity.ProofError as error:
            raise _unproven(error) from error

    def _verify(self, proof: Proof, key: PublicKey) -> None:
        contexts, canonicalise = self.means.contexts, self.means.canonicalise
        verify = (
            ed25519_signature_2020.verify_proof
            if proof["type"] == _SIGNATURE_2020
            else data_integrity.verify_proof
        )
        verify(
            self.document,
            proof,
            public_key=key,
            purpose=self.role.purpose,
            contexts=contexts,
            canonicalise=canonicalise,
        )

    def _require_same_contexts(self, proof: Proof) -> None:
        """Refuse contexts that came after a JCS proof, which its suite lets pass (§3.3.2).

        What is read here is the document with all of its contexts, and those were not signed.
        """
        if "@context" in proof and proof["@context"] != self.document.get("@context"):
            raise unknown(_NAME, "contexts-added-since", looked_at="proof.@context")


def _require_supported(proof: Proof) -> None:
    kind, suite = proof.get("type"), proof.get("cryptosuite")
    if kind == _SIGNATURE_2020:
        return
    if kind != "DataIntegrityProof":
        raise unknown(_NAME, "proof-type-not-supported", looked_at="proof.type", type=kind)
    if suite not in list(data_integrity.Cryptosuite):
        code = "cryptosuite-not-supported"
        raise unknown(_NAME, code, looked_at="proof.cryptosuite", suite=suite)


def _require_timely(proof: Proof, *, now: datetime) -> None:
    """Refuse a proof whose times cannot be read, or that has expired (VC-DI §2.1)."""
    try:
        times = {name: _instant(proof[name]) for name in ("created", "expires") if name in proof}
    except InstantError as error:
        raise failed(_NAME, "malformed-proof", looked_at="proof.created") from error
    if is_over(times.get("expires"), now=now):
        until = proof["expires"]
        raise failed(_NAME, "proof-expired", looked_at="proof.expires", until=until)


def _instant(value: Any) -> datetime:
    # VC-DI §2.1: a time that was written without an offset is in UTC.
    is_local = isinstance(value, str) and _WITHOUT_OFFSET.fullmatch(value)
    return parse_instant(f"{value}Z" if is_local else value)


def _unproven(error: data_integrity.ProofError) -> CheckError:
    """Tell a wrong signature from a document whose signature cannot be looked at."""
    match error.__cause__:
        case canonical.CanonicalisationError() | canonical.ContextNotBundledError() as cause:
            return not_readable(cause)
        case _:
            return failed(_NAME, "wrong-signature", looked_at="proof.proofValue")


def not_readable(error: Exception) -> CheckError:
    """Return what to report of a document that some word or its graph makes unreadable."""
    if isinstance(error, canonical.UndefinedTermError):
        terms = list(error.terms)
        return failed(_NAME, "undefined-term", looked_at="@context", terms=terms)
    return unknown(_NAME, "not-canonicalisable", looked_at="the document")
