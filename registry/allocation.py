"""Give out status list indexes: reserve blocks by an event, spend them in memory.

A block's counters belong to one process for ever, so no two processes can give out the same
index, and no row is locked for a single credential. The keyed permutation of the list turns
counters into indexes. What a crash leaves unspent is never given out; a graceful stop returns it.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count as count_from
from uuid import UUID

from registry.commands import Commands
from registry.domain.aggregate import Aggregate, Command
from registry.domain.credential import Placement
from registry.domain.errors import ConcurrentChangeError, ConflictError, StatusListFullError
from registry.domain.events import StatusListClosed, StatusListRetired
from registry.domain.instants import instant
from registry.domain.permutation import Permutation
from registry.domain.status_list import Range, Shelf, StatusList
from registry.store.key_store import KeyStore, SecretMissingError
from registry.streams import Streams

SMALLEST_BLOCK = 16
LARGEST_BLOCK = 4096
BUSY = timedelta(seconds=60)
"""A block spent faster than this is followed by one four times as large."""

LONGEST_KEPT = timedelta(hours=12)
"""A block older than this is spent no more: its list may be closed, and retire one day."""

MOST_UNFILLED = 8
"""How many lists of a shelf may wait to be filled before no more are opened on request."""

ATTEMPTS = 50


@dataclass
class _Block:
    """Reserved counters that this process has yet to spend."""

    list_id: UUID
    permutation: Permutation
    first: int
    count: int
    reserved_at: datetime

    def spend(self, count: int) -> list[Placement]:
        taken = min(count, self.count)
        counters = range(self.first, self.first + taken)
        self.first, self.count = self.first + taken, self.count - taken
        list_id = str(self.list_id)
        return [Placement(list_id, self.permutation.index(counter)) for counter in counters]


class _ShelfState:
    """What this process knows of one shelf; guarded by its lock."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.block: _Block | None = None
        self.block_size = SMALLEST_BLOCK
        self.sequence = 0
        self.status_list: StatusList | None = None


