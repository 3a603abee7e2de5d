"""Stored events become leaves, tiles and signed checkpoints."""

import shutil
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from api.founding import make_missing_log_key
from projections.transparency.checkpoint_signing import SIGN_SECONDS
from projections.transparency.errors import NotDurableError
from projections.transparency.serving import ServedLogs
from projections.transparency.tree_state import index_of, position_of
from registry.formats.tlog.entry_bundles import decode_entries
from registry.formats.tlog.leaves import EventLeaf, read_leaf
from registry.formats.tlog.merkle import leaf_hashes, root_of
from registry.formats.tlog.notes import Note, NoteError
from registry.store.database import Database
from registry.store.log_keys import LogKeyError, add_log_key, read_log_keys, retire_log_key
from tests.integration.projections.by_hand import ByHand
from tests.integration.projections.logged import (
    assert_extends,
    assert_whole,
    opened,
    stored_leaves,
    verifier_key,
    with_seconds,
)
from tests.making import PUBLIC_URL

Another = Callable[[], ByHand]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def skip_positions(database: Database, count: int) -> None:
    """Use up positions as transactions that were rolled back do."""
    if database.is_sqlite:
        statement = f"UPDATE sqlite_sequence SET seq = seq + {count} WHERE name = 'stored_events'"
    else:
        sequence = "pg_get_serial_sequence('stored_events', 'notification_id')"
        statement = f"SELECT nextval({sequence}) FROM generate_series(1, {count})"
    with database.writing() as connection:
        connection.execute(text(statement))


def alarm(by_hand: ByHand) -> str | None:
    return by_hand.registry.transparency.alarm


def test_every_event_is_a_leaf_under_a_signed_checkpoint(by_hand: ByHand) -> None:
    by_hand.issue(3)
    by_hand.settle()
    log = by_hand.registry.transparency
    assert log.run() == by_hand.registry.history.end()
    checkpoint = assert_whole(by_hand)
    assert checkpoint.origin == "registry.example.org/log"
    assert log.alarm is None


