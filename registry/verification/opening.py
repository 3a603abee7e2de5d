"""Turn the bytes somebody hands over into a document, or say why not."""

import re
from typing import Any, NoReturn

from registry.formats import strict_json
from registry.verification.report import Check, CheckError, Outcome

_NAME = "format"

# A compact JWS: three base64url parts, and for an SD-JWT its disclosures after tildes.
_COMPACT_JWT = re.compile(rb"\s*[\w-]+\.[\w-]+\.[\w-]*(?:~[\w.-]*)*\s*")


def open_document(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`, parsed strictly; raises `CheckError`."""
    if _COMPACT_JWT.fullmatch(data):
        _refuse(Outcome.UNKNOWN, "jwt-not-supported", sentence=_JWT_SENTENCE)
    try:
        document = strict_json.loads(data)
    except strict_json.StrictJsonError as error:
        sentence = (
            f"The document is not usable JSON: {error}; what is needed is the JSON that was issued."
        )
        _refuse(Outcome.FAILED, "not-strict-json", sentence=sentence)
    if not isinstance(document, dict):
        sentence = "The document is JSON, but not a JSON object."
        _refuse(Outcome.FAILED, "not-an-object", sentence=sentence)
    if "@context" not in document and _is_answer(document.get("document")):
        _refuse(Outcome.FAILED, "not-the-badge", sentence=_ANSWER_SENTENCE)
    return document


def _is_answer(member: Any) -> bool:
    return isinstance(member, dict) and "@context" in member


_ANSWER_SENTENCE = (
    "This is the registry's answer about a credential; "
    "the badge is its member `document`, so give that alone."
)

_JWT_SENTENCE = (
    "This looks like a compact JWT, which is not supported yet; "
    "ask the holder for the credential as JSON with an embedded proof."
)


def _refuse(outcome: Outcome, code: str, *, sentence: str) -> NoReturn:
    raise CheckError(Check(_NAME, outcome, code, sentence, "the document"))
