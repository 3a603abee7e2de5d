"""Remember the shapes of documents, as many as fit into a bounded memory."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final, NamedTuple

from registry.formats.canonical import is_plain
from registry.formats.shape_filling import Template, Texts
from registry.formats.shape_learning import IRIS, Slots
from registry.formats.shape_parts import Parts

# Structures take some 300 bytes each, besides the plans of those that were learned.
MAX_STRUCTURES: Final = 4_096
# Places named in plans in all, and the characters that one is counted as, to its bytes.
MAX_PLACES: Final = 500_000
_PLACE_SIZE: Final = 10
# Characters of templates; that of a large badge has 60,000, and takes about four times the bytes.
MAX_SIZE: Final = 8_000_000
# A structure that could not be learned is tried again once it was met so many times as often: a
# stranger's documents of the structure of others may have no shape, and theirs have one.
_LATER: Final = 4
# Ways to tell fixed texts from others within one structure.
MAX_PLANS: Final = 4


class _Plan(NamedTuple):
    """Which texts of a structure are fixed, and which have to be IRIs of a kind that may vary."""

    fixed: tuple[int, ...]
    iris: tuple[int, ...]

    @property
    def places(self) -> int:
        """How many places it names."""
        return len(self.fixed) + len(self.iris)

    def fixed_of(self, texts: Texts) -> tuple[str, ...]:
        return tuple([texts[place] for place in self.fixed])

    def admits(self, texts: Texts) -> bool:
        lines = "".join([f"{texts[place]}\n" for place in self.iris])
        # A text of two lines may be an IRI in each of them.
        return lines.count("\n") == len(self.iris) and IRIS.fullmatch(lines) is not None


# A structure, and the fixed texts of a shape of it.
_Key = tuple[bytes, _Plan, tuple[str, ...]]


@dataclass
class _Structure:
    met: int = 0
    tried_again_at: int = 0
    is_plain: bool | None = None
    plans: list[_Plan] = field(default_factory=list)

    @property
    def places(self) -> int:
        """How many places its plans name."""
        return sum(plan.places for plan in self.plans)


class _Latest:
    """Templates by key, those forgotten first that were asked for longest ago."""

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._size = 0
        self._held: OrderedDict[_Key, tuple[Template, int]] = OrderedDict()

    def get(self, key: _Key) -> Template | None:
        found = self._held.get(key)
        if found is None:
            return None
        self._held.move_to_end(key)
        return found[0]

    def put(self, key: _Key, template: Template, *, key_size: int) -> None:
        _, replaced = self._held.pop(key, (None, 0))
        size = template.size + key_size
        self._held[key] = (template, size)
        self._size += size - replaced
        while self._size > self._max_size:
            _, (_, forgotten) = self._held.popitem(last=False)
            self._size -= forgotten


class Known:
    """Structures that were met, and the templates learned of them. May be used from threads."""

    def __init__(self, max_size: int) -> None:
        self._structures: OrderedDict[bytes, _Structure] = OrderedDict()
        self._places = 0
        self._templates = _Latest(max_size)
        self._lock = Lock()

    def template(self, parts: Parts) -> Template | None:
        """Return the template of a document's shape, if it is known."""
        with self._lock:
            structure = self._structures.get(parts.structure)
            for plan in structure.plans if structure else ():
                key = (parts.structure, plan, plan.fixed_of(parts.texts))
                template = self._templates.get(key)
                if template is not None and plan.admits(parts.texts):
                    self._structures.move_to_end(parts.structure)
                    return template
        return None

    def is_plain(self, parts: Parts, document: dict[str, Any]) -> bool:
        """Return `canonical.is_plain` of a document, which its names and numbers alone decide."""
        with self._lock:
            structure = self._structures.get(parts.structure)
        if structure is None:
            return is_plain(document)
        if structure.is_plain is None:
            structure.is_plain = is_plain(document)
        return structure.is_plain

    def is_to_be_learned(self, structure: bytes, learned_at: int) -> bool:
        """Count that a structure was met, and say whether it is time to learn a shape of it."""
        with self._lock:
            met = self._structure(structure)
            met.met += 1
            return met.met >= max(learned_at, met.tried_again_at)

    def fail(self, structure: bytes) -> None:
        """Remember that a document of a structure has no shape."""
        with self._lock:
            found = self._structure(structure)
            found.tried_again_at = _LATER * found.met

    def add(self, parts: Parts, slots: Slots, template: Template) -> None:
        """Remember a template."""
        plan = _Plan(
            tuple(place for place in range(len(parts.texts)) if place not in slots),
            tuple(sorted(slots.iris)),
        )
        with self._lock:
            structure = self._structure(parts.structure)
            if plan not in structure.plans:
                before = structure.places
                # The templates of a plan that is dropped are forgotten in their turn.
                structure.plans = [*structure.plans, plan][-MAX_PLANS:]
                self._places += structure.places - before
            fixed = plan.fixed_of(parts.texts)
            key_size = _PLACE_SIZE * plan.places + sum(map(len, fixed))
            self._templates.put((parts.structure, plan, fixed), template, key_size=key_size)
            while self._places > MAX_PLACES:
                self._forget_oldest()

    def _structure(self, name: bytes) -> _Structure:
        structure = self._structures.setdefault(name, _Structure())
        self._structures.move_to_end(name)
        if len(self._structures) > MAX_STRUCTURES:
            self._forget_oldest()
        return structure

    def _forget_oldest(self) -> None:
        _, structure = self._structures.popitem(last=False)
        self._places -= structure.places