@on_sqlite
def test_a_leaf_holds_the_stored_bytes_of_its_event(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue()
    log = by_hand.registry.transparency
    log.run()
    leaves = [read_leaf(leaf) for leaf in log.files.leaves(0, log.size)]
    (issued,) = [
        leaf
        for leaf in leaves
        if isinstance(leaf, EventLeaf) and leaf.topic == "credential-issued-v1"
    ]
    (stored,) = by_hand.registry.recorder.select_events(credential.id)
    assert (issued.stream, issued.version) == (str(credential.id), 1)
    assert issued.state == stored.state


@on_sqlite
def test_checkpoints_follow_each_other_consistently(by_hand: ByHand) -> None:
    log = by_hand.registry.transparency
    for number in range(1, 6):
        by_hand.issue(number, number=number)
        log.run()
        before = assert_whole(by_hand)
        by_hand.settle()
        log.run()
        assert_extends(by_hand, before)


@on_sqlite
def test_a_tree_of_more_than_a_tile_is_served_in_tiles_and_bundles(by_hand: ByHand) -> None:
    credentials = by_hand.issue(300)
    assert len(credentials) == 300
    log = by_hand.registry.transparency
    log.run()
    leaves = stored_leaves(by_hand.registry)
    hashes, rest = leaf_hashes(leaves), len(leaves) - 256
    served = ServedLogs(log.folder, PUBLIC_URL)
    assert served.tile(1, "tile/0/000") == b"".join(hashes[:256])
    assert served.tile(1, "tile/0/000.p/7") == b"".join(hashes[:7])
    assert served.tile(1, f"tile/0/001.p/{rest}") == b"".join(hashes[256:])
    assert served.tile(1, "tile/1/000.p/1") == root_of(hashes[:256])
    assert decode_entries(served.entries(1, f"tile/entries/001.p/{rest}") or b"") == leaves[256:]
    assert decode_entries(served.entries(1, "tile/entries/000") or b"") == leaves[:256]


@on_sqlite
def test_what_no_checkpoint_covers_is_not_served(by_hand: ByHand) -> None:
    by_hand.issue(260)
    log = by_hand.registry.transparency
    log.run()
    beyond = ["0/001.p/255", "0/003", "1/000", "1/000.p/2", "2/000.p/1"]
    no_names = ["0/000.p/0", "0/000.p/256", "00/000", "0/0", "0/../../checkpoint", "x/000", ""]
    served = ServedLogs(log.folder, PUBLIC_URL)
    assert [served.tile(1, f"tile/{path}") for path in beyond + no_names] == [None] * 12


@on_sqlite
def test_leaves_that_are_not_signed_for_yet_are_not_served(by_hand: ByHand) -> None:
    by_hand.issue()
    log = with_seconds(by_hand.registry, lambda: 0.0)
    log.tick()
    size = log.size
    by_hand.issue(number=2)
    log.tick()
    served = ServedLogs(log.folder, PUBLIC_URL)
    assert served.tile(1, f"tile/0/000.p/{size}") is not None
    assert served.tile(1, f"tile/0/000.p/{size + 1}") is None
    assert served.entries(1, f"tile/entries/000.p/{size + 1}") is None


@on_sqlite
def test_without_new_events_nothing_is_signed(by_hand: ByHand) -> None:
    by_hand.issue()
    log = by_hand.registry.transparency
    log.run()
    checkpoint = log.files.path / "checkpoint"
    before = checkpoint.stat().st_mtime_ns
    assert log.run() == 0
    assert checkpoint.stat().st_mtime_ns == before


@on_sqlite
def test_an_empty_registry_signs_nothing(by_hand: ByHand) -> None:
    assert by_hand.registry.transparency.run() == 0
    assert by_hand.registry.transparency.checkpoint() is None


@on_sqlite
def test_a_checkpoint_is_signed_at_most_every_tenth_of_a_second(by_hand: ByHand) -> None:
    seconds = [10.0]
    log = with_seconds(by_hand.registry, lambda: seconds[0])
    by_hand.issue()
    log.tick()
    signed = log.size
    by_hand.issue(number=2)
    seconds[0] += 0.05
    assert log.tick() > 0
    assert log.is_resting
    assert log.size == signed
    seconds[0] += 0.06
    log.tick()
    assert log.size == by_hand.registry.history.end()


@on_sqlite
def test_a_command_that_ends_leaves_nothing_unsigned(by_hand: ByHand) -> None:
    log = by_hand.registry.transparency
    by_hand.issue()
    log.finish()
    by_hand.issue(number=2)
    log.finish()
    assert log.size == by_hand.registry.history.end()


@on_sqlite
@pytest.mark.parametrize("step", [0.01, 0.03, 0.04, 0.06])
def test_nothing_is_left_unsigned_wherever_the_tenth_of_a_second_ends(
    by_hand: ByHand, step: float
) -> None:
    seconds, steps = [10.0], [0.0]

    def looked_at() -> float:
        seconds[0] += steps[0]
        return seconds[0]

    log = with_seconds(by_hand.registry, looked_at)
    by_hand.issue()
    log.run()
    steps[0] = step
    by_hand.issue(number=2)
    log.run()
    assert log.size == by_hand.registry.history.end()


@on_sqlite
def test_a_log_that_fails_does_not_fail_the_command_that_ends(by_hand: ByHand) -> None:
    by_hand.issue()
    by_hand.registry.settings.log_key_file.unlink()
    by_hand.registry.transparency.finish()
    assert "no key" in (by_hand.registry.transparency.alarm or "")


@on_sqlite
def test_log_that_never_had_a_key_gets_one_though_a_server_ran_without(by_hand: ByHand) -> None:
    registry = by_hand.registry
    registry.settings.log_key_file.unlink()
    by_hand.issue()
    registry.transparency.finish()
    make_missing_log_key(registry.settings, registry.database)
    registry.transparency.finish()
    assert registry.transparency.size == registry.history.end()


def test_positions_may_skip_and_leaves_do_not(by_hand: ByHand) -> None:
    registry, log = by_hand.registry, by_hand.registry.transparency
    for number in range(1, 4):
        by_hand.issue(number=number)
        log.run()
        skip_positions(registry.database, 3)
    by_hand.issue(number=9)
    log.run()
    checkpoint = assert_whole(by_hand)
    found = registry.recorder.select_notifications(None, 1000)
    positions = [event.id for event in found]
    assert positions[-1] >= checkpoint.size + 9
    with registry.database.reading() as connection:
        indexes = [index_of(connection, 1, n) for n in range(positions[-1] + 3)]
        assert [position_of(connection, 1, i) for i in range(len(found))] == positions
    assert [n for n, index in enumerate(indexes) if index is not None] == positions
    assert [index for index in indexes if index is not None] == list(range(len(found)))


@on_sqlite
def test_an_event_this_version_cannot_read_is_a_leaf_like_any_other(by_hand: ByHand) -> None:
    by_hand.add_unknown_event(by_hand.issue()[0].id)
    by_hand.registry.transparency.run()
    assert_whole(by_hand)


def test_processes_take_turns_with_one_log(another: Another) -> None:
    first, second = another(), another()
    for number in range(1, 4):
        first.issue(number=number)
        first.registry.transparency.tick()
        second.issue(number=10 + number)
        second.registry.transparency.tick()
    first.registry.transparency.run()
    second.registry.transparency.run()
    assert assert_whole(second) == assert_whole(first)


@on_sqlite
def test_while_another_process_has_the_folder_nothing_is_done(by_hand: ByHand) -> None:
    by_hand.issue()
    log = by_hand.registry.transparency
    with log.folder.locked() as is_ours:
        assert is_ours
        assert log.tick() == 0
    assert log.tick() > 0


@on_sqlite
def test_two_keys_both_sign_until_one_is_retired(by_hand: ByHand) -> None:
    registry, file = by_hand.registry, by_hand.registry.settings.log_key_file
    (old,) = read_log_keys(None, file=file)
    new = add_log_key(file)
    keys = [verifier_key(registry, key) for key in (old, new)]
    by_hand.issue()
    registry.transparency.run()
    assert opened(registry, keys[:1]) == opened(registry, keys[1:])
    retire_log_key(file, keys[0].public_key)
    by_hand.issue(number=2)
    registry.transparency.run()
    opened(registry, keys[1:])
    with pytest.raises(NoteError):
        opened(registry, keys[:1])
    assert registry.transparency.files.keys() == tuple(keys)


@on_sqlite
def test_a_new_key_signs_the_checkpoint_there_is(by_hand: ByHand) -> None:
    by_hand.issue()
    registry = by_hand.registry
    registry.transparency.run()
    before = opened(registry)
    new = verifier_key(registry, add_log_key(registry.settings.log_key_file))
    with_seconds(registry, lambda: 0.0).tick()
    assert opened(registry, [new]) == before


@on_sqlite
def test_the_last_key_is_not_retired(by_hand: ByHand) -> None:
    file = by_hand.registry.settings.log_key_file
    (key,) = read_log_keys(None, file=file)
    with pytest.raises(LogKeyError, match="only key"):
        retire_log_key(file, key.public_key().public_bytes_raw())


@on_sqlite
def test_without_its_key_the_log_signs_nothing_and_lists_are_published(by_hand: ByHand) -> None:
    (credential,) = by_hand.issue()
    registry = by_hand.registry
    registry.transparency.run()
    before = registry.transparency.checkpoint()
    registry.settings.log_key_file.unlink()
    by_hand.revoke(credential)
    by_hand.clock.advance(seconds=1)
    time.sleep(SIGN_SECONDS)
    registry.runner.turn()
    assert by_hand.bit(credential) == 1
    assert registry.transparency.checkpoint() == before
    assert "no key" in (registry.transparency.alarm or "")


@on_sqlite
def test_a_log_that_was_signed_gets_no_other_key_by_itself(
    by_hand: ByHand, another: Another
) -> None:
    by_hand.issue()
    by_hand.registry.transparency.run()
    by_hand.registry.settings.log_key_file.unlink()
    shutil.rmtree(by_hand.registry.transparency.folder.root)
    assert not another().registry.settings.log_key_file.exists()


@on_sqlite
def test_a_log_folder_that_cannot_be_written_raises_an_alarm_that_ends(by_hand: ByHand) -> None:
    registry = by_hand.registry
    (credential,) = by_hand.issue()
    registry.transparency.folder.root.write_text("not a folder")
    by_hand.clock.advance(seconds=1)
    registry.runner.turn()
    assert by_hand.bit(credential) == 0
    assert alarm(by_hand) == "Not a directory"
    registry.transparency.folder.root.unlink()
    registry.runner.turn()
    assert alarm(by_hand) is None
    registry.transparency.run()
    assert_whole(by_hand)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_postgresql_may_lose_is_not_signed(by_hand: ByHand) -> None:
    database = by_hand.registry.database
    with database.writing() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    database.close()
    by_hand.issue()
    with pytest.raises(NotDurableError, match="synchronous_commit"):
        by_hand.registry.transparency.tick()
    assert by_hand.registry.transparency.checkpoint() is None


@on_sqlite
def test_the_checkpoint_is_a_note_of_three_lines(by_hand: ByHand) -> None:
    by_hand.issue()
    by_hand.registry.transparency.run()
    note = Note.parse(by_hand.registry.transparency.checkpoint() or b"")
    assert note.text.count("\n") == 3
    assert [each.name for each in note.signatures] == ["registry.example.org/log"]
