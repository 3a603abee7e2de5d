"""How many times a second is a published list fetched, beside nginx serving the same file?"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import clock
from api.settings import Settings
from projections.list_documents import ListTerms, secured, unsigned
from projections.publish_folder import PublishFolder, list_name
from registry.domain.instants import document_instant
from registry.domain.securing import Mechanism
from registry.formats import bitstring
from registry.store.signing import Ed25519Signer
from scripts import new_registry
from scripts.answers import Session
from scripts.benchmarks import servers
from scripts.benchmarks.list_size import random_bits
from scripts.benchmarks.measuring import Effort
from scripts.benchmarks.registries import PUBLIC_URL
from scripts.benchmarks.results import Goal, Of, Result
from scripts.benchmarks.servers import Load

SET = 2_621
"""Entries set in the list: 2 %."""

PURPOSE = "revocation"
DID = "did:web:registry.example.org:issuers:benchmark"
GOAL = Goal(Of.RATIO, 0.3)
FULLY_LOADED = 0.9
"""The least share of its core that a server must have had for the comparison to be fair."""

NAME = "list_get"
MEASURES: Sequence[tuple[str, str, Callable[[Load], float]]] = (
    (NAME, "requests/s", lambda load: load.a_second),
    (f"{NAME}.by_cpu", "requests/CPU s", lambda load: load.a_cpu_second),
)


def measure(effort: Effort) -> Iterator[Result]:
    """Load both servers in turns; without nginx or wrk there is no result."""
    missing = servers.missing()
    if missing or (os.cpu_count() or 1) <= servers.LOAD_CORE:
        reason = f"not installed: {', '.join(missing)}" if missing else "it needs two cores"
        yield Result(NAME, "requests/s", [], goal=GOAL, note=f"not measured, {reason}")
        return
    with tempfile.TemporaryDirectory() as folder:
        yield from _measure(effort, Path(folder))


def _measure(effort: Effort, folder: Path) -> Iterator[Result]:
    made = new_registry.make(Session(folder / "registry"), public_url=PUBLIC_URL)
    root = Settings(folder=made.folder).effective_publish_folder
    path = "/" + _publish(root)
    of_nginx = folder / "nginx"
    of_nginx.mkdir()
    with servers.registry(made.folder) as ours, servers.nginx(root, folder=of_nginx) as theirs:
        fetch = partial(servers.load, path=path, seconds=effort.load_seconds)
        fetch(ours), fetch(theirs)
        pairs = [(fetch(ours), fetch(theirs)) for _ in range(effort.runs)]
    note = (
        f"one worker each on one core, wrk with {servers.CONNECTIONS} connections on another, "
        f"plain HTTP, {(root / path[1:]).stat().st_size:,} bytes"
    )
    return _compared(pairs, note)


def _compared(pairs: Sequence[tuple[Load, Load]], note: str) -> Iterator[Result]:
    mine, nginx = ([pair[which] for pair in pairs] for which in (0, 1))
    if any(median(run.share_of_core for run in runs) < FULLY_LOADED for runs in (mine, nginx)):
        # Held up by others, the quicker server loses more, and ours would look better than it is.
        nginx, note = [], f"{note}; not compared, because other processes held the servers up"
    for name, unit, number in MEASURES:
        beside = {"nginx": [number(run) for run in nginx]} if nginx else {}
        yield Result(name, unit, [number(run) for run in mine], beside, GOAL, note=note)


def _publish(root: Path) -> str:
    """Publish a list as the registry does, with 2 % of its entries set; return its name."""
    key, now = Ed25519PrivateKey.generate(), clock.now()
    terms = ListTerms(
        list_id=str(uuid4()),
        purpose=PURPOSE,
        issuer_did=DID,
        valid_from=document_instant(now),
        valid_until=document_instant(now + timedelta(days=1)),
        ttl_ms=300_000,
    )
    encoded = bitstring.encode(random_bits(SET, seed=1))
    form = secured(
        unsigned(PUBLIC_URL, terms, encoded.text),
        Mechanism.EDDSA_RDFC_2022,
        signer=Ed25519Signer(f"{DID}#key", key),
        created=terms.valid_from,
    )
    folder, name = PublishFolder(root), list_name(terms.list_id, PURPOSE)
    folder.make_current(name, folder.put(name, 1, form.body))
    return name
