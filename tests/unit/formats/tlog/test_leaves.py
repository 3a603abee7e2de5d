import json
from pathlib import Path

import pytest

from registry.formats.tlog.leaves import (
    EventLeaf,
    LeafError,
    SuccessionLeaf,
    event_leaf,
    read_leaf,
    succession_leaf,
)

STREAM = "0b8a6e4c-8f7e-8f52-9e43-0f6f0a8f5b11"
STATE = '{"name_pl":"Żółw","actor":"registry"}'.encode()
LEAF = event_leaf(stream=STREAM, version=3, topic="issuer-registered-v1", state=STATE)
NOTE = b'registry.example.org/log\n1\n"\n\n\xe2\x80\x94 a AAAAAAA=\n'


def test_a_leaf_carries_the_stored_bytes() -> None:
    place = f'{{"stream":"{STREAM}","version":3,"topic":"issuer-registered-v1","event":'
    assert place.encode() + STATE + b"}" == LEAF
    assert read_leaf(LEAF) == EventLeaf(
        stream=STREAM,
        version=3,
        topic="issuer-registered-v1",
        event={"name_pl": "Żółw", "actor": "registry"},
        state=STATE,
    )


def test_a_leaf_of_an_unknown_topic_is_read_like_any_other() -> None:
    leaf = event_leaf(stream=STREAM, version=1, topic="not-yet-known-v9", state=b"{}")
    read = read_leaf(leaf)
    assert isinstance(read, EventLeaf)
    assert (read.topic, read.event) == ("not-yet-known-v9", {})


@pytest.mark.parametrize("topic", ["", "Topic", "a_b", 'a","event":{}', "a" * 65, "ó", "a\n"])
def test_a_topic_that_could_be_mistaken_is_refused(topic: str) -> None:
    with pytest.raises(LeafError, match="topic"):
        event_leaf(stream=STREAM, version=1, topic=topic, state=b"{}")


@pytest.mark.parametrize(
    "stream", ["", STREAM.upper(), STREAM[:-1], f"{STREAM}\n", f"{{{STREAM}}}"]
)
def test_a_stream_that_is_no_uuid_is_refused(stream: str) -> None:
    with pytest.raises(LeafError, match="stream"):
        event_leaf(stream=stream, version=1, topic="a", state=b"{}")


@pytest.mark.parametrize("state", [b"", b"[]", b" {}", b"{}\n", b"\xef\xbb\xbf{}", b"{", b"null"])
def test_a_state_that_no_reader_takes_for_an_object_is_refused(state: bytes) -> None:
    with pytest.raises(LeafError, match="object"):
        event_leaf(stream=STREAM, version=1, topic="a", state=state)


def test_a_negative_version_is_refused() -> None:
    with pytest.raises(LeafError, match="version -1"):
        event_leaf(stream=STREAM, version=-1, topic="a", state=b"{}")


def test_an_event_that_fits_no_bundle_is_refused() -> None:
    with pytest.raises(LeafError, match="longer"):
        event_leaf(stream=STREAM, version=1, topic="a", state=b"{%s}" % (b" " * 65_500))


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"{}",
        b"[]",
        LEAF + b" ",
        b" " + LEAF,
        LEAF[:-1],
        LEAF.replace(b'"version":3', b'"version":03'),
        LEAF.replace(b'"version":3', b'"version":"3"'),
        LEAF.replace(b'"version":3', b'"version": 3'),
        LEAF.replace(STREAM.encode(), STREAM.upper().encode()),
        LEAF[:-1] + b',"more":1}',
        LEAF.replace(b"}}", b',"actor":"x"}}'),
        LEAF.replace(STATE, b"[]"),
        LEAF.replace(STATE, b"{\xff}"),
    ],
)
def test_other_bytes_are_no_leaves(leaf: bytes) -> None:
    with pytest.raises(LeafError):
        read_leaf(leaf)


def test_a_log_names_the_one_it_follows() -> None:
    leaf = succession_leaf(origin="registry.example.org/log", checkpoint=NOTE)
    assert leaf.startswith(b'{"succeeds":"registry.example.org/log","checkpoint":"registry')
    assert read_leaf(leaf) == SuccessionLeaf("registry.example.org/log", NOTE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"succeeds"', b'{ "succeeds"'),
        (b'{"succeeds"', b'{"more":1,"succeeds"'),
        (b'"example"', b"1"),
        ("—".encode(), rb"\u2014"),
    ],
)
def test_a_succession_has_one_spelling(old: bytes, new: bytes) -> None:
    leaf = succession_leaf(origin="example", checkpoint=NOTE)
    assert leaf.replace(old, new) != leaf
    with pytest.raises(LeafError):
        read_leaf(leaf.replace(old, new))


def test_every_event_becomes_a_leaf_and_is_read_again() -> None:
    golden = (Path(__file__).parents[3] / "golden/events.json").read_text()
    for topic, state in json.loads(golden).items():
        leaf = event_leaf(stream=STREAM, version=1, topic=topic, state=state.encode())
        read = read_leaf(leaf)
        assert isinstance(read, EventLeaf)
        assert read.state == state.encode()
