"""Refuse what the registry alone says in an issuer's name, in credentials that others compose.

A list signed by the issuer could be shown in the place of its real one, and make a revoked
credential read valid; an entry that was not given out for a credential is another's.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from registry.domain.errors import InvalidValueError
from registry.formats.data_integrity import ProofError, verify_proof
from registry.formats.multikey import decode_public_key
from registry.formats.one_or_many import values_of

STATUS = "https://www.w3.org/ns/credentials/status#"
LISTS = ("BitstringStatusListCredential", "BitstringStatusList")
OWN_PATHS = ("/status-lists/", "/issuers/")


def check_is_no_list(credential: Mapping[str, Any], *, public_url: str) -> None:
    """Raise InvalidValueError for what could be shown in the place of a list of the registry's."""
    lists = {prefix + name for name in LISTS for prefix in ("", STATUS)}
    rest = {key: value for key, value in credential.items() if key != "credentialStatus"}
    for part in _objects(rest):
        if not lists.isdisjoint(_texts(part.get("type")) + _texts(part.get("@type"))):
            raise _registrys_own("type", "a status list")
        if str(part.get("id", "")).startswith(_own_urls(public_url)):
            raise _registrys_own("id", "what is published under this URL")


def check_entries(credential: Mapping[str, Any], *, public_url: str) -> None:
    """Raise InvalidValueError for an entry of the registry's own lists: it may be another's."""
    for entry in values_of(credential.get("credentialStatus")):
        url = entry.get("statusListCredential") if isinstance(entry, Mapping) else None
        if isinstance(url, str) and url.startswith(_own_urls(public_url)):
            raise _registrys_own("credentialStatus", "an entry of its lists")


def is_signed_by(document: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    """Say whether one of a credential's proofs is by one of the keys, Multikey -> its id."""
    by_id = {method: key for key, method in keys.items()}
    return any(
        _verifies(document, proof, by_id[proof["verificationMethod"]])
        for proof in values_of(document.get("proof"))
        if isinstance(proof, Mapping) and proof.get("verificationMethod") in by_id
    )


def _verifies(document: Mapping[str, Any], proof: Mapping[str, Any], key: str) -> bool:
    try:
        verify_proof({**document}, {**proof}, public_key=decode_public_key(key))
    except ProofError:
        return False
    return True


def _own_urls(public_url: str) -> tuple[str, ...]:
    return tuple(f"{public_url}{path}" for path in OWN_PATHS)


def _registrys_own(field: str, what: str) -> InvalidValueError:
    return InvalidValueError(
        f"the registry itself makes {what}, and nobody else",
        field=f"credential.{field}",
        remedy="leave it out; entries are added as the issuer's profile says",
    )


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, Mapping):
            yield one
            rest += one.values()
        elif isinstance(one, list):
            rest += one


def _texts(value: Any) -> list[str]:
    return [text for text in values_of(value) if isinstance(text, str)]
