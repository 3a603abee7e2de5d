"""The form of one entry of the catalogue, and the problems the specifications name."""

from dataclasses import dataclass
from typing import Final

# VCDM 2.0 §7.2.
PARSING: Final = "https://www.w3.org/TR/vc-data-model#PARSING_ERROR"
SECURITY: Final = "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
MALFORMED: Final = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"
RANGE: Final = "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"

# VC Data Integrity 1.0 §4.7.
PROOF: Final = "https://w3id.org/security#PROOF_VERIFICATION_ERROR"
TRANSFORMATION: Final = "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR"
DATA_LOSS: Final = "https://w3id.org/security#DATA_LOSS_DETECTION_ERROR"
CHALLENGE: Final = "https://w3id.org/security#INVALID_CHALLENGE_ERROR"
DOMAIN: Final = "https://w3id.org/security#INVALID_DOMAIN_ERROR"

# Controlled Identifiers 1.0 §3.5.
METHOD: Final = "https://w3id.org/security#INVALID_VERIFICATION_METHOD"
RELATIONSHIP: Final = "https://w3id.org/security#INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
CONTROLLER: Final = "https://w3id.org/security#INVALID_CONTROLLED_IDENTIFIER_DOCUMENT"

# Bitstring Status List 1.0 §3.5.
RETRIEVAL: Final = "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"
STATUS: Final = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"
LENGTH: Final = "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"


@dataclass(frozen=True)
class Sentence:
    """What is said for one code in both languages, with placeholders in braces."""

    pl: str
    en: str
    problem_type: str | None = None
