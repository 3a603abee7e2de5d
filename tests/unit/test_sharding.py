"""Where an issuer is at home, and what is refused elsewhere."""

from dataclasses import dataclass, field

import pytest

from registry.domain import events as e
from registry.domain.errors import InvalidValueError
from registry.sharding import (
    LOOK_SECONDS,
    ElsewhereError,
    Homes,
    IssuerElsewhereError,
    check_shard_name,
    issuer_of,
)
from tests.unit.store.test_mapper import BY_TOPIC, ISSUER, STREAM

OTHER = "9ce8bde1-b10f-8fe9-9a36-49cf1fa41caa"


@dataclass
class Store:
    """Streams of issuers: version and home of each, and how often somebody asked."""

    streams: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    seconds: float = 0.0
    asked: int = 0

    def moves_of(self, issuer_id: str, version: int) -> tuple[int, str | None]:
        self.asked += 1
        newest, home = self.streams.get(issuer_id, (0, None))
        return (newest, home) if newest > version else (version, None)

    def homes(self, shard: str | None) -> Homes:
        return Homes(shard, self.moves_of, monotonic=lambda: self.seconds)


@pytest.mark.parametrize(
    ("shard", "home", "is_here"),
    [
        (None, None, True),
        (None, "b", False),
        ("b", "b", True),
        ("b", None, False),
        ("b", "a", False),
    ],
)
def test_issuer_is_here_where_its_home_is_this_shard(
    shard: str | None, home: str | None, is_here: bool
) -> None:
    assert Store({ISSUER: (3, home)}).homes(shard).is_here(ISSUER) is is_here


def test_issuer_that_nothing_is_known_of_is_here() -> None:
    assert Store().homes("b").is_here(ISSUER)


def test_refusal_names_the_shard_that_answers() -> None:
    with pytest.raises(IssuerElsewhereError) as refused:
        Store({ISSUER: (3, "b")}).homes("a").check(ISSUER)
    assert (refused.value.shard, refused.value.members) == ("b", {"shard": "b"})


def test_shard_without_a_name_is_named_by_a_hyphen() -> None:
    assert ElsewhereError("no", shard=None).members == {"shard": "-"}


def test_move_is_noticed_within_a_second_and_looked_up_once_a_second() -> None:
    store = Store({ISSUER: (3, None)})
    homes = store.homes(None)
    assert homes.is_here(ISSUER)
    store.streams[ISSUER] = (4, "b")
    store.seconds = LOOK_SECONDS / 2
    assert homes.is_here(ISSUER)
    assert store.asked == 1
    store.seconds = LOOK_SECONDS
    assert not homes.is_here(ISSUER)


def test_home_stays_known_though_later_events_say_nothing_of_it() -> None:
    store = Store({ISSUER: (3, "b")})
    homes = store.homes("b")
    assert homes.is_here(ISSUER)
    store.seconds = LOOK_SECONDS
    assert homes.is_here(ISSUER)
    assert store.asked == 2


def test_issuer_that_was_forgotten_is_looked_up_at_once() -> None:
    store = Store({ISSUER: (3, None)})
    homes = store.homes(None)
    assert homes.is_here(ISSUER)
    store.streams[ISSUER] = (4, "b")
    homes.forget(ISSUER)
    assert not homes.is_here(ISSUER)


def test_save_with_an_event_of_an_issuer_elsewhere_is_refused() -> None:
    homes = Store({OTHER: (1, "b"), ISSUER: (1, None)}).homes(None)
    homes.check_events([BY_TOPIC["credential-issued-v1"]])
    named = BY_TOPIC["credential-named-v1"]
    elsewhere = e.CredentialNamed(**{**vars(named), "issuer_id": OTHER})
    with pytest.raises(IssuerElsewhereError):
        homes.check_events([BY_TOPIC["credential-issued-v1"], elsewhere])


@pytest.mark.parametrize("topic", BY_TOPIC)
def test_every_event_tells_whose_it_is_but_those_of_a_list_itself(topic: str) -> None:
    event = BY_TOPIC[topic]
    told = issuer_of(event)
    if isinstance(event, e.IssuerEvent):
        assert told == str(STREAM)
    elif isinstance(event, e.AccreditationSchemeOpened):
        assert told == event.accreditor_id
    elif isinstance(event, e.StatusListEvent) and not hasattr(event, "issuer_id"):
        assert told is None
    else:
        assert told == vars(event)["issuer_id"]


@pytest.mark.parametrize("name", ["a", "b2", "west-coast", "a" * 16])
def test_shard_may_have_this_name(name: str) -> None:
    assert check_shard_name(name) == name


@pytest.mark.parametrize("name", ["", "2", "B", "a_b", "-", "a" * 17, "tile", "checkpoint", "a/b"])
def test_shard_may_not_have_this_name(name: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        check_shard_name(name)
    assert refused.value.field == "shard"
