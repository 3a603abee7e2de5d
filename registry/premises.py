"""What a signature rests on until it is recorded: its key in use, and its issuer open.

An issuer may be closed, or its key compromised, while something of its is being signed. The save
is made only while neither is so.
"""

from collections.abc import Collection

from registry.domain.errors import ConcurrentChangeError
from registry.domain.issuer import Issuer
from registry.formats.did import method_ids
from registry.streams import Streams


def still_signing(
    streams: Streams, issuer: Issuer, verification_methods: Collection[str]
) -> Issuer:
    """Return an issuer with its newest events, be it closed or not.

    Raises ConcurrentChangeError where one of the methods that signed just now signs no more.
    """
    streams.load(issuer)
    for method in verification_methods:
        keys = [key for key in issuer.keys if method in method_ids(issuer.did, key)]
        if not any(issuer.signs(key) for key in keys):
            raise ConcurrentChangeError(
                "the key was taken out of use while it signed", remedy="try again"
            )
    return issuer


def still_issuing(
    streams: Streams, issuer: Issuer, verification_methods: Collection[str]
) -> Issuer:
    """Return an issuer with its newest events.

    Raises IssuerClosedError once it is closed, and as `still_signing` does.
    """
    still_signing(streams, issuer, verification_methods)
    issuer.check_open()
    return issuer
