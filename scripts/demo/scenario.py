"""The story: register, define, issue, suspend, reinstate, revoke, verify, audit."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from bitarray import bitarray

from registry.domain.events import StatusListPublished
from registry.verification.report import Verdict
from scripts.demo.errors import DemonstrationError
from scripts.demo.freshness import Change, Watch, bits_of, percentile
from scripts.demo.outsiders import verify_all
from scripts.demo.place import Place
from scripts.demo.report import Freshness, ListState, Replayed, Result, Verdicts
from scripts.demo.server import environment, registry_command
from scripts.demo.users import Auditor, Holding, Http, Issuer, Operator
from scripts.progress import progress

CHUNK = 100
PATIENCE_SECONDS = 60
UNIVERSITY = {
    "name": {"pl": "Uczelnia Przykładowa", "en": "Example University"},
    "country": "PL",
    "url": "https://university.example.org",
}


@dataclass(frozen=True)
class Plan:
    """How many credentials meet which fate; reinstated ones were suspended before."""

    issued: int
    suspended: int
    reinstated: int
    revoked: int

    @classmethod
    def of(cls, credentials: int) -> "Plan":
        """Suspend 3 %, reinstate two thirds of these, revoke 5 %; of few at least one each."""
        suspended = max(credentials * 3 // 100, 3)
        return cls(credentials, suspended, suspended * 2 // 3, max(credentials // 20, 5))

    def reinstated_of(self, holdings: Sequence[Holding]) -> Sequence[Holding]:
        """Return those that are suspended and reinstated."""
        return holdings[: self.reinstated]

    def suspended_of(self, holdings: Sequence[Holding]) -> Sequence[Holding]:
        """Return those that are suspended, whatever comes after."""
        return holdings[: self.suspended]

    def revoked_of(self, holdings: Sequence[Holding]) -> Sequence[Holding]:
        """Return those that are revoked."""
        return holdings[self.suspended : self.suspended + self.revoked]

    def expected(self, holdings: Sequence[Holding]) -> dict[str, Verdict]:
        """Return the verdict that every credential must get."""
        expected = {holding.credential_id: Verdict.VALID for holding in holdings}
        for holding in self.suspended_of(holdings)[self.reinstated :]:
            expected[holding.credential_id] = Verdict.SUSPENDED
        for holding in self.revoked_of(holdings):
            expected[holding.credential_id] = Verdict.REVOKED
        return expected


def play(place: Place, credentials: int) -> Result:
    """Play the story against a running server."""
    began = time.monotonic()
    plan = Plan.of(credentials)
    issuer, auditor = _admit(place)
    holdings = _issue(issuer, plan)
    delays = _change(place, issuer, plan, holdings)
    verdicts = _verify(place, issuer, plan.expected(holdings))
    events = list(auditor.events())
    return Result(
        issued=len(holdings),
        suspended=plan.suspended,
        reinstated=plan.reinstated,
        revoked=plan.revoked,
        lists=_lists(place, holdings, events),
        verdicts=verdicts,
        replay=_replay(place, len(events)),
        freshness_ms=_freshness(delays),
        base_url=place.base_url,
        ca_file=str(place.ca_file),
        folder=str(place.folder),
        seconds=round(time.monotonic() - began, 3),
    )


def _admit(place: Place) -> tuple[Issuer, Auditor]:
    """Have the operator register the university and give everybody a key."""
    client = partial(Http, place.base_url, place.ca_file)
    operator = Operator(client(token=place.operator_token))
    issuer_id = operator.register(UNIVERSITY)
    tokens = {
        "operator": place.operator_token,
        "issuer": operator.api_key("issuer", "student system", issuer_id=issuer_id),
        "auditor": operator.api_key("auditor", "supervisory authority"),
    }
    place.keep_api_keys(tokens)
    return Issuer(client(token=tokens["issuer"])), Auditor(client(token=tokens["auditor"]))


def _issue(issuer: Issuer, plan: Plan) -> list[Holding]:
    definition = resources.files("scripts.demo_data").joinpath("achievement.json").read_text()
    achievement_id = issuer.define(json.loads(definition))
    ids: list[str] = []
    with progress("issuing", plan.issued) as bar:
        for first in range(1, plan.issued + 1, CHUNK):
            numbers = range(first, min(first + CHUNK, plan.issued + 1))
            key = f"demo-{first}"
            ids += issuer.import_learners(achievement_id, learners(numbers), idempotency_key=key)
            bar.advance(len(numbers))
    return _found(issuer, achievement_id, ids)


def learners(numbers: Iterable[int]) -> str:
    """Return a CSV file of learners who do not exist."""
    rows = (f"learner-{number:04}@example.org,{number % 3 + 3}.0" for number in numbers)
    return "\n".join(["email,grade", *rows, ""])


def _found(issuer: Issuer, achievement_id: str, ids: Sequence[str]) -> list[Holding]:
    """Return the credentials in the order of issuing, once the search view holds all of them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = {holding.credential_id: holding for holding in issuer.holdings(achievement_id)}
        if found.keys() >= set(ids):
            return [found[credential_id] for credential_id in ids]
        time.sleep(0.1)
    raise DemonstrationError("what was issued is not found by the search")


