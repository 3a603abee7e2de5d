"""Checkpoints are cosigned by real witnesses over HTTP, whatever some of them do meanwhile."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.floor import LogFolder
from projections.transparency.serving import ServedLogs
from projections.transparency.witness_connection import WitnessUrlError
from projections.transparency.witnesses import Patience, WitnessClient, WitnessState
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.notes import Note
from registry.formats.tlog.policies import Policy
from tests.small_log import ORIGIN, SmallLog
from tests.waiting import wait_until
from tests.witness import Habit, Witness, new_witness, policy_of, serving

IMPATIENT = Patience(
    request=0.5, shortest_round=0.05, longest_round=0.3, first_pause=0.05, longest_pause=0.2
)


class Scene:
    """A log, its witnesses, and what asks them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = SmallLog(folder / "log")
        self.witnesses: list[Witness] = []
        self.stack = ExitStack()
        self.needed: int | None = None

    def witness(self, name: str, *, kinds: str = "ed25519", habit: Habit = Habit.NONE) -> Witness:
        """Start one more witness."""
        witness = new_witness(self.folder, name, logs=[self.log.key], kinds=kinds)
        witness.habit = habit
        self.witnesses.append(self.stack.enter_context(serving(witness)))
        return witness

    @property
    def policy(self) -> Policy:
        return Policy.parse(policy_of([self.log.key], self.witnesses, needed=self.needed))

    @property
    def cosigned(self) -> CosignedCheckpoints:
        return CosignedCheckpoints(self.log.files.path, self.policy)

    def ask(self, patience: Patience = IMPATIENT) -> WitnessClient:
        """Start asking; the client is stopped after the test."""
        lock_file = self.folder / "witnesses.lock"
        client = WitnessClient(self.policy, self.log.newest, lock_file=lock_file, patience=patience)
        self.stack.callback(client.stop)
        client.start()
        return client

    def cosigned_size(self) -> int:
        newest = self.cosigned.newest()
        return size_of(newest) if newest else 0

    def is_cosigned(self, size: int) -> None:
        wait_until(lambda: self.cosigned_size() == size)


def size_of(checkpoint: bytes) -> int:
    return Checkpoint.parse(Note.parse(checkpoint).text).size


def failure_of(client: WitnessClient, witness: Witness) -> str | None:
    return state_of(client, witness).failure


def state_of(client: WitnessClient, witness: Witness) -> WitnessState:
    (state,) = [state for state in client.states if state.url == witness.url]
    return state


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    with scene.stack:
        yield scene


@pytest.mark.parametrize("kinds", ["ed25519", "mldsa44", "ed25519 and mldsa44"])
def test_checkpoint_is_cosigned_with_each_type_of_key(scene: Scene, kinds: str) -> None:
    scene.witness("w1", kinds=kinds)
    scene.log.grow(5)

    scene.ask()

    scene.is_cosigned(5)
    newest = scene.cosigned.newest()
    assert newest is not None
    found = scene.policy.check(newest).cosignatures
    assert {each.key for each in found} == set(scene.witnesses[0].verifier_keys)
    assert all(abs(each.at - time.time()) < 20 for each in found)


def test_witness_is_shown_that_the_tree_grew_from_the_one_it_cosigned(scene: Scene) -> None:
    witness = scene.witness("w1")
    scene.log.grow(3)
    client = scene.ask()
    scene.is_cosigned(3)

    scene.log.grow(300)
    client.wake()

    scene.is_cosigned(303)
    assert witness.requests == [(0, 3), (3, 303)]
    assert witness.size(ORIGIN) == 303


def test_size_of_each_witness_outlives_the_process(scene: Scene) -> None:
    witness = scene.witness("w1")
    scene.log.grow(3)
    client = scene.ask()
    scene.is_cosigned(3)
    client.stop()

    scene.log.grow(1)
    scene.ask()

    scene.is_cosigned(4)
    assert witness.requests == [(0, 3), (3, 4)]


