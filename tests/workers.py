"""What tests run in processes of their own; each function is called in a fresh one."""

import os
import signal
import time
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Event
from uuid import UUID, uuid4

from eventsourcing.persistence import IntegrityError, StoredEvent

from registry.domain.status_list import Shelf
from registry.store import schema
from registry.store.database import Database
from registry.store.leadership import open_leadership
from registry.store.recorders import open_recorder
from tests import making


def processes() -> ForkServerContext:
    """Return the way to start processes: forked from a server that has imported this module."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.workers"])
    return context


def stored_event(stream: UUID, version: int, *, size: int = 20) -> StoredEvent:
    """Return an event of no known topic, which a recorder does not mind."""
    return StoredEvent(stream, version, "test-event-v1", b"x" * size)


def upgrade(url: str) -> str:
    """Bring the database to its newest form."""
    database = Database(url)
    schema.upgrade(database)
    schema.check(database)
    database.close()
    return "done"


def append_streams(url: str, saves: int, size: int) -> list[list[int]]:
    """Save `saves` streams of `size` events each; return their ids."""
    database = Database(url)
    recorder = open_recorder(database)
    ids = []
    for _ in range(saves):
        stream = uuid4()
        events = [stored_event(stream, version) for version in range(1, size + 1)]
        ids.append(recorder.insert_events(events))
    database.close()
    return ids


def append_to_one_stream(url: str, stream: UUID, wanted: int) -> list[int]:
    """Add `wanted` events to a stream others add to as well; return the versions won."""
    database = Database(url)
    recorder = open_recorder(database)
    won: list[int] = []
    while len(won) < wanted:
        newest = recorder.select_events(stream, desc=True, limit=1)
        version = newest[0].originator_version + 1 if newest else 1
        try:
            recorder.insert_events([stored_event(stream, version)])
        except IntegrityError:
            continue
        won.append(version)
    database.close()
    return won


def take_indexes(
    url: str, shelf: Shelf, list_size: int, counts: list[int], give_back: bool
) -> list[tuple[str, int]]:
    """Draw placements in portions; give back what is unspent, or vanish with it."""
    parts = making.connect(url, list_size=list_size)
    placements = [p for count in counts for p in parts.allocator.take(shelf, count)]
    if give_back:
        parts.allocator.give_back()
    parts.close()
    return [(placement.list_id, placement.index) for placement in placements]


def take_and_be_killed(url: str, shelf: Shelf, list_size: int, count: int) -> None:
    """Draw some placements of a block and be killed before any can be given back."""
    parts = making.connect(url, list_size=list_size)
    parts.allocator.take(shelf, count)
    os.kill(os.getpid(), signal.SIGKILL)


def lead_and_wait(url: str, work: str, is_leading: Event) -> None:
    """Lead a work until killed; `is_leading` is set once it is so."""
    leadership = open_leadership(Database(url))
    while not leadership.lead(work):
        time.sleep(0.05)
    is_leading.set()
    time.sleep(60)