def _change(place: Place, issuer: Issuer, plan: Plan, holdings: Sequence[Holding]) -> list[float]:
    """Carry out every change and return how long each took to be seen, in seconds.

    Each kind of change begins when the one before it is seen: a list that shows the end of a
    suspension must have shown the suspension.
    """
    phases = (
        ("suspend", "suspension", 1, "under-review", plan.suspended_of(holdings)),
        ("reinstate", "suspension", 0, "review-completed", plan.reinstated_of(holdings)),
        ("revoke", "revocation", 1, "issued-in-error", plan.revoked_of(holdings)),
    )
    delays: list[float] = []
    outsider = Http(place.base_url, place.ca_file)
    with progress("changing", plan.suspended + plan.reinstated + plan.revoked) as bar:
        for verb, purpose, bit, reason, chosen in phases:
            watch = Watch(outsider, sorted({one.entries[purpose].url for one in chosen}))
            with watch.looking():
                changes = []
                for holding in chosen:
                    issuer.change(holding.credential_id, verb, reason=reason)
                    changes.append(Change(holding.entries[purpose], bit, time.monotonic()))
                    bar.advance()
                delays += watch.wait_for(changes)
    return delays


def _verify(place: Place, issuer: Issuer, expected: Mapping[str, Verdict]) -> Verdicts:
    """Hand every learner their badge, and have an outsider verify all of them."""
    with progress("fetching badges", len(expected)) as bar:
        files = [_keep(place, issuer, credential_id, bar.advance) for credential_id in expected]
    with progress("verifying", len(expected)) as bar:
        found = verify_all(place, files, on_verified=bar.advance)
    wrong = sum(found.get(id_) is not verdict for id_, verdict in expected.items())
    counts = Counter(found.values())
    return Verdicts(
        valid=counts[Verdict.VALID],
        suspended=counts[Verdict.SUSPENDED],
        revoked=counts[Verdict.REVOKED],
        unknown=counts[Verdict.UNKNOWN],
        wrong=wrong,
    )


def _keep(place: Place, issuer: Issuer, credential_id: str, on_kept: Callable[[], None]) -> Path:
    place.badges.mkdir(exist_ok=True)
    file = place.badges / f"{credential_id}.json"
    file.write_bytes(issuer.document(credential_id))
    on_kept()
    return file


def _lists(
    place: Place, holdings: Iterable[Holding], events: Iterable[Mapping[str, Any]]
) -> list[ListState]:
    """Return every list as an outsider gets it; the versions are the ones the auditor read."""
    outsider = Http(place.base_url, place.ca_file)
    purposes = {entry.url: purpose for one in holdings for purpose, entry in one.entries.items()}
    versions = {
        f"{event['state']['list_id']}/{event['state']['purpose']}": event["stream_version"]
        for event in events
        if event["topic"] == StatusListPublished.TOPIC
    }
    return [
        _list(outsider, url, purpose, versions[url.partition("/status-lists/")[2]])
        for url, purpose in sorted(purposes.items())
    ]


def _list(outsider: Http, url: str, purpose: str, version: int) -> ListState:
    body = outsider.get(url).content
    bits = bitarray(buffer=bits_of(body), endian="big")
    return ListState(url, purpose, len(bits), bits.count(), len(body), version)


def _replay(place: Place, events_over_http: int) -> Replayed:
    command = registry_command(place, "--json", "replay", "--verify")
    done = subprocess.run(  # noqa: S603 - our own command line
        command, capture_output=True, check=False, env=environment()
    )
    outcome = json.loads(done.stdout)
    return Replayed(
        events=outcome.get("events", 0),
        identical=outcome.get("identical", False),
        events_over_http=events_over_http,
    )


def _freshness(delays: Sequence[float]) -> Freshness:
    milliseconds = [delay * 1000 for delay in delays]
    return Freshness(
        p50=round(percentile(milliseconds, 0.5), 1),
        p99=round(percentile(milliseconds, 0.99), 1),
        max=round(max(milliseconds), 1),
    )
