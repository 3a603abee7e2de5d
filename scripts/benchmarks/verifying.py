"""How many badges are verified a second, by each securing mechanism, their lists being at hand?"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from itertools import cycle, islice

from openvc.did.base import DidResolverRegistry
from openvc.did.did_web import DidWebResolver
from openvc.verify import VerificationPolicy, verify_credential

from api.clock import now
from api.own_documents import OwnDocuments
from registry.domain.securing import Mechanism
from registry.domain.subject import IdentityType
from registry.formats import contexts
from registry.formats.did import did_web_document_url
from registry.issuance import Learner, Order
from registry.verification.guarded_fetch import GuardedFetcher
from registry.verification.report import Verdict
from registry.verification.verify import Verifier
from scripts.benchmarks import node_peers
from scripts.benchmarks.measuring import Effort, Work, rates, settled
from scripts.benchmarks.registries import CALLER, Measured, new_registry
from scripts.benchmarks.results import Goal, Of, Result

PEER = "openvc-core"
JAVASCRIPT = "@digitalbazaar/vc"
GOALS = {
    Mechanism.EDDSA_RDFC_2022: Goal(Of.RATIO, 5),
    Mechanism.EDDSA_JCS_2022: Goal(Of.RATIO, 1.5),
}
"""Beside the library in JavaScript, which checks the proof alone and runs on one core as well."""
MEASURED_SECONDS = 1
GIVEN_TO_JAVASCRIPT = 100
"""It keeps nothing of a document for the next, so that it may meet the same one again."""
GIVEN_TO_PEER = 10
"""Badges a run: it is slow under rdfc, and nothing it does once is shared by more of them."""
AT_ONCE = 1_000
MULTIKEY = "https://w3id.org/security/multikey/v1"
# It labels blank nodes with SHA-256 whatever the curve, so a whole badge fails under P-384.
PEERS_OWN = {
    Mechanism.EDDSA_RDFC_2022,
    Mechanism.EDDSA_JCS_2022,
    Mechanism.ECDSA_RDFC_2019_P256,
    Mechanism.ECDSA_JCS_2019_P256,
    Mechanism.ECDSA_JCS_2019_P384,
}
NOTE = (
    "one core; every check, both lists held, another badge of a shape seen before each time; "
    "the others: the proof alone"
)


def measure(effort: Effort) -> Iterator[Result]:
    """Verify badges of one achievement for each mechanism, none of them twice."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/registry.db"
        with new_registry(url, list(Mechanism)) as measured:
            # One round is verified before those that count.
            count = (effort.runs + 1) * effort.credentials
            badges = {each: _issue(measured, each, count) for each in Mechanism}
            measured.registry.catch_up.run()
            measured.registry.publisher.tick()
            with settled():
                for mechanism, issued in badges.items():
                    yield _measure(effort, measured, mechanism, issued)


def _issue(measured: Measured, mechanism: Mechanism, count: int) -> list[bytes]:
    orders = [
        Order(
            measured.achievements[mechanism],
            Learner(IdentityType.EMAIL_ADDRESS, f"{mechanism}.{number}@example.org"),
        )
        for number in range(count)
    ]
    issue = measured.registry.application.issue
    return [
        issued.document
        for first in range(0, count, AT_ONCE)
        for issued in issue(CALLER, measured.issuer_id, orders[first : first + AT_ONCE])
    ]


def _measure(
    effort: Effort, measured: Measured, mechanism: Mechanism, badges: Sequence[bytes]
) -> Result:
    own = OwnDocuments(
        measured.registry.folder, measured.registry.public_url, beyond=GuardedFetcher()
    )
    works = {mechanism.value: _verifying(Verifier(own), badges, effort.credentials)}
    if mechanism in PEERS_OWN:
        works[PEER] = _verifying_with_openvc(own, badges[:GIVEN_TO_PEER])
    found = rates(effort.runs, works)
    mine = found.pop(mechanism.value)
    goal = GOALS.get(mechanism) if node_peers.installed() else None
    beside = (_in_javascript(own, badges, effort.runs) if goal else {}) | found
    return Result(f"verifying.{mechanism}", "credentials/s", mine, beside, goal, note=NOTE)


def _in_javascript(own: OwnDocuments, badges: Sequence[bytes], runs: int) -> dict[str, list[float]]:
    credentials = [json.loads(badge) for badge in badges[:GIVEN_TO_JAVASCRIPT]]
    document = credentials[0]
    did, method = document["issuer"]["id"], document["proof"][0]["verificationMethod"]
    did_document = json.loads(own.fetch(did_web_document_url(did), accept="*/*").body)
    [key] = [each for each in did_document["verificationMethod"] if each["id"] == method]
    documents = {url: contexts.load(url) for url in contexts.BUNDLED}
    documents |= {did: did_document, method: {"@context": MULTIKEY, **key}}
    task = {"credentials": credentials, "documents": documents}
    found = node_peers.rates("measure_verifying.mjs", task, seconds=MEASURED_SECONDS, runs=runs)
    return {JAVASCRIPT: list(found["verify"])}


def _verifying(verifier: Verifier, badges: Sequence[bytes], times: int) -> Work:
    given = cycle(badges)

    def work() -> int:
        for badge in islice(given, times):
            if (report := verifier.verify(badge, now=now())).verdict is not Verdict.VALID:
                raise RuntimeError(report)
        return times

    work()
    return work


def _verifying_with_openvc(own: OwnDocuments, badges: Sequence[bytes]) -> Work:
    """Return the same work by another's library, its issuer's document at hand as well."""
    documents = [json.loads(badge) for badge in badges]
    # It reads no array of proofs, and needs no status if there is none.
    given = [{**document, "proof": document["proof"][0]} for document in documents]
    did = documents[0]["issuer"]["id"]
    did_document = json.loads(own.fetch(did_web_document_url(did), accept="*/*").body)
    resolver = DidResolverRegistry([DidWebResolver(lambda _url: did_document)])
    extra = {url: contexts.load(url) for url in contexts.BUNDLED}

    def work() -> int:
        for secured in given:
            verify_credential(
                secured,
                policy=VerificationPolicy(require_status=False),
                resolver=resolver,
                extra_contexts=extra,
            )
        return len(given)

    work()
    return work