def test_witness_that_knows_another_size_is_asked_again_from_there(scene: Scene) -> None:
    witness = scene.witness("w1")
    scene.log.grow(7)
    first = scene.ask()
    scene.is_cosigned(7)
    first.stop()
    (size_file,) = (scene.log.files.path / "witnesses").iterdir()
    size_file.unlink()

    scene.log.grow(5)
    scene.ask()

    scene.is_cosigned(12)
    assert witness.requests[1:] == [(0, 12), (7, 12)]
    assert witness.statuses == [200, 409, 200]


def test_witness_that_forgot_everything_is_shown_the_tree_from_its_beginning(scene: Scene) -> None:
    witness = scene.witness("w1")
    scene.log.grow(7)
    client = scene.ask()
    scene.is_cosigned(7)

    witness.forget()
    scene.log.grow(2)
    client.wake()

    scene.is_cosigned(9)
    assert witness.requests[1:] == [(7, 9), (0, 9)]


def test_quorum_is_met_while_one_witness_is_dead_and_another_slow(scene: Scene) -> None:
    scene.witness("w1")
    scene.witness("w2", kinds="mldsa44")
    slow = scene.witness("slow", habit=Habit.SLOW)
    with serving(new_witness(scene.folder, "dead", logs=[])) as dead:
        scene.witnesses.append(dead)
    scene.needed = 2
    scene.log.grow()

    client = scene.ask()

    scene.is_cosigned(1)
    scene.log.grow()
    client.wake()
    scene.is_cosigned(2)
    wait_until(lambda: failure_of(client, slow) is not None)
    assert failure_of(client, dead) == "it gave no answer (ConnectionRefusedError)"


def test_witness_that_comes_back_cosigns_the_newest(scene: Scene) -> None:
    witness = scene.witness("w1")
    witness.status = 503
    scene.log.grow()
    client = scene.ask()
    wait_until(lambda: failure_of(client, witness) is not None)
    scene.log.grow()

    witness.status = None

    scene.is_cosigned(2)
    wait_until(lambda: failure_of(client, witness) is None)


@pytest.mark.parametrize(
    ("habit", "said"),
    [
        (Habit.WRONG_SIGNATURE, "its answer is no cosignature"),
        (Habit.GARBAGE, "its answer is no cosignature"),
        (Habit.GARBAGE_CONFLICT, "it answered 409 with something else than a size"),
        (Habit.HUGE, "its answer is longer than"),
        (Habit.HUNG_UP, "it gave no answer"),
        (Habit.SLOW, "it gave no answer"),
        (Habit.DRIPPING, "it gave no answer"),
    ],
)
def test_answer_that_is_no_cosignature_changes_nothing(
    scene: Scene, habit: Habit, said: str
) -> None:
    witness = scene.witness("w1", habit=habit)
    scene.log.grow()
    before = scene.log.files.checkpoint()

    client = scene.ask()

    wait_until(lambda: failure_of(client, witness) is not None)
    assert (failure_of(client, witness) or "").startswith(said)
    assert not state_of(client, witness).disagrees
    assert scene.cosigned.newest() is None
    assert scene.cosigned.with_cosignatures(before or b"") == before


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "it answered 403: it knows the log by another key"),
        (404, "it answered 404: it does not know the log"),
        (409, "it answered 409 without a size"),
        (500, "it answered 500: it has a fault of its own"),
        (302, "it answered 302: it has a fault of its own"),
    ],
)
def test_refusal_is_told_in_words(scene: Scene, status: int, said: str) -> None:
    witness = scene.witness("w1")
    witness.status = status
    scene.log.grow()

    client = scene.ask()

    wait_until(lambda: failure_of(client, witness) == said)
    assert not state_of(client, witness).disagrees


