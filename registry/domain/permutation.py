"""A keyed permutation of 0..size-1: counters in, unpredictable list indexes out, no collisions.

An alternating Feistel network over the smallest power of two that holds `size`, with cycle
walking for the rest (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002, §4).
Outsiders who see indexes learn neither how many were given out nor in which order; the
registry needs no look-up to know that an index is new.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

ROUNDS = 8


@dataclass(frozen=True)
class Permutation:
    """The permutation of 0..size-1 that `key` (32 random bytes) selects; size is at least 2."""

    key: bytes
    size: int

    def index(self, counter: int) -> int:
        """Return the index for `counter`; both are in 0..size-1."""
        value = self._forward(self._checked(counter))
        while value >= self.size:
            value = self._forward(value)
        return value

    def counter(self, index: int) -> int:
        """Return the counter that `index` belongs to: the inverse of `index()`."""
        value = self._backward(self._checked(index))
        while value >= self.size:
            value = self._backward(value)
        return value

    def _checked(self, value: int) -> int:
        if not 0 <= value < self.size:
            raise ValueError(f"{value} is outside 0..{self.size - 1}")
        return value

    @property
    def _widths(self) -> tuple[int, int]:
        bits = (self.size - 1).bit_length()
        return bits - bits // 2, bits // 2

    def _forward(self, value: int) -> int:
        return self._network(value, range(ROUNDS))

    def _backward(self, value: int) -> int:
        # Every round is its own inverse (an XOR), so the rounds run in the opposite order.
        return self._network(value, reversed(range(ROUNDS)))

    def _network(self, value: int, rounds: Iterable[int]) -> int:
        left_bits, right_bits = self._widths
        left, right = value >> right_bits, value & ((1 << right_bits) - 1)
        for number in rounds:
            if number % 2 == 0:
                left ^= self._round(number, right) & ((1 << left_bits) - 1)
            else:
                right ^= self._round(number, left) & ((1 << right_bits) - 1)
        return left << right_bits | right

    def _round(self, number: int, half: int) -> int:
        block = bytes([number]) + half.to_bytes(8, "big")
        return int.from_bytes(hashlib.blake2b(block, key=self.key, digest_size=8).digest(), "big")
