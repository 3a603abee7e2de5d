"""Name what is wrong with a proof (Verifiable Credential Data Integrity 1.0 §4.7)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from registry.formats.canonical import (
    CanonicalisationError,
    ContextNotBundledError,
    UndefinedTermError,
)

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
    """A document uses `terms` no context defines, which its readers would lose."""

    problem_type = _SECURITY + "DATA_LOSS_DETECTION_ERROR"

    def __init__(self, message: str, *, terms: Sequence[str]) -> None:
        super().__init__(message)
        self.terms = terms


@contextmanager
def transforming() -> Iterator[None]:
    """Raise whatever keeps a document from being hashed as the ProofError for it, from the reason.

    DataLossError for undefined terms, ProofTransformationError for all else.
    """
    try:
        yield
    except UndefinedTermError as error:
        message = f"the document cannot be hashed: {error}"
        raise DataLossError(message, terms=error.terms) from error
    except (CanonicalisationError, ContextNotBundledError) as error:
        raise ProofTransformationError(f"the document cannot be hashed: {error}") from error
