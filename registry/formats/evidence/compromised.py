"""Tell from the events in evidence whether others may have held the credential's key."""

from collections.abc import Mapping, Sequence
from typing import Any

from registry.domain.events import SigningKeyCompromised
from registry.formats.did import method_ids
from registry.formats.tlog.leaves import EventLeaf


def compromised_since(issued: Mapping[str, Any], issuer: Sequence[EventLeaf]) -> str | None:
    """Return since when others may have held the key named in `issued`, None where that is not so.

    A moment may be recorded anew, always an earlier one: the newest event counts.
    """
    did, method = issuer[0].event["did"], issued["verification_method"]
    found = [
        str(each.event["since"])
        for each in issuer
        if each.topic == SigningKeyCompromised.TOPIC
        and method in method_ids(did, each.event["key"])
    ]
    return found[-1] if found else None
