"""The names of a registry's logs and where they are served.

Where several shards share a public URL, the name of a shard stands in those of its logs: each has
logs of its own, and a verifier finds a log's keys by its origin.
"""

from urllib.parse import urlsplit


def prefix_of(number: int, shard: str | None = None) -> str:
    """Return the path a log is served under: `/log` for the first, `/log/2` for the second.

    Those of a shard lie under `/log/SHARD` and `/log/SHARD/2`.
    """
    prefix = "/log" if shard is None else f"/log/{shard}"
    return prefix if number == 1 else f"{prefix}/{number}"


def origin_of(public_url: str, number: int, shard: str | None = None) -> str:
    """Return a log's origin: its URL without the scheme (C2SP tlog-tiles, "Parameters")."""
    parts = urlsplit(public_url)
    return f"{parts.netloc}{parts.path.rstrip('/')}{prefix_of(number, shard)}"
