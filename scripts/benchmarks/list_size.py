"""How large is a published list, beside zlib's best and beside what no encoding can go below?"""

import gzip
import math
import random
from collections.abc import Iterator

from registry.formats import bitstring
from registry.formats.multibase import b64url_decode
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.results import Goal, Of, Result

ENTRIES = 131_072
PERCENTAGES = (0, 0.01, 0.1, 1, 2, 5, 10, 25, 50)
NEVER_ABOVE = Goal(Of.RATIO, 1, lower=False)
WELL_BELOW = Goal(Of.RATIO, 0.96, lower=False)
LEAST, MOST = 0.1, 10
"""Between these percentages deflate has something to find, and zlib-9 leaves some of it."""

NOTE = "one run is one random choice of the entries; the ratio is the largest of the runs"


def measure(effort: Effort) -> Iterator[Result]:
    """Encode lists of which a share is set, another choice of entries each run."""
    for entries in effort.list_entries:
        for percentage in PERCENTAGES:
            yield _measure(entries, percentage, runs=effort.runs)


def _measure(entries: int, percentage: float, *, runs: int) -> Result:
    count = round(entries * percentage / 100)
    lists = [random_bits(count, seed=seed, entries=entries) for seed in range(runs)]
    ours = [_published_bytes(bits) for bits in lists]
    zlib = [len(gzip.compress(bits, 9)) for bits in lists]
    return Result(
        f"list_size.{entries}.{percentage:g}_percent",
        "bytes",
        ours,
        {"zlib-9": zlib, "entropy": [_entropy_bytes(count, entries)] * runs},
        WELL_BELOW if LEAST <= percentage <= MOST else NEVER_ABOVE,
        given_ratio=max(mine / other for mine, other in zip(ours, zlib, strict=True)),
        note=NOTE,
    )


def _published_bytes(bits: bytes) -> int:
    """Return the size of the gzip member that the text of a list carries."""
    return len(b64url_decode(bitstring.encode(bits).text.removeprefix("u")))


def random_bits(count: int, *, seed: int, entries: int = ENTRIES) -> bytes:
    """Return a list with `count` entries set, another choice for each seed."""
    bits = bytearray(entries // 8)
    source = random.Random(seed)  # noqa: S311 - every run measures the same lists
    for index in source.sample(range(entries), count):
        bits[index // 8] |= 0x80 >> index % 8
    return bytes(bits)


def _entropy_bytes(count: int, entries: int) -> float:
    """Return the bytes that tell one choice of `count` entries from all others of that many."""
    ln_choices = (
        math.lgamma(entries + 1) - math.lgamma(count + 1) - math.lgamma(entries - count + 1)
    )
    return ln_choices / math.log(2) / 8
