"""Tell signatures by a key that others may have held from those by a key that never was.

A compromised key leaves its issuer's DID document, so to strangers it is a key the issuer does not
know. The registry that published the document knows more: whether the key was the issuer's once,
and since when others may have held it. Such a signature can be right and still prove nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from registry.formats.did import did_document, method_ids
from registry.verification.checks import unknown
from registry.verification.owners import Owner
from registry.verification.report import Check, Outcome

Since = Mapping[str, str]
"""Verification method -> the instant since when others may have held its key."""


class OwnIssuers(Protocol):
    """What a registry knows of the issuers whose DID documents it publishes itself.

    `publishes` tells whether a DID is one of theirs: no copy of its document is used again.
    `compromised` gives the keys (Multikeys) that left its document, with since when; it is asked
    only once a signature names a key that the document lacks.
    """

    def publishes(self, did: str) -> bool: ...

    def compromised(self, did: str) -> Mapping[str, str]: ...


def with_compromised_keys(owner: Owner, compromised: Mapping[str, str]) -> tuple[Owner, Since]:
    """Return the owner as if its compromised keys could still sign, and the methods of those."""
    withdrawn = did_document(owner.did, assertion_keys=list(compromised))
    lists = ("verificationMethod", "assertionMethod")
    document = owner.document | {
        name: [*owner.document.get(name, []), *withdrawn[name]] for name in lists
    }
    since = {
        method: moment
        for key, moment in compromised.items()
        for method in method_ids(owner.did, key)
    }
    return replace(owner, document=document), since


def not_told(check: Check, since: Since) -> Check:
    """Return *unknown* in place of a signature that verifies under a compromised key."""
    if check.outcome is not Outcome.PASSED or check.looked_at not in since:
        return check
    method = check.looked_at
    code = "key-compromised"
    return unknown(check.name, code, looked_at=method, key=method, since=since[method]).check
