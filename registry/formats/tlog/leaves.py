"""Write and read the leaves of the registry's log: its stored events, byte for byte.

A leaf is an event's place and the bytes that are stored for it:
`{"stream":"<uuid>","version":<n>,"topic":"<topic>","event":<stored bytes>}`. The members before
the event have fixed alphabets, so two events never have one leaf. The first leaf of a log that
follows a closed one is `{"succeeds":"<origin>","checkpoint":"<its last signed checkpoint>"}`.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from registry.formats.strict_json import StrictJsonError, loads
from registry.formats.tlog.entry_bundles import MAX_ENTRY_BYTES

_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_STREAM: Final = re.compile(_UUID)
_TOPIC: Final = re.compile(r"[a-z0-9-]{1,64}")
_EVENT_LEAF: Final = re.compile(
    rf'{{"stream":"({_UUID})","version":(0|[1-9][0-9]{{0,17}}),"topic":"([a-z0-9-]{{1,64}})",'
    r'"event":(\{.*\})\}'.encode(),
    re.DOTALL,
)


class LeafError(ValueError):
    """Bytes are not a leaf of a registry's log, or an event cannot become one."""


@dataclass(frozen=True)
class EventLeaf:
    """A stored event: its stream, its version there, its topic, its members and its bytes."""

    stream: str
    version: int
    topic: str
    event: dict[str, Any] = field(hash=False)
    state: bytes = field(repr=False)


@dataclass(frozen=True)
class SuccessionLeaf:
    """The closed log that a log follows, and the last checkpoint it signed."""

    origin: str
    checkpoint: bytes


def event_leaf(*, stream: str, version: int, topic: str, state: bytes) -> bytes:
    """Return the leaf of an event; `state` is the stored JSON object and goes in as it is.

    Raises LeafError if stream, version or topic could be mistaken for something else, the state
    does not begin and end as an object does, or the leaf would not fit an entry bundle (65,535
    bytes). What lies between the braces is not read: leaves are made of whatever was stored.
    """
    if not _STREAM.fullmatch(stream):
        raise LeafError(f"stream {stream[:80]!r} is not a UUID in lower case")
    if not _TOPIC.fullmatch(topic):
        raise LeafError(f"topic {topic[:80]!r} is not 1 to 64 of a-z, 0-9 and the hyphen")
    if version < 0:
        raise LeafError(f"version {version} is negative")
    if state[:1] != b"{" or state[-1:] != b"}":
        raise LeafError("the state is no JSON object from its first byte to its last")
    place = f'{{"stream":"{stream}","version":{version},"topic":"{topic}","event":'
    return _fitting(place.encode() + state + b"}")


def succession_leaf(*, origin: str, checkpoint: bytes) -> bytes:
    """Return the first leaf of the log that follows the one with this origin and checkpoint."""
    members = {"succeeds": origin, "checkpoint": checkpoint.decode()}
    return _fitting(json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode())


def read_leaf(leaf: bytes) -> EventLeaf | SuccessionLeaf:
    """Return what a leaf says, or raise LeafError."""
    match = _EVENT_LEAF.fullmatch(leaf)
    if match is None:
        return _succession(leaf)
    stream, version, topic, state = match.groups()
    return EventLeaf(
        stream=stream.decode(),
        version=int(version),
        topic=topic.decode(),
        event=_object(state),
        state=state,
    )


def _succession(leaf: bytes) -> SuccessionLeaf:
    match _object(leaf):
        case {"succeeds": str(origin), "checkpoint": str(checkpoint), **rest} if not rest:
            found = SuccessionLeaf(origin, checkpoint.encode())
        case _:
            raise LeafError("neither an event nor the succession of a log")
    if succession_leaf(origin=found.origin, checkpoint=found.checkpoint) != leaf:
        raise LeafError("the succession of a log is not written in its one way")
    return found


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = loads(data)
    except StrictJsonError as error:
        raise LeafError(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise LeafError("not a JSON object")
    return value


def _fitting(leaf: bytes) -> bytes:
    if len(leaf) > MAX_ENTRY_BYTES:
        raise LeafError(f"a leaf of {len(leaf)} bytes is longer than {MAX_ENTRY_BYTES}")
    return leaf
