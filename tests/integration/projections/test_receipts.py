"""Receipts of what a real registry recorded, under checkpoints that were signed and cosigned."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.errors import LogContradictedError
from projections.transparency.receipts import NoSuchEventError, NotLoggedYetError, Receipts
from projections.transparency.witnesses import Patience, WitnessClient, newest_in
from registry.domain.credential import Credential
from registry.domain.status_list import publication_id
from registry.formats.document_digest import document_digest
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.receipts import check_receipt
from tests.integration.projections.by_hand import ByHand, list_of, name_of
from tests.waiting import wait_until
from tests.witness import Witness, log_key, new_witness, policy_of, serving


@dataclass
class Logged:
    """A registry whose log a test grows, and a witness that may cosign it."""

    by_hand: ByHand
    folder: Path
    stack: ExitStack

    def log(self) -> None:
        """Make leaves of every event there is, under a signed checkpoint."""
        self.by_hand.registry.transparency.run()

    def policy(self, *witnesses: Witness) -> Policy:
        keys = list(self.by_hand.registry.transparency.files.keys())
        return Policy.parse(policy_of(keys, list(witnesses)))

    def receipts(self, *witnesses: Witness) -> Receipts:
        registry = self.by_hand.registry
        policy = self.policy(*witnesses) if witnesses else None
        return Receipts(
            database=registry.database, folder=registry.transparency.folder, policy=policy
        )

    def witness(self) -> Witness:
        keys = list(self.by_hand.registry.transparency.files.keys())
        return self.stack.enter_context(serving(new_witness(self.folder, "w1", logs=keys)))

    def cosign(self, witness: Witness) -> None:
        """Have the newest checkpoint cosigned."""
        folder, policy = self.by_hand.registry.transparency.folder, self.policy(witness)
        client = WitnessClient(
            policy,
            lambda: newest_in(folder),
            lock_file=self.folder / "lock",
            patience=Patience(shortest_round=0.05),
        )
        client.start()
        size = self.by_hand.registry.transparency.size
        wait_until(lambda: client.states[0].cosigned_size == size)
        client.stop()

    def document(self, credential: Credential) -> bytes:
        application = self.by_hand.registry.application
        return application.document(credential.issuance.issuer_id, str(credential.id))


BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: receipts are made of files, so SQLite unless `BOTH`."""
    if getattr(request, "param", "sqlite") == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/registry.db"


@pytest.fixture
def logged(by_hand: ByHand, tmp_path: Path) -> Iterator[Logged]:
    with ExitStack() as stack:
        yield Logged(by_hand, tmp_path, stack)


@BOTH
def test_receipt_proves_that_a_credential_was_issued(logged: Logged) -> None:
    first, second = logged.by_hand.issue(2)
    logged.log()

    for credential in (first, second):
        receipt = logged.receipts().for_credential(str(credential.id))
        digest = document_digest(logged.document(credential))
        verdict = check_receipt(digest, receipt, logged.policy())
        assert (verdict.leaf.topic, verdict.leaf.stream) == (
            "credential-issued-v1",
            str(credential.id),
        )


def test_receipt_proves_that_a_version_of_a_list_was_published(logged: Logged) -> None:
    (credential,) = logged.by_hand.issue()
    logged.by_hand.settle()
    logged.log()
    published = logged.by_hand.registry.folder.root / name_of(credential)
    stream = publication_id(list_of(credential), "revocation")

    receipt = logged.receipts().for_event(stream, 1)

    verdict = check_receipt(document_digest(published.read_bytes()), receipt, logged.policy())
    assert verdict.leaf.topic == "status-list-published-v1"


def test_event_has_no_receipt_before_it_is_logged(logged: Logged) -> None:
    (credential,) = logged.by_hand.issue()

    with pytest.raises(NotLoggedYetError):
        logged.receipts().for_credential(str(credential.id))


def test_receipt_is_under_the_newest_checkpoint(logged: Logged) -> None:
    (credential,) = logged.by_hand.issue()
    logged.log()
    logged.by_hand.revoke(credential)
    time.sleep(0.11)  # Checkpoints are signed a tenth of a second apart.
    logged.log()

    receipt = logged.receipts().for_credential(str(credential.id))

    assert receipt.checkpoint == logged.by_hand.registry.transparency.checkpoint()