def test_signatures_by_strangers_are_dropped(scene: Scene) -> None:
    scene.witness("w1", habit=Habit.STRANGER)
    scene.log.grow()

    scene.ask()

    scene.is_cosigned(1)
    newest = Note.parse(scene.cosigned.newest() or b"")
    assert [each.name for each in newest.signatures] == [ORIGIN, "w1.example/witness"]


def test_witness_that_saw_another_tree_of_the_same_size_raises_the_alarm(scene: Scene) -> None:
    witness = scene.witness("w1")
    fork = SmallLog(scene.folder / "fork", "other ", scene.log.signer)
    witness.add_checkpoint(b"old 0\n\n" + fork.grow(4))
    scene.log.grow(4)

    client = scene.ask()

    wait_until(lambda: state_of(client, witness).disagrees)
    assert failure_of(client, witness) == "it holds another tree of 4 leaves"


def test_witness_that_saw_another_beginning_raises_the_alarm(scene: Scene) -> None:
    witness = scene.witness("w1")
    fork = SmallLog(scene.folder / "fork", "other ", scene.log.signer)
    witness.add_checkpoint(b"old 0\n\n" + fork.grow(4))
    scene.log.grow(9)

    client = scene.ask()

    wait_until(lambda: state_of(client, witness).disagrees)
    assert "does not find the tree" in (failure_of(client, witness) or "")


def test_witness_that_saw_a_larger_tree_raises_the_alarm(scene: Scene) -> None:
    witness = scene.witness("w1")
    fork = SmallLog(scene.folder / "longer", "", scene.log.signer)
    witness.add_checkpoint(b"old 0\n\n" + fork.grow(9))
    scene.log.grow(4)

    client = scene.ask()

    wait_until(lambda: state_of(client, witness).disagrees)
    assert failure_of(client, witness) == (
        "it has cosigned a tree of 9 leaves, more than the log has"
    )


def test_cosignatures_are_served_under_the_same_text_and_no_other(scene: Scene) -> None:
    scene.witness("w1")
    first = scene.log.grow()
    scene.ask()
    scene.is_cosigned(1)

    served = scene.cosigned.with_cosignatures(first)

    assert Note.parse(served).text == Note.parse(first).text
    assert len(Note.parse(served).signatures) == 2
    second = SmallLog(scene.folder / "next", "", scene.log.signer).grow(2)
    assert scene.cosigned.with_cosignatures(second) == second


def test_every_cosigned_checkpoint_is_kept(scene: Scene) -> None:
    scene.witness("w1")
    client, cosigned = scene.ask(), scene.cosigned
    for size in (1, 2, 3):
        scene.log.grow()
        client.wake()
        scene.is_cosigned(size)
        assert [size_of(each) for each in cosigned.all()] == list(range(1, size + 1))


def test_asking_anew_keeps_the_first_cosignature_of_each_witness(scene: Scene) -> None:
    witness = scene.witness("w1")
    scene.log.grow()
    first = scene.ask()
    scene.is_cosigned(1)
    first.stop()
    before = scene.cosigned.newest()
    time.sleep(1.1)  # A cosignature's time is in seconds.

    client = scene.ask()

    wait_until(lambda: state_of(client, witness).cosigned_size == 1)
    assert scene.cosigned.newest() == before


def test_one_process_at_a_time_asks_the_witnesses(scene: Scene) -> None:
    witness = scene.witness("w1")
    first = scene.ask()
    second = scene.ask()
    scene.log.grow()
    scene.is_cosigned(1)
    assert len(witness.requests) == 1

    first.stop()
    scene.log.grow()

    scene.is_cosigned(2)
    wait_until(lambda: state_of(second, witness).cosigned_size == 2)


def test_connection_to_a_witness_is_kept(scene: Scene) -> None:
    witness = scene.witness("w1")
    client = scene.ask()
    for size in (1, 2):
        scene.log.grow()
        client.wake()
        scene.is_cosigned(size)

    assert len(witness.clients) == 1


