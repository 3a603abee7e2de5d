import ipaddress

import pytest

from registry.verification.addresses import is_public, parse_target, require_allowed
from registry.verification.ports import FetchError

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::200e"]
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1"]
NOT_PUBLIC = [
    *LOOPBACK,
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_asked(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    require_allowed(parse_target("https://a.example/x"), address, allow_loopback=False)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_other_addresses_may_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(FetchError):
        require_allowed(parse_target("https://a.example/x"), address, allow_loopback=False)


@pytest.mark.parametrize("address", [a for a in NOT_PUBLIC if a not in LOOPBACK])
def test_development_opens_loopback_addresses_only(address: str) -> None:
    with pytest.raises(FetchError):
        require_allowed(parse_target("https://a.example/x"), address, allow_loopback=True)


@pytest.mark.parametrize("url", ["http://a.example/x", "https://a.example:8443/x"])
@pytest.mark.parametrize("allow_loopback", [False, True])
def test_public_addresses_are_asked_by_https_on_443_only(url: str, allow_loopback: bool) -> None:
    with pytest.raises(FetchError):
        require_allowed(parse_target(url), PUBLIC[0], allow_loopback=allow_loopback)


@pytest.mark.parametrize("url", ["http://localhost:8000/x", "https://localhost:8443/x"])
@pytest.mark.parametrize("address", LOOPBACK)
def test_in_development_loopback_is_asked_on_any_port(url: str, address: str) -> None:
    require_allowed(parse_target(url), address, allow_loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example/x",
        "//a.example/x",
        "file:///etc/passwd",
        "ftp://a.example/x",
        "gopher://a.example/x",
        "HTTPS://a.example/x",
        "https://",
        "https:///x",
        "https://user@a.example/x",
        "https://user:secret@a.example/x",
        "https://a.example#fragment",
        "https://a.example/x#fragment",
        "https://a.example\\@b.example/x",
        "https://a.example/x y",
        "https://a.example/x\r\nHost: b.example",
        "https://a.example/x\n",
        "https://a.example/\x00",
        "https://a.example/ż",
        "https://ż.example/x",
        "https://a.example:0x50/x",
        "https://a.example:99999/x",
        "https://[::1/x",
        "https://[zz]/x",
        "https://a.example/" + "x" * 3_000,
    ],
)
def test_a_url_that_is_not_plain_is_refused(url: str) -> None:
    with pytest.raises(FetchError):
        parse_target(url)


def test_a_url_is_taken_apart() -> None:
    target = parse_target("https://a.example:8443/x/y?z=1&q=%20")
    assert (target.authority, target.host, target.port) == ("a.example:8443", "a.example", 8443)
    assert target.path == "/x/y?z=1&q=%20"
    assert parse_target("https://[2606:4700::1]").host == "2606:4700::1"
    assert parse_target("https://a.example?q").path == "/?q"
