"""How many badges are verified a second, by each securing mechanism, their lists being at hand?"""

import json
import tempfile
from collections.abc import Iterator

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
from scripts.benchmarks.measuring import Effort, Work, rates
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
MULTIKEY = "https://w3id.org/security/multikey/v1"
# It labels blank nodes with SHA-256 whatever the curve, so a whole badge fails under P-384.
PEERS_OWN = {
    Mechanism.EDDSA_RDFC_2022,
    Mechanism.EDDSA_JCS_2022,
    Mechanism.ECDSA_RDFC_2019_P256,
    Mechanism.ECDSA_JCS_2019_P256,
    Mechanism.ECDSA_JCS_2019_P384,
}
NOTE = "one core; every check, both lists held, a shape seen before; the others: the proof alone"


def measure(effort: Effort) -> Iterator[Result]:
    """Verify one badge of each mechanism again and again."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/registry.db"
        with new_registry(url, list(Mechanism)) as measured:
            badges = {each: _issue(measured, each) for each in Mechanism}
            measured.registry.catch_up.run()
            measured.registry.publisher.tick()
            for mechanism, badge in badges.items():
                yield _measure(effort, measured, mechanism, badge)


def _issue(measured: Measured, mechanism: Mechanism) -> bytes:
    learner = Learner(IdentityType.EMAIL_ADDRESS, f"{mechanism}@example.org")
    orders = [Order(measured.achievements[mechanism], learner)]
    return measured.registry.application.issue(CALLER, measured.issuer_id, orders)[0].document


def _measure(effort: Effort, measured: Measured, mechanism: Mechanism, badge: bytes) -> Result:
    own = OwnDocuments(
        measured.registry.folder, measured.registry.public_url, beyond=GuardedFetcher()
    )
    works = {mechanism.value: _verifying(Verifier(own), badge, effort.credentials)}
    if mechanism in PEERS_OWN:
        works[PEER] = _verifying_with_openvc(own, badge, effort.credentials)
    found = rates(effort.runs, works)
    mine = found.pop(mechanism.value)
    goal = GOALS.get(mechanism) if node_peers.installed() else None
    beside = (_in_javascript(own, badge, effort.runs) if goal else {}) | found
    return Result(f"verifying.{mechanism}", "credentials/s", mine, beside, goal, note=NOTE)


def _in_javascript(own: OwnDocuments, badge: bytes, runs: int) -> dict[str, list[float]]:
    document = json.loads(badge)
    did, method = document["issuer"]["id"], document["proof"][0]["verificationMethod"]
    did_document = json.loads(own.fetch(did_web_document_url(did), accept="*/*").body)
    [key] = [each for each in did_document["verificationMethod"] if each["id"] == method]
    documents = {url: contexts.load(url) for url in contexts.BUNDLED}
    documents |= {did: did_document, method: {"@context": MULTIKEY, **key}}
    task = {"credential": document, "documents": documents}
    found = node_peers.rates("measure_verifying.mjs", task, seconds=MEASURED_SECONDS, runs=runs)
    return {JAVASCRIPT: list(found["verify"])}


def _verifying(verifier: Verifier, badge: bytes, times: int) -> Work:
    def work() -> int:
        for _ in range(times):
            if (report := verifier.verify(badge, now=now())).verdict is not Verdict.VALID:
                raise RuntimeError(report)
        return times

    work()
    return work


def _verifying_with_openvc(own: OwnDocuments, badge: bytes, times: int) -> Work:
    """Return the same work by another's library, its issuer's document at hand as well."""
    document = json.loads(badge)
    # It reads no array of proofs, and needs no status if there is none.
    secured = {**document, "proof": document["proof"][0]}
    did = document["issuer"]["id"]
    did_document = json.loads(own.fetch(did_web_document_url(did), accept="*/*").body)
    resolver = DidResolverRegistry([DidWebResolver(lambda _url: did_document)])
    extra = {url: contexts.load(url) for url in contexts.BUNDLED}

    def work() -> int:
        for _ in range(times):
            verify_credential(
                secured,
                policy=VerificationPolicy(require_status=False),
                resolver=resolver,
                extra_contexts=extra,
            )
        return times

    work()
    return work
