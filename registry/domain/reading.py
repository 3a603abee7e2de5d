"""Read plain JSON into frozen values, strictly, naming every problem at once.

A reader takes a value and where it stands (a JSON Pointer, RFC 6901) and returns what it
read, or raises `DefinitionError`. Records and sequences collect the problems of their parts.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from registry.domain.text import Text

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
Reader = Callable[[object, str], T]

# Canonicalisation refuses the C0 controls and DEL, and lone surrogates have no UTF-8.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_FORBIDDEN_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
# RFC 3986 characters only: some of these addresses become IRIs in N-Quads.
_URL = re.compile(
    r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?"
)
_LONGEST_URL = 2_048
_LONGEST_NAME_SHOWN = 64


@dataclass(frozen=True)
class Problem:
    """One reason for refusing: `field` is a JSON Pointer, empty for the whole definition."""

    field: str
    reason: str
    remedy: str


class DefinitionError(ValueError):
    """The definition is refused; `problems` names every field, why, and what to do."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field or '(whole)'}: {p.reason}" for p in self.problems))


def refuse(problem: Problem) -> NoReturn:
    """Raise `DefinitionError` for one problem."""
    raise DefinitionError([problem])


def string(
    maximum: int, *, pattern: str | None = None, remedy: str = "", lines: bool = False
) -> Reader[str]:
    """Read text of 1 to `maximum` characters; `lines` allows line ends and tabs."""
    forbidden = _FORBIDDEN_IN_LINES if lines else _FORBIDDEN
    shape = re.compile(pattern) if pattern else None

    def read(value: object, where: str) -> str:
        if not isinstance(value, str):
            refuse(Problem(where, f"must be text, not {_kind(value)}", "give a JSON string"))
        if not value.strip():
            refuse(Problem(where, "is empty", "give the text, or leave the field out"))
        if len(value) > maximum:
            refuse(Problem(where, f"is longer than {maximum} characters", "shorten the text"))
        if forbidden.search(value):
            refuse(Problem(where, "holds control characters or lone surrogates", "remove them"))
        if shape and not shape.fullmatch(value):
            refuse(Problem(where, "has another form than this field takes", remedy))
        return value

    return read


def text(maximum: int) -> Reader[Text]:
    """Read a Polish and an English text, both required."""
    part = string(maximum, lines=True)
    return record(Text, {"pl": part, "en": part}, required=("pl", "en"))


def url() -> Reader[str]:
    """Read an https URL in the characters of RFC 3986."""
    return string(_LONGEST_URL, pattern=_URL.pattern, remedy="give an https URL, in ASCII")


def whole_number(low: int, high: int) -> Reader[int]:
    """Read an integer from `low` to `high`, both included."""

    def read(value: object, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            refuse(Problem(where, "is not a whole number", f"give {low} to {high}"))
        if not low <= value <= high:
            refuse(Problem(where, f"is outside {low} to {high}", f"give {low} to {high}"))
        return value

    return read


def quantity(low: float, high: float) -> Reader[int | float]:
    """Read a number of at most two decimals; a whole one is returned as `int`.

    JSON-LD writes 2 and 2.0 as different literals, JCS writes both as 2: only the `int` form
    keeps a signature over RDF valid after the document was served and parsed again.
    """

    def read(value: object, where: str) -> int | float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            refuse(Problem(where, "is not a number", f"give {low} to {high}"))
        if not low <= value <= high:
            refuse(Problem(where, f"is outside {low} to {high}", f"give {low} to {high}"))
        if round(value, 2) != value:
            refuse(Problem(where, "has more than two decimals", "round it to two decimals"))
        return int(value) if value == int(value) else value

    return read


def choice(options: type[E]) -> Reader[E]:
    """Read one of the values of an enumeration."""

    def read(value: object, where: str) -> E:
        for option in options:
            if value == option.value:
                return option
        refuse(
            Problem(where, "is not one of the known values", f"give one of: {', '.join(options)}")
        )

    return read


def sequence(
    item: Reader[T], *, maximum: int, key: Callable[[T], object] = lambda read: read
) -> Reader[tuple[T, ...]]:
    """Read 1 to `maximum` items, no two with the same `key`."""

    def read(value: object, where: str) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            refuse(Problem(where, f"must be a list, not {_kind(value)}", "give a JSON array"))
        if not value:
            refuse(Problem(where, "is empty", "give at least one item, or leave the field out"))
        if len(value) > maximum:
            refuse(Problem(where, f"has more than {maximum} items", f"give at most {maximum}"))
        items = _gather((item, part, f"{where}/{n}") for n, part in enumerate(value))
        _refuse_repeats([key(read) for read in items], where)
        return tuple(items)

    return read


def record(
    make: Callable[..., T],
    fields: Mapping[str, Reader[Any]],
    *,
    required: Sequence[str] = (),
    check: Callable[[T], Iterable[Problem]] | None = None,
) -> Reader[T]:
    """Read an object with no other fields than `fields`; `check` judges the parts together."""

    def read(value: object, where: str) -> T:
        if not isinstance(value, Mapping):
            refuse(Problem(where, f"must be an object, not {_kind(value)}", "give a JSON object"))
        problems = [*_unknown(value, fields, where=where), *_absent(value, required, where=where)]
        known = [name for name in fields if name in value]
        parts: list[Any] = []
        try:
            parts = _gather((fields[name], value[name], f"{where}/{name}") for name in known)
        except DefinitionError as error:
            problems.extend(error.problems)
        if problems:
            raise DefinitionError(problems)
        made = make(**dict(zip(known, parts, strict=True)))
        _refuse_found(check(made) if check else (), where)
        return made

    return read


def _gather(parts: Iterable[tuple[Reader[T], object, str]]) -> list[T]:
    """Read all parts; raise the problems of all that fail together."""
    gathered: list[T] = []
    problems: list[Problem] = []
    for reader, value, where in parts:
        try:
            gathered.append(reader(value, where))
        except DefinitionError as error:
            problems.extend(error.problems)
    if problems:
        raise DefinitionError(problems)
    return gathered


def _refuse_found(problems: Iterable[Problem], where: str) -> None:
    """Raise what a check found, its fields being relative to `where`."""
    found = [Problem(f"{where}{p.field}", p.reason, p.remedy) for p in problems]
    if found:
        raise DefinitionError(found)


def _unknown(
    value: Mapping[Any, object], fields: Mapping[str, object], *, where: str
) -> Iterable[Problem]:
    remedy = f"use one of: {', '.join(fields)}"
    for name in value:
        if name not in fields:
            yield Problem(f"{where}/{_token(name)}", "is not a known field", remedy)


def _absent(
    value: Mapping[Any, object], required: Sequence[str], *, where: str
) -> Iterable[Problem]:
    for name in required:
        if name not in value:
            yield Problem(f"{where}/{name}", "is missing", "give it")


def _refuse_repeats(keys: Sequence[object], where: str) -> None:
    repeats = [n for n, key in enumerate(keys) if key in keys[:n]]
    if repeats:
        raise DefinitionError(
            Problem(f"{where}/{n}", "repeats an earlier item", "remove it") for n in repeats
        )


def _token(name: object) -> str:
    """Write a member's name as a JSON Pointer token (RFC 6901 §3), bounded and printable."""
    shown = str(name)[:_LONGEST_NAME_SHOWN].replace("~", "~0").replace("/", "~1")
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", shown)


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "true or false", str: "text", list: "a list"}
    return names.get(type(value), "an object" if isinstance(value, Mapping) else "a number")