class Allocator:
    """Gives out placements on shelves; safe to use from many threads and many processes."""

    def __init__(
        self, streams: Streams, keys: KeyStore, commands: Commands, *, list_size: int
    ) -> None:
        self._streams = streams
        self._keys = keys
        self._commands = commands
        self._list_size = list_size
        self._shelves: dict[Shelf, _ShelfState] = {}
        self._lock = threading.Lock()

    def take(self, shelf: Shelf, count: int) -> list[Placement]:
        """Return `count` placements that nobody was given before or will be given again."""
        state = self._state(shelf)
        placements: list[Placement] = []
        with state.lock:
            while len(placements) < count:
                if state.block is None or not self._is_spendable(state.block):
                    state.block = self._reserve(shelf, state, count - len(placements))
                placements += state.block.spend(count - len(placements))
        return placements

    def open_next(self, shelf: Shelf, command: Command) -> UUID:
        """Open the next list of a shelf ahead of need; a repeat of the command opens no other.

        The lists are filled in turn all the same. Raises ConflictError past eight unfilled ones.
        """
        for _ in range(ATTEMPTS):
            with suppress(ConcurrentChangeError):
                return self._try_to_open_next(shelf, command)
        raise ConcurrentChangeError("too many processes open lists of this shelf at once")

    def _try_to_open_next(self, shelf: Shelf, command: Command) -> UUID:
        unfilled = 0
        for sequence in count_from():
            list_id = shelf.list_id(sequence)
            status_list = self._streams.load_at(StatusList(list_id), 1)
            if not status_list.version:
                break
            if status_list.answered(command) is not None:
                return list_id
            unfilled += not self._is_closed(list_id)
        if unfilled >= MOST_UNFILLED:
            raise ConflictError(
                f"{unfilled} lists wait to be filled", remedy="issue credentials into them first"
            )
        self._open(status_list, shelf, sequence, command)
        self._streams.store(status_list)
        return list_id

    def _is_spendable(self, block: _Block) -> bool:
        age = self._commands.clock() - block.reserved_at
        return block.count > 0 and age < LONGEST_KEPT

    def give_back(self) -> None:
        """Return what is unspent on every shelf; for a graceful stop."""
        for state in list(self._shelves.values()):
            with state.lock:
                self._give_back(state)

    def _state(self, shelf: Shelf) -> _ShelfState:
        with self._lock:
            return self._shelves.setdefault(shelf, _ShelfState())

    def _reserve(self, shelf: Shelf, state: _ShelfState, wanted: int) -> _Block:
        size = self._next_block_size(state, wanted)
        for _ in range(ATTEMPTS):
            try:
                return self._try_to_reserve(shelf, state, size)
            except StatusListFullError:
                self._move_on(state)
            except ConcurrentChangeError:
                continue
        raise ConcurrentChangeError("too many processes reserve indexes of this list at once")

    def _next_block_size(self, state: _ShelfState, wanted: int) -> int:
        if state.block is not None:
            busy = self._commands.clock() - state.block.reserved_at < BUSY
            state.block_size = state.block_size * 4 if busy else SMALLEST_BLOCK
        state.block_size = min(max(state.block_size, wanted), LARGEST_BLOCK)
        return state.block_size

    def _try_to_reserve(self, shelf: Shelf, state: _ShelfState, size: int) -> _Block:
        current = self._current(shelf, state)
        block = current.reserve(self._commands.own(), count=size)
        # A save that fails, or whose answer is lost, must not leave memory ahead of the history.
        state.status_list = None
        self._streams.store(*self._with_successor(shelf, current))
        state.status_list = current
        return self._block(current, block)

    def _current(self, shelf: Shelf, state: _ShelfState) -> StatusList:
        """Return the list that is being filled, opened if need be, with its newest events."""
        if state.status_list is None:
            while self._is_closed(shelf.list_id(state.sequence)):
                state.sequence += 1
            state.status_list = StatusList(shelf.list_id(state.sequence))
        current = self._streams.load(state.status_list)
        if not current.version:
            self._open(current, shelf, state.sequence, self._commands.own())
        return current

    def _is_closed(self, list_id: UUID) -> bool:
        """Return whether nothing more goes into a list, be it that its key was lost."""
        last = self._streams.recorder.select_events(list_id, desc=True, limit=1)
        if not last:
            return False
        is_over = last[0].topic in (StatusListClosed.TOPIC, StatusListRetired.TOPIC)
        return is_over or not self._has_key(list_id)

    def _has_key(self, list_id: UUID) -> bool:
        """Return whether indexes can be told: after a restore a list may be newer than its key."""
        try:
            self._keys.get(f"list/{list_id}")
        except SecretMissingError:
            return False
        return True

    def _open(self, status_list: StatusList, shelf: Shelf, sequence: int, command: Command) -> None:
        name = f"list/{status_list.id}"
        self._keys.find_or_create([name], at=instant(command.recorded_at))
        status_list.open(command, shelf=shelf, sequence=sequence, size=self._list_size)

    def _with_successor(self, shelf: Shelf, current: StatusList) -> Sequence[Aggregate]:
        """Add the next list once nine tenths are given out, so that it is published in time."""
        if current.remaining * 10 > current.size:
            return [current]
        successor = StatusList(shelf.list_id(current.sequence + 1))
        if self._streams.load(successor).version:
            return [current]
        self._open(successor, shelf, current.sequence + 1, self._commands.own())
        return [current, successor]

    def _move_on(self, state: _ShelfState) -> None:
        full, state.status_list = state.status_list, None
        if full is not None and not full.closed:
            full.close(self._commands.own())
            with suppress(ConcurrentChangeError):  # Then somebody else has closed it.
                self._streams.store(full)

    def _block(self, status_list: StatusList, block: Range) -> _Block:
        key = self._keys.get(f"list/{status_list.id}")
        permutation = Permutation(key, status_list.size)
        now = self._commands.clock()
        return _Block(status_list.id, permutation, block.first, block.count, now)

    def _give_back(self, state: _ShelfState) -> None:
        block, state.block = state.block, None
        if block is None or not block.count:
            return
        for _ in range(ATTEMPTS):
            status_list = self._streams.load(StatusList(block.list_id))
            status_list.give_back(self._commands.own(), Range(block.first, block.count))
            try:
                self._streams.store(status_list)
                return
            except ConcurrentChangeError:
                continue
