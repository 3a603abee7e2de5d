"""Arbitrary commands in arbitrary order, with views and lists that lag, against a small model.

The model knows the rules only: revoked is final, only what is suspended can be reinstated, and
each transition's bits. It is held against the aggregates, the credentials view and the lists.
"""

import shutil
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from projections import ALL
from projections.history import Recorded
from projections.replay import Replay
from registry.commands import Caller
from registry.domain import errors
from registry.domain.achievement import Profile
from registry.domain.events import CredentialNamed
from registry.domain.profiles import GenericProfile, purposes_of
from registry.domain.securing import Mechanism
from registry.issuance import Order
from registry.issuing import Issued
from registry.requests import CredentialOrder, StatusChange, StatusOrder
from tests.making import PUBLIC_URL, learner, new_achievement, new_issuer
from tests.property.running import PURPOSES, Entry, Published, Running

CALLER = Caller("api-key:issuer")
ISSUERS = 2
GENERIC = [GenericProfile(Mechanism.EDDSA_JCS_2022, purposes) for purposes in (PURPOSES, ())]
"""How the issuers secure what they are sent: one adds entries, the other none."""

NEEDED: dict[str, tuple[str, type[errors.RegistryError]]] = {
    "suspend": ("suspension", errors.NotSuspendableError),
    "revoke": ("revocation", errors.NoStatusEntryError),
    "supersede": ("revocation", errors.NoStatusEntryError),
}
"""Which entry a command needs, and how it is refused without."""

VERBS = {
    ("revocation", True): "revoke",
    ("suspension", True): "suspend",
    ("suspension", False): "reinstate",
}
"""Which command it is to set or to clear a status."""

NAMES = ["urn:example:1", "urn:example:2"]
Name = tuple[int, str]
"""What the issuer with a number calls credentials."""


def to_send(name: str | None, *, beside: bool = False) -> CredentialOrder:
    """Return a credential to send, named by its id or (`beside`) in the options."""
    sent: dict[str, Any] = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "credentialSubject": {"name": "Żaneta"},
    }
    if name is None or beside:
        return CredentialOrder(sent, credential_id=name)
    return CredentialOrder(sent | {"id": name})


@dataclass(frozen=True)
class Expected:
    """What the model knows of one credential."""

    issuer: int
    entry: Entry | None
    profile: str
    name: Name | None = None
    status: str = "active"
    version: int = 1
    suspension_bit: bool = False
    until: Any = None

    def bit(self, purpose: str) -> bool:
        return self.status == "revoked" if purpose == "revocation" else self.suspension_bit

    def refusal(self, verb: str) -> type[errors.RegistryError] | None:
        """Return how a command must be refused, or None where it must be carried out."""
        if self.status == "revoked":
            return errors.RevokedIsFinalError
        purpose, refusal = NEEDED.get(verb, (None, None))
        if purpose is not None and purpose not in purposes_of(self.profile):
            return refusal
        so_already = {
            ("suspend", "suspended"): errors.AlreadySuspendedError,
            ("reinstate", "active"): errors.NotSuspendedError,
        }
        return so_already.get((verb, self.status))

    @property
    def is_generic(self) -> bool:
        return self.profile not in list(Profile)

    def refusal_to_set(self, purpose: str, *, value: bool) -> type[errors.RegistryError] | None:
        """Return how setting or clearing a status must be refused, or None."""
        if purpose not in purposes_of(self.profile):
            return NEEDED[VERBS[purpose, True]][1]
        if self.status == "revoked" and not (purpose == "revocation" and value):
            return errors.RevokedIsFinalError
        return None

    def is_set(self, purpose: str) -> bool:
        return self.status == ("revoked" if purpose == "revocation" else "suspended")

    def after(self, verb: str, until: Any = None) -> "Expected":
        """Return the model after a command; revoking leaves the suspension bit as it is."""
        status = {"suspend": "suspended", "reinstate": "active"}.get(verb, "revoked")
        bit = self.suspension_bit if status == "revoked" else status == "suspended"
        changed = replace(self, status=status, suspension_bit=bit, until=until)
        return replace(changed, version=self.version + 1)


@dataclass
class Model:
    """All credentials by id: as they are, as the views last held them, as lists were published."""

    present: dict[str, Expected] = field(default_factory=dict)
    viewed: dict[str, Expected] = field(default_factory=dict)
    published: dict[str, Expected] = field(default_factory=dict)

    def bearers(self, name: Name) -> list[str]:
        """Return the ids of the credentials with a name, oldest first."""
        return [each for each, expected in self.present.items() if expected.name == name]


