"""Which URLs name a static target."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from registry.domain.errors import InvalidValueError

BUCKETS = frozenset({"s3", "gs", "az"})


def check_target_url(url: str) -> None:
    """Raise InvalidValueError for what names neither a directory nor a bucket."""
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise _refusal("it holds more than a place", "leave credentials to the environment")
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/") or parts.path.strip("/") == "":
            raise _refusal("it names no directory", "write it like file:///srv/lists")
    elif parts.scheme not in BUCKETS:
        raise _refusal(
            "it is no URL of a directory or a bucket",
            "write file:///srv/lists, s3://bucket/prefix, gs://bucket/prefix or "
            "az://account/container/prefix",
        )
    elif not parts.netloc:
        raise _refusal("it names no bucket", f"write it like {parts.scheme}://bucket/prefix")


def directory_of(url: str) -> Path | None:
    """Return the directory that a URL names, None for a bucket."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _refusal(reason: str, remedy: str) -> InvalidValueError:
    return InvalidValueError(reason, field="static_targets", remedy=remedy)
