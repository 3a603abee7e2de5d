"""How many credentials are issued a second in bulk, by one, two and three processes at once?"""

import json
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from multiprocessing.connection import Connection

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from openbadgeslib.ob3.ldp import add_data_integrity_proof
from openvc.keys import Ed25519SigningKey
from openvc.proof.data_integrity import DataIntegrityProofSuite

from api import bootstrap
from api.settings import Settings
from registry.domain.securing import Mechanism
from registry.domain.subject import IdentityType
from registry.formats import contexts
from registry.formats.did import did_key
from registry.formats.multikey import encode_public_key
from registry.issuance import Learner, Order
from scripts.benchmarks import node_peers
from scripts.benchmarks.databases import postgres
from scripts.benchmarks.measuring import Effort, Work, rates
from scripts.benchmarks.registries import CALLER, Measured, new_registry
from scripts.benchmarks.results import Goal, Of, Result

BATCH = 1_000
MECHANISM = Mechanism.EDDSA_RDFC_2022
MOST_PROCESSES = 3
PROCESSES = 2
"""As many as the machine that the goal is for has cores, PostgreSQL among them."""
GOAL = Goal(Of.MEDIAN, 3_000)
CREDENTIALS_A_BATCH = 50
"""Of the effort's credentials, which are counted for issuing one by one."""
PEER_CREDENTIALS = 10
MEASURED_SECONDS = 1
JAVASCRIPT = "@digitalbazaar/vc"
NOTE = (
    "built, signed, in the vault, evented; batches of 1,000 on PostgreSQL, fsync on; "
    "the others sign alone, on one core"
)

_Task = tuple[str, int]
"""The tag of the learners' addresses, and how many batches to issue."""


def measure(effort: Effort) -> Iterator[Result]:
    """Issue batches of one achievement from several processes into one PostgreSQL."""
    with postgres() as server, new_registry(server.create_database(), [MECHANISM]) as measured:
        badge = _issue_one(measured)
        batches = max(effort.credentials // CREDENTIALS_A_BATCH, 1)
        with _workers(measured) as workers:
            works = {
                str(number): _issuing(workers[:number], batches)
                for number in range(1, MOST_PROCESSES + 1)
            }
            found = rates(effort.runs, works | _peers(badge))
    yield from _results(found, _in_javascript(badge, effort.runs))


def _results(
    found: dict[str, list[float]], javascript: dict[str, Sequence[float]]
) -> Iterator[Result]:
    by_processes = {number: found.pop(str(number)) for number in range(1, MOST_PROCESSES + 1)}
    beside = javascript | found
    mine = by_processes.pop(PROCESSES)
    yield Result("issuing.bulk", "credentials/s", mine, beside, GOAL, note=NOTE)
    for number, runs in by_processes.items():
        yield Result(f"issuing.bulk.processes_{number}", "credentials/s", runs, note=NOTE)


def _issue_one(measured: Measured) -> dict[str, object]:
    """Issue one badge, and return it without its proof."""
    orders = [Order(measured.achievements[MECHANISM], _learner("first", 0))]
    [issued] = measured.registry.application.issue(CALLER, measured.issuer_id, orders)
    document: dict[str, object] = json.loads(issued.document)
    return {name: value for name, value in document.items() if name != "proof"}


def _learner(tag: str, number: int) -> Learner:
    return Learner(IdentityType.EMAIL_ADDRESS, f"{tag}-{number}@example.org")


@contextmanager
def _workers(measured: Measured) -> Iterator[list[Connection]]:
    """Give connections to processes that issue, each with a registry of its own."""
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        connections = []
        for _ in range(MOST_PROCESSES):
            mine, its = context.Pipe()
            given = its, measured.registry.settings, measured.issuer_id
            process = context.Process(
                target=_work, args=(*given, measured.achievements[MECHANISM]), daemon=True
            )
            process.start()
            stack.callback(process.join)
            stack.callback(mine.send, None)
            connections.append(mine)
        _issuing(connections, 1)()
        yield connections


def _work(connection: Connection, settings: Settings, issuer_id: str, achievement_id: str) -> None:
    """Issue what is asked for until there is nothing more."""
    registry = bootstrap.build(settings)
    while (task := connection.recv()) is not None:
        tag, batches = task
        for batch in range(batches):
            learners = (_learner(tag, batch * BATCH + number) for number in range(BATCH))
            orders = [Order(achievement_id, learner) for learner in learners]
            registry.application.issue(CALLER, issuer_id, orders)
        connection.send(batches * BATCH)
    registry.close()


_tags = count()


def _issuing(workers: Sequence[Connection], batches: int) -> Work:
    def work() -> int:
        for worker in workers:
            task: _Task = f"learner-{next(_tags)}", batches
            worker.send(task)
        return sum(worker.recv() for worker in workers)

    return work


def _peers(badge: dict[str, object]) -> dict[str, Work]:
    """Return the work of signing the same badge by others' libraries."""
    key = Ed25519PrivateKey.generate()
    multikey = encode_public_key(key.public_key())
    method = f"{did_key(multikey)}#{multikey}"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signing_key, suite = Ed25519SigningKey(key, kid=method), DataIntegrityProofSuite()
    extra = {url: contexts.load(url) for url in contexts.BUNDLED}

    def openvc() -> int:
        for _ in range(PEER_CREDENTIALS):
            suite.add_proof(
                badge, signing_key=signing_key, verification_method=method, extra_contexts=extra
            )
        return PEER_CREDENTIALS

    def openbadgeslib() -> int:
        for _ in range(PEER_CREDENTIALS):
            add_data_integrity_proof(badge, pem, method)
        return PEER_CREDENTIALS

    return {"openvc-core": openvc, "openbadgeslib": openbadgeslib}


def _in_javascript(badge: dict[str, object], runs: int) -> dict[str, Sequence[float]]:
    if not node_peers.installed():
        return {}
    documents = {url: contexts.load(url) for url in contexts.BUNDLED}
    task = {"credential": badge, "documents": documents}
    found = node_peers.rates("measure_issuing.mjs", task, seconds=MEASURED_SECONDS, runs=runs)
    return {JAVASCRIPT: found["issue"]}
