"""Check that a document has the structure of a credential (VCDM 2.0 §4)."""

from collections.abc import Callable, Sequence
from typing import Any

from registry.formats import contexts
from registry.verification.report import Check, Outcome, shown

Document = dict[str, Any]


def check_structure(document: Document) -> Check:
    """Report the first rule of VCDM 2.0 that the document breaks, or that it breaks none."""
    for field, rule in _RULES:
        fault = rule(document)
        if fault is not None:
            return Check("structure", Outcome.FAILED, "malformed-credential", fault, field)
    return Check(
        "structure",
        Outcome.PASSED,
        "structure-sound",
        "The document has the parts every credential must have.",
        "the document",
    )


def issuer_of(document: Document) -> str:
    """Return the issuer's identifier from a document whose structure was found sound."""
    issuer = document["issuer"]
    return str(issuer["id"] if isinstance(issuer, dict) else issuer)


def types_of(document: Document) -> list[Any]:
    """Return the value of `type` as a list."""
    return as_list(document.get("type"))


def as_list(value: Any) -> list[Any]:
    """Return a JSON-LD value that may be one or many as a list; absent and null are none."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _context(document: Document) -> str | None:
    given = document.get("@context")
    if isinstance(given, list) and given and given[0] == contexts.CREDENTIALS_V2:
        return None
    return f"@context must be an array that begins with {contexts.CREDENTIALS_V2}."


def _id(document: Document) -> str | None:
    if "id" not in document or _is_url(document["id"]):
        return None
    return f"id must be one URL, not {shown(document['id'])}; or leave it out."


def _type(document: Document) -> str | None:
    given = types_of(document)
    if "VerifiableCredential" in given and all(isinstance(name, str) for name in given):
        return None
    return f"type must name VerifiableCredential, but is {shown(document.get('type'))}."


def _issuer(document: Document) -> str | None:
    issuer = document.get("issuer")
    identifier = issuer.get("id") if isinstance(issuer, dict) else issuer
    if _is_url(identifier):
        return None
    return "issuer must be a URL, or an object whose id is one."


def _subject(document: Document) -> str | None:
    if _are_objects(document.get("credentialSubject")):
        return None
    return "credentialSubject must be an object, or an array of objects, that says something."


def _status(document: Document) -> str | None:
    if "credentialStatus" not in document:
        return None
    given = document["credentialStatus"]
    if _are_objects(given) and all(types_of(entry) for entry in as_list(given)):
        return None
    return "credentialStatus must be an object with a type, or an array of such objects."


def _proof(document: Document) -> str | None:
    if _are_objects(document.get("proof")):
        return None
    return "proof is missing, so nothing shows who issued this; ask for the signed credential."


_RULES: Sequence[tuple[str, Callable[[Document], str | None]]] = (
    ("@context", _context),
    ("id", _id),
    ("type", _type),
    ("issuer", _issuer),
    ("credentialSubject", _subject),
    ("credentialStatus", _status),
    ("proof", _proof),
)


def _are_objects(value: Any) -> bool:
    members = as_list(value)
    return bool(members) and all(isinstance(member, dict) and member for member in members)


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and ":" in value and value.isprintable() and " " not in value