@pytest.mark.parametrize("url", ["http://witness.example", "ftp://localhost", "https://"])
def test_checkpoints_are_sent_over_https_or_to_this_machine_alone(scene: Scene, url: str) -> None:
    scene.witness("w1").url = url

    with pytest.raises(WitnessUrlError):
        scene.ask()


def test_stopping_waits_for_no_witness(scene: Scene) -> None:
    witness = scene.witness("w1", habit=Habit.SLOW)
    scene.log.grow()
    client = scene.ask(Patience(request=30))
    wait_until(lambda: bool(witness.clients))
    began = time.monotonic()

    client.stop()

    assert time.monotonic() - began < 2


def test_slow_witness_leaves_whoever_signs_checkpoints_alone(scene: Scene) -> None:
    scene.witness("w1", habit=Habit.SLOW)
    client = scene.ask()
    began = time.monotonic()

    for _ in range(20):
        scene.log.grow()
        client.wake()

    assert time.monotonic() - began < 2


def test_checkpoint_that_no_quorum_cosigned_is_not_served(scene: Scene) -> None:
    scene.witness("w1")
    scene.log.grow(3)
    assert served(scene) is None

    client = scene.ask()
    scene.is_cosigned(3)
    client.stop()
    scene.log.grow(1)

    assert size_of(served(scene) or b"") == 3


def served(scene: Scene) -> bytes | None:
    folder = LogFolder(scene.log.root)
    return ServedLogs(folder, f"https://{ORIGIN}", policy=scene.policy).checkpoint(1)


def test_witness_that_signs_without_end_spoils_nothing_for_the_others(scene: Scene) -> None:
    scene.witness("w1")
    bad = scene.witness("w2", habit=Habit.OVERZEALOUS)
    scene.needed = 1
    scene.log.grow(3)
    client = scene.ask()
    wait_until(lambda: "more than once" in (failure_of(client, bad) or ""))
    scene.is_cosigned(3)
    scene.log.grow(2)
    scene.is_cosigned(5)
    served = Note.parse(scene.cosigned.with_cosignatures(scene.log.sign()))
    assert len(served.signatures) == 2


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"registry.example.org/log\nx\n\n"])
def test_damaged_files_count_as_absent_and_witnesses_go_on(scene: Scene, damage: bytes) -> None:
    scene.witness("w1")
    scene.log.grow(5)
    client = scene.ask()
    scene.is_cosigned(5)
    client.stop()
    for name in ("cosigning", "cosigned/latest", "cosigned/5"):
        (scene.log.files.path / name).write_bytes(damage)
    served = ServedLogs(LogFolder(scene.folder / "log"), f"https://{ORIGIN.removesuffix('/log')}")
    assert served.checkpoint(1) == scene.log.files.checkpoint()
    assert scene.cosigned.newest() is None
    assert list(scene.cosigned.all()) == []

    scene.ask()
    scene.is_cosigned(5)
    scene.log.grow(5)

    scene.is_cosigned(10)


def test_damaged_latest_is_read_from_what_it_is_a_copy_of(scene: Scene) -> None:
    scene.witness("w1")
    scene.log.grow(5)
    scene.ask()
    scene.is_cosigned(5)
    (scene.log.files.path / "cosigned/latest").write_bytes(b"nonsense")
    assert scene.cosigned_size() == 5


def test_damaged_cosignature_is_not_served_and_not_kept(scene: Scene) -> None:
    scene.witness("w1")
    checkpoint = scene.log.grow(5)
    client = scene.ask()
    scene.is_cosigned(5)
    client.stop()
    collected = Note.parse((scene.log.files.path / "cosigning").read_bytes())
    *others, last = collected.signatures
    forged = replace(last, signature=last.signature[:-1] + bytes([last.signature[-1] ^ 1]))
    damaged = replace(collected, signatures=(*others, forged))
    (scene.log.files.path / "cosigning").write_bytes(damaged.to_bytes())
    assert scene.cosigned.with_cosignatures(checkpoint) == checkpoint
