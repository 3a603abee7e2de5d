"""Tokens that name the shard they were made in, so that a proxy needs no look-up."""

from datetime import timedelta

import pytest

from api.oauth_tokens import VERIFY, AccessTokens
from registry.store.api_keys import (
    CredentialsRefusedError,
    KeyElsewhereError,
    Principal,
    Role,
    in_shard,
    shard_in,
)
from tests.making import PUBLIC_URL, START

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
PRINCIPAL = Principal("api-key:0123456789abcdef", Role.OPERATOR, None)


def tokens(shard: str | None, key: bytes = KEY) -> AccessTokens:
    return AccessTokens(lambda: key, public_url=PUBLIC_URL, shard=shard)


def made(shard: str | None) -> str:
    return tokens(shard).make(
        PRINCIPAL, key_id="0123456789abcdef", scopes=[VERIFY], now=START, randomness=bytes(16)
    )


def test_access_token_names_its_shard_and_is_read_there() -> None:
    assert made("a").startswith("rks_a_")
    assert tokens("a").read(made("a"), now=START).key_id == "0123456789abcdef"


def test_access_token_of_a_registry_without_shards_is_a_bare_jwt() -> None:
    assert made(None).count(".") == 2
    assert made(None).startswith("eyJ")


def test_access_token_is_good_in_the_shard_that_was_split_off() -> None:
    assert tokens("b").read(made("a"), now=START).scopes == {VERIFY}


def test_access_token_of_another_shard_is_sent_there() -> None:
    with pytest.raises(KeyElsewhereError) as refused:
        tokens("b", OTHER_KEY).read(made("a"), now=START)
    assert refused.value.shard == "a"


def test_expired_access_token_of_this_shard_is_refused() -> None:
    with pytest.raises(CredentialsRefusedError):
        tokens("a").read(made("a"), now=START + timedelta(hours=1))


@pytest.mark.parametrize(
    ("shard", "token"),
    [("a", "rks_a_0123_secret_with_lines"), (None, "rk_0123_secret_with_lines")],
)
def test_api_key_without_the_shard_reads_as_any_other(shard: str | None, token: str) -> None:
    assert in_shard(shard, "0123_secret_with_lines", otherwise="rk") == token
    assert shard_in(token) == (shard, "rk_0123_secret_with_lines")


@pytest.mark.parametrize("token", ["", "rks", "rks_", "rks_a", "rks_a_", "_", "x_y"])
def test_what_is_no_token_names_no_key(token: str) -> None:
    assert not shard_in(token)[1].removeprefix("rk_").rstrip("_xy")
