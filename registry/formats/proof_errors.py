"""Name what is wrong with a proof (Verifiable Credential Data Integrity 1.0 §4.7)."""

from typing import Final

_SECURITY: Final = "https://w3id.org/security#"


class ProofError(ValueError):
    """A proof is missing, malformed, of another suite, or not of this document and key."""

    problem_type = _SECURITY + "PROOF_VERIFICATION_ERROR"


class ProofGenerationError(ProofError):
    """A proof cannot be made with these options, key and document."""

    problem_type = _SECURITY + "PROOF_GENERATION_ERROR"


class ProofTransformationError(ProofError):
    """A document or its proof cannot be put into the form that was signed."""

    problem_type = _SECURITY + "PROOF_TRANSFORMATION_ERROR"


class DataLossError(ProofTransformationError):
    """A document uses terms no context defines, which its readers would lose."""

    problem_type = _SECURITY + "DATA_LOSS_DETECTION_ERROR"


class ChallengeError(ProofError):
    """A proof answers another challenge than the verifier's, or none."""

    problem_type = _SECURITY + "INVALID_CHALLENGE_ERROR"


class DomainError(ProofError):
    """A proof was made for another domain than the verifier's, or for none."""

    problem_type = _SECURITY + "INVALID_DOMAIN_ERROR"
