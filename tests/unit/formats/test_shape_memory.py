"""What strangers' documents may make the memory of shapes hold, however they are written."""

import tracemalloc
from typing import Any

from registry.formats.contexts import CREDENTIALS_V2
from registry.formats.shape_filling import Template
from registry.formats.shape_learning import Slots
from registry.formats.shape_memory import MAX_PLACES, Known
from registry.formats.shape_parts import Parts
from registry.formats.shapes import Shapes

TEXTS = 2_000


def taken(work: Any) -> int:
    """Return how many bytes more are held after some work than before it."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        held = work()
        result = tracemalloc.get_traced_memory()[0] - before
        del held
        return result
    finally:
        tracemalloc.stop()


def evidence(number: int, narrative: str) -> dict[str, Any]:
    """A small document of a structure of its own."""
    return {"@context": [CREDENTIALS_V2], f"urn:p{number}": {"urn:narrative": narrative}}


def test_long_texts_are_not_held_once_for_each_shape_they_were_filled_into() -> None:
    shapes = Shapes()
    for number in range(40):
        shapes.rdfc(evidence(number, "short"))

    def filled() -> Shapes:
        for number in range(40):
            shapes.rdfc(evidence(number, f"{number}" + "x" * 500_000))
        return shapes

    assert taken(filled) < 10_000_000


def test_structures_with_many_fixed_texts_are_forgotten_sooner() -> None:
    template = Template(quads=[], nodes=[], blank_nodes=[], size=300)

    def added() -> Known:
        known = Known(1_000_000)
        for number in range(2 * MAX_PLACES // TEXTS):
            parts = Parts(b"%d" % number, 0, [""] * TEXTS)
            known.add(parts, Slots(frozenset(), frozenset()), template)
        return known

    assert taken(added) < 60 * MAX_PLACES
