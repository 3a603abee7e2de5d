"""What no two runs have alike: the present, and chance."""

import os
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


def nonce() -> str:
    """Return 128 random bits in hex."""
    return os.urandom(16).hex()