def test_receipt_waits_for_the_quorum_of_witnesses(logged: Logged) -> None:
    (credential,) = logged.by_hand.issue()
    logged.log()
    witness = logged.witness()
    receipts = logged.receipts(witness)
    with pytest.raises(NotLoggedYetError):
        receipts.for_credential(str(credential.id))

    logged.cosign(witness)

    receipt = receipts.for_credential(str(credential.id))
    digest = document_digest(logged.document(credential))
    verdict = check_receipt(digest, receipt, logged.policy(witness))
    assert [each.key for each in verdict.cosignatures] == witness.verifier_keys


def test_receipt_stays_under_the_cosigned_checkpoint_while_the_log_grows(logged: Logged) -> None:
    (old,) = logged.by_hand.issue()
    logged.log()
    witness = logged.witness()
    logged.cosign(witness)
    (new,) = logged.by_hand.issue(number=2)
    logged.log()
    receipts = logged.receipts(witness)

    receipt = receipts.for_credential(str(old.id))

    logged.policy(witness).check(receipt.checkpoint)
    with pytest.raises(NotLoggedYetError):
        receipts.for_credential(str(new.id))


def test_policy_without_the_key_of_the_log_is_said_to_hinder_receipts(logged: Logged) -> None:
    logged.by_hand.issue()
    logged.log()
    witness, registry = logged.witness(), logged.by_hand.registry
    stranger = Policy.parse(policy_of([log_key("other.example/log").verifier_key], [witness]))
    folder = registry.transparency.folder

    hindered = Receipts(database=registry.database, folder=folder, policy=stranger)

    assert "names no key" in (hindered.hindrance or "")
    assert logged.receipts(witness).hindrance is None
    assert logged.receipts().hindrance is None


@BOTH
def test_event_that_is_not_there_has_no_receipt(logged: Logged) -> None:
    logged.by_hand.issue()
    logged.log()

    with pytest.raises(NoSuchEventError):
        logged.receipts().for_event(uuid4(), 1)


@BOTH
def test_event_of_another_stream_in_its_place_gets_no_receipt(logged: Logged) -> None:
    first, second = logged.by_hand.issue(2)
    logged.log()
    _swap(logged.by_hand, first.id, second.id)

    with pytest.raises(LogContradictedError, match="another leaf"):
        logged.receipts().for_credential(str(first.id))


def test_leaf_changed_in_the_folder_gets_no_receipt(logged: Logged) -> None:
    (credential,) = logged.by_hand.issue()
    logged.log()
    bundle = logged.by_hand.registry.transparency.files.path / "entries" / "000"
    digest = credential.issuance.document_digest.encode()
    bundle.write_bytes(bundle.read_bytes().replace(digest, digest[::-1]))

    with pytest.raises(LogContradictedError, match="not under its checkpoint"):
        logged.receipts().for_credential(str(credential.id))


def test_cosigned_checkpoints_are_those_of_the_log_itself(logged: Logged) -> None:
    logged.by_hand.issue()
    logged.log()
    witness = logged.witness()
    logged.cosign(witness)
    files = logged.by_hand.registry.transparency.files
    cosigned = CosignedCheckpoints(files.path, logged.policy(witness))

    served = cosigned.with_cosignatures(files.checkpoint() or b"")

    assert served == cosigned.newest()


def _swap(by_hand: ByHand, one: UUID, other: UUID) -> None:
    """Let two streams change their ids, as no registry would."""
    spare = uuid4()
    if by_hand.registry.database.is_sqlite:
        by_hand.execute("DROP TRIGGER stored_events_no_update")
    else:
        by_hand.execute("ALTER TABLE stored_events DISABLE TRIGGER USER")
    for old, new in ((one, spare), (other, one), (spare, other)):
        _rename(by_hand, old, new)


def _rename(by_hand: ByHand, old: UUID, new: UUID) -> None:
    as_key = str if by_hand.registry.database.is_sqlite else UUID
    by_hand.execute(
        "UPDATE stored_events SET originator_id = :new WHERE originator_id = :old",
        old=as_key(str(old)),
        new=as_key(str(new)),
    )