def _check_succession(before: Published, after: Published, *, purpose: str) -> None:
    assert after.version >= before.version
    assert after.position >= before.position
    assert after.signed_at >= before.signed_at
    if after.version == before.version:
        assert after == before
    if purpose == "revocation":
        assert before.entries() <= after.entries()


class RegistryMachine(RuleBasedStateMachine):
    """Drives one registry."""

    template: Path
    credentials = Bundle("credentials")
    requests = Bundle("requests")
    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="registry-machine-"))
        shutil.copytree(self.template, self.folder, dirs_exist_ok=True)
        self.running = Running(self.folder)
        self.model = Model()
        self.used: set[Entry] = set()
        self.last_seen: dict[tuple[str, str], Published] = {}
        self.keys = 0

    @initialize()
    def register(self) -> None:
        application = self.running.application
        self.issuers = [new_issuer(application, number) for number in range(ISSUERS)]
        self.achievements = {
            (number, profile): new_achievement(application, issuer_id, profile=profile)
            for number, issuer_id in enumerate(self.issuers)
            for profile in Profile
        }
        for issuer_id, profile in zip(self.issuers, GENERIC, strict=True):
            application.open_generic_issuing(CALLER, issuer_id, profile)

    # Commands

    @rule(
        target=credentials,
        issuer=st.integers(0, ISSUERS - 1),
        name=st.none() | st.sampled_from(NAMES),
        beside=st.booleans(),
    )
    def send(self, issuer: int, name: str | None, beside: bool) -> str:
        return self._send(CALLER, issuer, to_send(name, beside=beside))

    @rule(
        target=sent,
        issuer=st.integers(0, ISSUERS - 1),
        name=st.none() | st.sampled_from(NAMES),
    )
    def send_under_a_key(self, issuer: int, name: str | None) -> Any:
        self.keys += 1
        caller = replace(CALLER, idempotency_key=f"key-{self.keys}")
        order = to_send(name)
        return caller, issuer, order, self._send(caller, issuer, order)

    @rule(request=sent)
    def send_again(self, request: Any) -> None:
        caller, issuer, order, credential_id = request
        before = self.running.parts.history.end()
        issued = self.running.application.issue_credential(caller, self.issuers[issuer], order)
        assert str(issued.credential.id) == credential_id
        assert self.running.parts.history.end() == before

    @rule(request=sent, name=st.none() | st.sampled_from(NAMES), beside=st.booleans())
    def send_another_under_the_key(self, request: Any, name: str | None, beside: bool) -> None:
        caller, issuer, order, _ = request
        other = to_send(name, beside=beside)
        if other == order:
            return
        before = self.running.parts.history.end()
        with pytest.raises(errors.IdempotencyConflictError):
            self.running.application.issue_credential(caller, self.issuers[issuer], other)
        assert self.running.parts.history.end() == before

    @rule(credential_id=credentials, purpose=st.sampled_from(PURPOSES), value=st.booleans())
    def set_status_by_entry(self, credential_id: str, purpose: str, value: bool) -> None:
        self._set_status_by_entry(credential_id, purpose, value=value)

    @rule(
        issuer=st.integers(0, ISSUERS - 1),
        name=st.sampled_from(NAMES),
        purpose=st.sampled_from(PURPOSES),
        value=st.booleans(),
    )
    def set_status_by_name(self, issuer: int, name: str, purpose: str, value: bool) -> None:
        order = StatusOrder(name, purpose, value)
        match self.model.bearers((issuer, name)):
            case []:
                refusal: type[errors.RegistryError] = errors.UnknownCredentialError
            case [only]:
                self._set_status(issuer, order, only)
                return
            case _:
                refusal = errors.InvalidValueError
        with pytest.raises(refusal):
            self.running.application.set_status(CALLER, self.issuers[issuer], order)

    @rule(
        target=credentials,
        issuer=st.integers(0, ISSUERS - 1),
        profile=st.sampled_from(Profile),
        count=st.integers(1, 3),
    )
    def issue(self, issuer: int, profile: Profile, count: int) -> Any:
        orders = [self._order(issuer, profile, number) for number in range(count)]
        return multiple(*self._issue(CALLER, issuer, orders, profile=profile))

    @rule(target=requests, issuer=st.integers(0, ISSUERS - 1), profile=st.sampled_from(Profile))
    def issue_under_a_key(self, issuer: int, profile: Profile) -> Any:
        self.keys += 1
        caller = replace(CALLER, idempotency_key=f"key-{self.keys}")
        orders = [self._order(issuer, profile, 0)]
        (credential_id,) = self._issue(caller, issuer, orders, profile=profile)
        return caller, issuer, orders, credential_id

    @rule(request=requests)
    def repeat(self, request: Any) -> None:
        caller, issuer, orders, credential_id = request
        before = self.running.parts.history.end()
        (issued,) = self.running.application.issue(caller, self.issuers[issuer], orders)
        assert str(issued.credential.id) == credential_id
        assert self.running.parts.history.end() == before

    @rule(credential_id=credentials, minutes=st.none() | st.integers(1, 120))
    def suspend(self, credential_id: str, minutes: int | None) -> None:
        until = minutes and self.running.clock.now + timedelta(minutes=minutes)
        self._change("suspend", credential_id, StatusChange("fraud", until=until or None))

    @rule(credential_id=credentials)
    def reinstate(self, credential_id: str) -> None:
        self._change("reinstate", credential_id, StatusChange("fraud"))

    @rule(credential_id=credentials)
    def revoke(self, credential_id: str) -> None:
        self._change("revoke", credential_id, StatusChange("fraud"))

    @rule(target=credentials, credential_id=credentials)
    def supersede(self, credential_id: str) -> Any:
        old = self.model.present[credential_id]
        profile = Profile.DEFAULT if old.is_generic else Profile(old.profile)
        order = replace(self._order(old.issuer, profile, 0), supersedes=credential_id)
        if refusal := old.refusal("supersede"):
            with pytest.raises(refusal):
                self._issue(CALLER, old.issuer, [order], profile=profile)
            return multiple()
        (new,) = self._issue(CALLER, old.issuer, [order], profile=profile)
        self.model.present[credential_id] = old.after("supersede")
        return new

    @rule(credential_id=credentials, verb=st.sampled_from(["suspend", "reinstate", "revoke"]))
    def another_issuer_tries(self, credential_id: str, verb: str) -> None:
        other = self.issuers[1 - self.model.present[credential_id].issuer]
        with pytest.raises(errors.UnknownCredentialError):
            getattr(self.running.application, verb)(
                CALLER, other, credential_id, StatusChange("fraud")
            )

    # What the registry does meanwhile

    @rule()
    def catch_up(self) -> None:
        self.running.catch_up()
        self.model.viewed = dict(self.model.present)

    @rule()
    def publish(self) -> None:
        self.running.publish()
        self.model.published = dict(self.model.viewed)

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.running.clock.advance(minutes=minutes)

    @rule()
    def suspensions_end(self) -> None:
        for credential_id, expected in self.model.present.items():
            ended = self.running.parts.housekeeping.end_suspension(credential_id)
            due = expected.until is not None and expected.until <= self.running.clock.now
            assert ended == due
            if ended:
                self.model.present[credential_id] = expected.after("reinstate")

    @rule(in_good_order=st.booleans())
    def restart(self, in_good_order: bool) -> None:
        if in_good_order:
            self.running.application.stop()
        self.running.restart()

    def _order(self, issuer: int, profile: Profile, number: int) -> Order:
        return Order(self.achievements[issuer, profile], learner(number))

    def _issue(
        self, caller: Caller, issuer: int, orders: list[Order], *, profile: Profile
    ) -> list[str]:
        issued = self.running.application.issue(caller, self.issuers[issuer], orders)
        return [self._expect(each, issuer, profile=profile) for each in issued]

    def _send(self, caller: Caller, issuer: int, order: CredentialOrder) -> str:
        issued = self.running.application.issue_credential(caller, self.issuers[issuer], order)
        name = None if order.name is None else (issuer, order.name)
        return self._expect(issued, issuer, profile=GENERIC[issuer].name, name=name)

    def _set_status_by_entry(self, credential_id: str, purpose: str, *, value: bool) -> None:
        expected = self.model.present[credential_id]
        if expected.name is None or expected.entry is None:
            return
        list_id, index = expected.entry
        url = f"{PUBLIC_URL}/status-lists/{list_id}/{purpose}"
        order = StatusOrder(expected.name[1], purpose, value, list_url=url, index=str(index))
        self._set_status(expected.issuer, order, credential_id)

    def _set_status(self, issuer: int, order: StatusOrder, credential_id: str) -> None:
        """Set or clear a status of the one credential that an order means."""
        expected, arguments = (
            self.model.present[credential_id],
            (CALLER, self.issuers[issuer], order),
        )
        if refusal := expected.refusal_to_set(order.purpose, value=order.value):
            with pytest.raises(refusal):
                self.running.application.set_status(*arguments)
            return
        changed = self.running.application.set_status(*arguments)
        assert str(changed.id) == credential_id
        if expected.is_set(order.purpose) != order.value:
            verb = VERBS[order.purpose, order.value]
            self.model.present[credential_id] = expected.after(verb)

    def _expect(
        self, issued: Issued, issuer: int, *, profile: str, name: Name | None = None
    ) -> str:
        """Take a credential that was issued into the model; return its id."""
        issuance, credential_id = issued.credential.issuance, str(issued.credential.id)
        entry = None
        if issuance.list_id is not None and issuance.list_index is not None:
            entry = (issuance.list_id, issuance.list_index)
            assert entry not in self.used, "an index was given out twice"
            self.used.add(entry)
        self.model.present[credential_id] = Expected(issuer, entry, profile, name)
        return credential_id

    def _change(self, verb: str, credential_id: str, change: StatusChange) -> None:
        expected = self.model.present[credential_id]
        arguments = CALLER, self.issuers[expected.issuer], credential_id, change
        refusal = expected.refusal(verb)
        if refusal:
            with pytest.raises(refusal):
                getattr(self.running.application, verb)(*arguments)
            return
        getattr(self.running.application, verb)(*arguments)
        self.model.present[credential_id] = expected.after(verb, change.until)

    # What must hold after every step

    @invariant()
    def aggregates_are_as_the_model(self) -> None:
        for credential_id, expected in self.model.present.items():
            credential = self.running.application.any_credential(credential_id)
            assert (credential.status, credential.version) == (expected.status, expected.version)

    @invariant()
    def names_are_borne_as_the_model_says(self) -> None:
        found = defaultdict(list)
        for item in self.running.parts.history.all(topics=(CredentialNamed.TOPIC,)):
            assert isinstance(item, Recorded)
            assert isinstance(item.event, CredentialNamed)
            found[item.event.originator_id].append(item.event.credential_id)
        expected = [
            self.model.bearers((number, name)) for number in range(ISSUERS) for name in NAMES
        ]
        assert sorted(found.values()) == sorted(bearers for bearers in expected if bearers)

    @invariant()
    def each_is_found_by_its_name_and_entry(self) -> None:
        for credential_id in self.model.present:
            # Nothing is changed by this: it is so already, or is refused.
            self._set_status_by_entry(credential_id, "revocation", value=False)

    @invariant()
    def view_is_as_the_model_was_when_it_caught_up(self) -> None:
        assert self.running.viewed() == {
            credential_id: (expected.status, expected.version)
            for credential_id, expected in self.model.viewed.items()
        }

    @invariant()
    def lists_are_as_the_model_was_when_they_were_published(self) -> None:
        for list_id, purpose in self._lists():
            served = self.running.served(list_id, purpose)
            if served is None:
                continue
            expected = {
                each.entry[1]
                for each in self.model.published.values()
                if each.entry and each.entry[0] == list_id and each.bit(purpose)
            }
            assert served.entries() == expected

    @invariant()
    def versions_and_revocations_never_go_back(self) -> None:
        for key in self._lists():
            served, last = self.running.served(*key), self.last_seen.get(key)
            if served is None:
                assert last is None
                continue
            if last is not None:
                _check_succession(last, served, purpose=key[1])
            self.last_seen[key] = served

    def _lists(self) -> set[tuple[str, str]]:
        entries = (expected.entry for expected in self.model.present.values())
        lists = {entry[0] for entry in entries if entry}
        return {(list_id, purpose) for list_id in lists for purpose in PURPOSES}

    def teardown(self) -> None:
        try:
            self.catch_up()
            self.publish()
            self.catch_up()
            self.lists_are_as_the_model_was_when_they_were_published()
            self.view_is_as_the_model_was_when_it_caught_up()
            parts = self.running.parts
            log_folder = parts.transparency.folder
            replay = Replay(
                parts.database, parts.history, parts.folder, parts.public_url, ALL, log_folder
            )
            assert replay.verify(all_versions=True).difference is None
        finally:
            self.running.close()
            shutil.rmtree(self.folder)


def run(template: Path, *, examples: int, steps: int) -> None:
    RegistryMachine.template = template
    run_state_machine_as_test(
        RegistryMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_views_and_lists_follow_any_history(template: Path) -> None:
    run(template, examples=15, steps=25)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_views_and_lists_follow_any_long_history(template: Path) -> None:
    run(template, examples=200, steps=80)
