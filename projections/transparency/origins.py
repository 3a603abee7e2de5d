"""The names of a registry's logs and where they are served."""

from urllib.parse import urlsplit


def prefix_of(number: int) -> str:
    """Return the path a log is served under: `/log` for the first, `/log/2` for the second."""
    return "/log" if number == 1 else f"/log/{number}"


def origin_of(public_url: str, number: int) -> str:
    """Return a log's origin: its URL without the scheme (C2SP tlog-tiles, "Parameters")."""
    parts = urlsplit(public_url)
    return f"{parts.netloc}{parts.path.rstrip('/')}{prefix_of(number)}"
