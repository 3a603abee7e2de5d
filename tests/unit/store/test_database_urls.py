import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from registry.store.database_urls import read_database_url, without_pooler


@pytest.mark.parametrize(
    "text",
    ["sqlite:////srv/a,b.db", "postgresql+psycopg://u:p%40,@host:1/registry?sslmode=require"],
)
def test_one_server_is_read_as_it_always_was(text: str) -> None:
    assert read_database_url(text) == make_url(text)


def test_the_driver_need_not_be_named() -> None:
    assert read_database_url("postgresql://u@h/registry").drivername == "postgresql+psycopg"


def test_several_servers_are_those_of_libpq_and_the_one_that_writes_is_meant() -> None:
    url = read_database_url("postgresql://u:p%2Cq@a:1,b:2/registry?sslmode=require")
    assert (url.username, url.password, url.database) == ("u", "p,q", "registry")
    assert url.query == {
        "sslmode": "require",
        "host": ("a:1", "b:2"),
        "target_session_attrs": "read-write",
    }


def test_which_server_is_meant_may_be_said_otherwise() -> None:
    url = read_database_url("postgresql://u@a,b/registry?target_session_attrs=any")
    assert url.query["target_session_attrs"] == "any"
    url = read_database_url("postgresql://u@a,b/registry", several="prefer-standby")
    assert url.query["target_session_attrs"] == "prefer-standby"


def test_a_pooler_is_told_from_the_url_and_not_told_to_the_driver() -> None:
    url, is_pooled = without_pooler(make_url("postgresql://u@h/r?pooled=transaction"))
    assert is_pooled
    assert not url.query


def test_pooling_by_session_is_refused() -> None:
    with pytest.raises(ArgumentError):
        without_pooler(make_url("postgresql://u@h/r?pooled=session"))
