"""What every credential has: contexts, id, type, issuer, subject and period (VCDM 2.0 §4)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from registry.formats.contexts import CREDENTIALS_V1, CREDENTIALS_V2
from registry.formats.one_or_many import as_list
from registry.formats.stamps import parse_stamp
from registry.formats.vcdm.problem import RANGE, Document, Problem
from registry.formats.vcdm.values import (
    is_url,
    numbered,
    objects,
    one_id,
    shown,
    text,
    types_of,
)


def is_version_1(document: Document) -> bool:
    """Say whether a document is written in VCDM 1.1, by its first context."""
    given = document.get("@context")
    return isinstance(given, list) and given[:1] == [CREDENTIALS_V1]


def context(document: Document) -> Iterator[Problem]:
    """Report a @context that is not the version's own URL and then URLs or objects (§4.3)."""
    given = document.get("@context")
    if not isinstance(given, list) or given[:1] not in ([CREDENTIALS_V2], [CREDENTIALS_V1]):
        yield Problem(
            "@context",
            "it is not an array that begins with the context of verifiable credentials.",
            f"Begin it with {CREDENTIALS_V2} (or, for version 1.1, {CREDENTIALS_V1}).",
        )
        return
    for place, entry in enumerate(given):
        if not is_url(entry) and not isinstance(entry, dict):
            reason = f"{shown(entry)} is neither a URL nor a context object."
            yield Problem(f"@context[{place}]", reason, "Name the context by its URL.")


def identifier(document: Document) -> Iterator[Problem]:
    """Report a credential's id that is not one URL (§4.4)."""
    yield from one_id(document, "")


def type_includes(name: str) -> Callable[[Document], Iterator[Problem]]:
    """Return the rule that `type` is texts and that one of them is `name` (§4.5)."""

    def rule(document: Document) -> Iterator[Problem]:
        given = types_of(document)
        if not all(isinstance(entry, str) and entry for entry in given):
            yield Problem("type", "it has a value that is not a text.", "Write terms or URLs.")
        if name not in given:
            reason = f"{shown(document.get('type'))} does not include {name}."
            yield Problem("type", reason, f"Add {name} to the types.")

    return rule


def names(document: Document) -> Iterator[Problem]:
    """Report names and descriptions that are not texts (§4.6)."""
    issuer = document.get("issuer")
    owners = [("", document)]
    if isinstance(issuer, dict):
        owners.append(("issuer.", issuer))
    for prefix, owner in owners:
        for name in ("name", "description"):
            if name in owner:
                yield from text(owner[name], prefix + name)


def issuer(document: Document) -> Iterator[Problem]:
    """Report an issuer that is neither a URL nor an object with one as its id (§4.7)."""
    given = document.get("issuer")
    if is_url(given):
        return
    if not isinstance(given, dict):
        reason = f"{shown(given)} is not a URL." if "issuer" in document else "it is missing."
        yield Problem("issuer", reason, "Give the issuer's URL, or an object with it as id.")
    elif not is_url(given.get("id")):
        reason = f"{shown(given.get('id'))} is not one absolute URL."
        yield Problem("issuer.id", reason, "Give the issuer's URL, such as its DID.")


def subject(document: Document) -> Iterator[Problem]:
    """Report a subject of which nothing is said (§4.8)."""
    if as_list(document.get("credentialSubject", [])) == []:
        yield Problem("credentialSubject", "there is none.", "Say something of the subject.")
    for path, value in numbered(document, "credentialSubject"):
        if not isinstance(value, dict):
            yield Problem(path, f"{shown(value)} is not an object.", "Write an object.")
        elif not value:
            yield Problem(path, "it is empty, and so claims nothing.", "Add a claim.")
        else:
            yield from one_id(value, path)


def period_2(document: Document) -> Iterator[Problem]:
    """Report a validity period that is not two instants in order (§4.9); one that is over may be.

    `issuanceDate` and `expirationDate` are words of version 1.1 and undefined here.
    """
    yield from _period(document, "validFrom", "validUntil")


def period_1(document: Document) -> Iterator[Problem]:
    """Report dates that VCDM 1.1 does not allow (§4.6 and §4.7 there); a start must be given."""
    if "issuanceDate" not in document:
        reason = "it is missing, and version 1.1 requires it."
        yield Problem("issuanceDate", reason, "Write an instant such as 2026-01-31T12:00:00Z.")
    yield from _period(document, "issuanceDate", "expirationDate")
    yield from _period(document, "validFrom", "validUntil")


def _period(document: Document, start: str, end: str) -> Iterator[Problem]:
    for name in (start, end):
        if name in document and parse_stamp(document[name]) is None:
            reason = f"{shown(document[name])} is not an instant with a time zone."
            yield Problem(name, reason, "Write an instant such as 2026-01-31T12:00:00Z.")
    first, last = parse_stamp(document.get(start)), parse_stamp(document.get(end))
    if first is not None and last is not None and last < first:
        reason = f"it is before {start}, so the credential would never be valid."
        yield Problem(end, reason, f"Give an instant after {start}.", RANGE)


def holder(document: Document) -> Iterator[Problem]:
    """Report a presentation's holder that is neither a URL nor an object with one (§4.13)."""
    given = document.get("holder")
    if "holder" not in document or is_url(given):
        return
    if not isinstance(given, dict) or not is_url(given.get("id")):
        reason = f"{shown(given)} is neither a URL nor an object with one as its id."
        yield Problem("holder", reason, "Give the holder's URL, such as its DID.")


def presented(document: Document) -> Iterator[Problem]:
    """Report what a presentation holds that are not credentials (§4.13, §4.13.1)."""
    for path, value in numbered(document, "verifiableCredential"):
        if not isinstance(value, dict):
            reason = f"{shown(value)} is not an object."
            yield Problem(path, reason, "Envelop a JWT as an EnvelopedVerifiableCredential.")
    for path, value in objects(document, "verifiableCredential"):
        yield from _presented(value, path)


def _presented(value: Document, path: str) -> Iterator[Problem]:
    given: Sequence[Any] = types_of(value)
    if "EnvelopedVerifiableCredential" in given:
        if not str(value.get("id")).startswith("data:"):
            reason = "the id of an enveloped credential is not a data: URL."
            yield Problem(f"{path}.id", reason, "Put the whole token in the id.")
        if "@context" not in value:
            reason = "an enveloped credential has no context."
            yield Problem(f"{path}.@context", reason, f"Add {CREDENTIALS_V2}.")
    elif "VerifiableCredential" not in given:
        reason = "it is neither a VerifiableCredential nor an EnvelopedVerifiableCredential."
        yield Problem(f"{path}.type", reason, "Present a whole credential, with its types.")
