"""Events to stored rows and back, strictly: an event this code does not know is an error.

The state of an event is one JSON object with sorted keys, so the golden file and a hash of the
row do not depend on the order of a class's fields.
"""

import json
import re
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from registry.domain.errors import InvalidValueError, RegistryError
from registry.domain.events import EVENT_CLASSES, OPENING_EVENTS, Event

MAXIMUM_STATE_BYTES = 60_000
"""A leaf of the transparency log holds at most 65,535 bytes; the rest is for its frame."""

_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_COLUMNS = ("originator_id", "originator_version")
_BY_TOPIC = {event_class.TOPIC: event_class for event_class in EVENT_CLASSES}
_KNOWN = {
    event_class: frozenset(field.name for field in fields(event_class)) - set(_COLUMNS)
    for event_class in EVENT_CLASSES
}
_REQUIRED = {
    event_class: frozenset(field.name for field in fields(event_class) if field.default is MISSING)
    - set(_COLUMNS)
    for event_class in EVENT_CLASSES
}


class UnknownEventError(RegistryError):
    """The history holds an event that this version of the registry does not know."""


class EventTooLargeError(InvalidValueError):
    """An event is larger than the history can hold."""


class EventTextError(InvalidValueError):
    """A text holds a character that cannot be stored."""


def _types(hint: Any) -> frozenset[type]:
    """Return the types of the values that a field with this annotation may have."""
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return frozenset(get_origin(option) or option for option in options)


_HINTS = {event_class: get_type_hints(event_class) for event_class in EVENT_CLASSES}
_TYPES = {
    event_class: {name: _types(hint) for name, hint in hints.items()}
    for event_class, hints in _HINTS.items()
}


def _is_plain(hint: Any) -> bool:
    """Say whether values of a field hold nothing that `orjson` writes otherwise than `json`."""
    options = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return all(
        all(map(_is_plain, get_args(option))) if get_origin(option) else option in _PLAIN_TYPES
        for option in options
    )


_PLAIN_TYPES = frozenset({str, int, bool, type(None)})
_PLAIN = frozenset(
    event_class
    for event_class in EVENT_CLASSES
    if all(_is_plain(_HINTS[event_class][name]) for name in _KNOWN[event_class])
)
"""Classes without members of any shape, whose numbers may be written in more than one way."""


class EventMapper(Mapper[UUID]):
    """Maps the classes in `events.EVENT_CLASSES` by their TOPIC."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Write an event; raises EventTooLargeError past 60,000 bytes, EventTextError for NUL."""
        state = {name: value for name, value in vars(domain_event).items() if name not in _COLUMNS}
        data = _written(type(domain_event), state)
        if len(data) > MAXIMUM_STATE_BYTES:
            raise EventTooLargeError(f"{domain_event.TOPIC} takes {len(data)} bytes")
        # Looking for the plain bytes first makes the whole three times as fast.
        if b"\\u0000" in data and _ESCAPED_NUL.search(data):
            # PostgreSQL stores no NUL in text: a view would stop at this event for ever.
            raise EventTextError("a text holds the character U+0000", remedy="remove it")
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.TOPIC,
            state=data,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """Read an event; raises UnknownEventError for a topic, field or value it does not know."""
        event_class = _BY_TOPIC.get(stored_event.topic)
        if event_class is None:
            raise UnknownEventError(f"unknown topic {stored_event.topic!r}")
        state = _object(stored_event.state)
        if state.keys() != _KNOWN[event_class]:
            _check_fields(event_class, state)
        _check_values(event_class, state)
        if event_class in OPENING_EVENTS and stored_event.originator_version != 1:
            raise UnknownEventError(f"{event_class.TOPIC} stands inside a stream")
        # As __init__ would, without its one call a field: replays read millions of events.
        event = object.__new__(event_class)
        vars(event).update(
            state,
            originator_id=_uuid(stored_event.originator_id),
            originator_version=stored_event.originator_version,
        )
        return event


def _check_fields(event_class: type[Event], state: dict[str, Any]) -> None:
    unknown = state.keys() - _KNOWN[event_class]
    missing = _REQUIRED[event_class] - state.keys()
    if unknown or missing:
        raise UnknownEventError(
            f"{event_class.TOPIC}: unknown fields {sorted(unknown)}, "
            f"missing fields {sorted(missing)}"
        )


def _check_values(event_class: type[Event], state: dict[str, Any]) -> None:
    types = _TYPES[event_class]
    for name, value in state.items():
        if type(value) not in types[name]:
            raise UnknownEventError(f"{event_class.TOPIC}: {name} is a {type(value).__name__}")


def _written(event_class: type[Event], state: dict[str, Any]) -> bytes:
    if event_class in _PLAIN:
        return orjson.dumps(state, option=orjson.OPT_SORT_KEYS)
    return json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _object(state: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(state)
    except orjson.JSONDecodeError as error:
        raise UnknownEventError(f"the state is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise UnknownEventError("the state is not a JSON object")
    return value


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
