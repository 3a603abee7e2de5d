"""Where a request comes from, told by a proxy only where it is ours."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.requests import Request

from api.auth import client_address


@dataclass
class App:
    """An application whose settings name proxies."""

    proxies: tuple[str, ...]
    state: Any = field(init=False)

    def __post_init__(self) -> None:
        self.state = self
        self.registry = self.settings = self


def address(*forwarded: str, proxies: tuple[str, ...], peer: str = "10.0.0.1") -> str:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    scope = {"type": "http", "headers": headers, "client": (peer, 1), "app": App(proxies)}
    return client_address(Request(scope))


@pytest.mark.parametrize(
    ("forwarded", "proxies", "told"),
    [
        (["192.0.2.1"], (), "10.0.0.1"),
        (["192.0.2.1"], ("10.0.0.9",), "10.0.0.1"),
        (["192.0.2.1"], ("10.0.0.1",), "192.0.2.1"),
        (["198.51.100.7, 192.0.2.1"], ("10.0.0.1",), "192.0.2.1"),
        (["198.51.100.7", "192.0.2.1"], ("10.0.0.1",), "192.0.2.1"),
        ([""], ("10.0.0.1",), "10.0.0.1"),
        ([], ("10.0.0.1",), "10.0.0.1"),
    ],
)
def test_only_what_a_proxy_of_ours_says_last_is_believed(
    forwarded: list[str], proxies: tuple[str, ...], told: str
) -> None:
    assert address(*forwarded, proxies=proxies) == told
