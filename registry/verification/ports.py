"""What verification needs from outside."""

from dataclasses import dataclass
from typing import Protocol

from registry.domain.text import Text


@dataclass(frozen=True)
class Fetched:
    """The body of a successful answer, decoded of any transfer or content coding."""

    body: bytes
    media_type: str


class FetchError(Exception):
    """Nothing that may be used came from a URL.

    `reason` says why in Polish and in English, as what follows a colon, for a person who may have
    to mend it; the message is the English one. It covers every way of not getting a body: a URL
    the policy refuses, a name that does not resolve, an address that may not be asked, a
    certificate that is not trusted, a status other than 200, a redirect, a body over the cap, an
    answer slower than the deadline. What the other side sent is put in with `shown`, or not at all.
    """

    def __init__(self, en: str, *, pl: str) -> None:
        super().__init__(en)
        self.reason = Text(pl=pl, en=en)


class Fetcher(Protocol):
    """Gets documents that a credential refers to: DID documents and status lists."""

    def fetch(self, url: str, *, accept: str) -> Fetched:
        """Return what a GET of `url` answers, or raise `FetchError` and nothing else.

        `url` comes from a credential, so it is hostile until shown otherwise: an implementation
        decides which hosts may be asked. `accept` is the value of the Accept header. The call
        ends within a deadline and returns at most a bounded number of bytes, whatever the other
        side does. A body is never cut short silently and never comes from another URL. Calls
        may be made from several threads at once; nothing is cached here.
        """
        ...
