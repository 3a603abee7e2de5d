"""Decide which URLs and addresses may be asked for documents that a credential names."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from registry.verification.ports import FetchError

_DEFAULT_PORTS = {"https": 443, "http": 80}
_LONGEST_URL = 2_048

# Without white space, control characters, user names, backslashes, fragments or other alphabets.
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.\-_:\[\]]+(?:[/?][!$-;=?-\[\]_a-z~]*)?")

# IANA gives out unicast addresses from here alone. All that maps, translates or embeds IPv4
# addresses (::ffff:0:0/96, 64:ff9b::/96), site-local and multicast addresses lie outside.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

# Not left to the tables of `ipaddress`, which differ between versions of Python: addresses for
# protocols, relays and translation (Teredo, 6to4), and for documentation.
_NOBODYS = tuple(
    ipaddress.ip_network(block)
    for block in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
)


@dataclass(frozen=True)
class Target:
    """Where a URL points.

    `authority` is what the Host header says, `path` what the request line asks for; neither
    holds anything but printable ASCII without spaces.
    """

    scheme: str
    authority: str
    host: str
    port: int
    path: str


def parse_target(url: str) -> Target:
    """Return the parts of an absolute URL; raises `FetchError` for any that is not plain."""
    if len(url) > _LONGEST_URL or not _PLAIN_URL.fullmatch(url):
        raise FetchError("it is not a plain https URL.", pl="to nie jest zwykły adres https.")
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except ValueError as error:
        raise FetchError(
            "its host or port is wrong.", pl="nazwa hosta albo port są błędne."
        ) from error
    if not parts.hostname:
        raise FetchError("it names no host.", pl="w adresie nie ma nazwy hosta.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.netloc, parts.hostname, port, path)


def require_allowed(target: Target, address: str, *, allow_loopback: bool) -> None:
    """Raise `FetchError` unless `target` may be asked at `address`.

    Outside development that is https on port 443 at a public address. In development a loopback
    address may also be asked, on any port and without TLS.
    """
    ip = ipaddress.ip_address(address)
    if allow_loopback and ip.is_loopback:
        return
    if ip.is_loopback:
        raise FetchError(
            "its host is this machine, which is not public; for development on this machine "
            "there is --allow-loopback.",
            pl="host to ten komputer, a nie adres publiczny; do pracy nad programem na własnym "
            "komputerze służy --allow-loopback.",
        )
    if target.scheme != "https":
        raise FetchError("only https is asked.", pl="dozwolony jest tylko protokół https.")
    if target.port != _DEFAULT_PORTS["https"]:
        raise FetchError("only port 443 is asked.", pl="dozwolony jest tylko port 443.")
    if not is_public(ip):
        raise FetchError(
            "its host is at an address that is not public.",
            pl="host ma adres, który nie jest publiczny.",
        )


def is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Say whether anybody on the Internet may be at this address.

    `is_global` alone is not enough: it holds for 64:ff9b::a00:1, fec0::1 and 224.0.0.1.
    """
    if ip.is_multicast or not ip.is_global or any(ip in block for block in _NOBODYS):
        return False
    return isinstance(ip, ipaddress.IPv4Address) or ip in _GLOBAL_UNICAST
