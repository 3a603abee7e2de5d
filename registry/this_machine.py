"""Tell which addresses never leave this machine, so that nothing need be encrypted."""

from ipaddress import ip_address
from urllib.parse import SplitResult


def is_this_machine(host: str) -> bool:
    """Tell whether a host is `localhost` or a loopback address; no name is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_https_or_here(url: SplitResult) -> bool:
    """Tell whether what goes to a URL is encrypted, or stays on this machine."""
    if url.scheme == "https":
        return bool(url.hostname)
    return url.scheme == "http" and is_this_machine(url.hostname or "")
