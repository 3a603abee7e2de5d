"""How fast is a list decoded and encoded, beside another's library and beside zlib's best?"""

import gzip
import time
from collections.abc import Callable, Iterator
from functools import partial

from registry.formats import bitstring
from scripts.benchmarks import node_peers
from scripts.benchmarks.list_size import ENTRIES, random_bits
from scripts.benchmarks.measuring import Effort, Work, rates
from scripts.benchmarks.results import Goal, Of, Result

PEER = "@digitalbazaar/vc-bitstring-status-list"
PERCENT = 2
GOAL = Goal(Of.RATIO, 1)
MEASURED_SECONDS = 0.5


def measure(effort: Effort) -> Iterator[Result]:
    """Decode and encode one list of 131,072 entries again and again."""
    bits = random_bits(ENTRIES * PERCENT // 100, seed=1)
    text = bitstring.encode(bits).text
    works = {
        "decode": _often(partial(bitstring.decode, text)),
        "encode": _often(partial(bitstring.encode, bits)),
        "zlib-9": _often(partial(gzip.compress, bits, 9)),
    }
    mine = rates(effort.runs, works)
    peer = _peer(text, effort)
    note = f"{ENTRIES:,} entries, {PERCENT} % set, one core" + ("" if peer else "; no npm packages")
    beside = {PEER: peer["decode"]} if peer else {}
    yield Result("list_codec.decode", "lists/s", mine["decode"], beside, GOAL, note=note)
    beside = {"zlib-9": mine["zlib-9"]} | ({PEER: peer["encode"]} if peer else {})
    yield Result("list_codec.encode", "lists/s", mine["encode"], beside, GOAL, note=note)


def _peer(text: str, effort: Effort) -> dict[str, list[float]]:
    if not node_peers.installed():
        return {}
    task = {"encoded": text}
    found = node_peers.rates("measure_lists.mjs", task, seconds=MEASURED_SECONDS, runs=effort.runs)
    return {name: list(runs) for name, runs in found.items()}


def _often(once: Callable[[], object]) -> Work:
    def work() -> int:
        done, end = 0, time.perf_counter() + MEASURED_SECONDS
        while time.perf_counter() < end:
            once()
            done += 1
        return done

    return work
