"""The parts of fetching that need no connection: guard, headers, turns."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.fetch.addresses import ForbiddenAddressError, Guard, Hop, current_hop, is_public
from bot.fetch.headers import freshness, http_date, retry_after
from bot.fetch.politeness import Host, Hosts

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1",
        "203.0.113.5", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::7f00:1",
        "2002:a00:1::", "2001:0:808:808::f5ff:fffe", "2001:0:7f00:1::f7f7:f7f7", "2001:db8::1",
        "fc00::1", "fe80::1", "fec0::1", "ff02::1", "100::1", "5f00::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_ipv6_address_is_judged_by_the_ipv4_address_it_carries(address: object) -> None:
    carried = ip_address(str(address))
    number = int(carried)
    for carrier in (
        (0xFFFF << 32) | number,
        (0x64FF9B << 96) | number,
        (0x2002 << 112) | (number << 80),
    ):
        assert is_public(ip_address(carrier.to_bytes(16, "big"))) == is_public(carried)


def info(address: str, port: int) -> tuple[int, int, int, str, tuple[object, ...]]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)


def test_the_guard_makes_sockets_for_public_addresses_only() -> None:
    guard = Guard()
    guard(info("8.8.8.8", 443)).close()
    guard(info("8.8.8.8", 8080)).close()
    for address, port in [
        ("127.0.0.1", 80),
        ("fe80::1%eth0", 80),
        ("8.8.8.8", 22),
        ("8.8.8.8", 6379),
    ]:
        hop = Hop()
        token = current_hop.set(hop)
        with pytest.raises(ForbiddenAddressError):
            guard(info(address, port))
        current_hop.reset(token)
        assert hop.forbidden != hop.bad_port


def test_allowed_networks_are_open_in_every_form() -> None:
    guard = Guard([ip_network("127.0.0.0/8"), ip_network("fd00::/8")])
    for address in ("127.0.0.1", "::ffff:127.0.0.1", "fd00::1"):
        hop = Hop()
        token = current_hop.set(hop)
        guard(info(address, 22)).close()
        current_hop.reset(token)
        assert hop.allowed
    with pytest.raises(ForbiddenAddressError):
        guard(info("10.0.0.1", 80))


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"Cache-Control": "max-age=600"}, 10),
        ({"Cache-Control": 'public, MAX-AGE="600"', "Age": "120"}, 8),
        ({"Cache-Control": "max-age=60", "Expires": "Mon, 02 Nov 2026 11:00:00 GMT"}, 1),
        ({"Expires": "Mon, 02 Nov 2026 11:00:00 GMT"}, 60),
        (
            {
                "Expires": "Mon, 02 Nov 2026 11:00:00 GMT",
                "Date": "Mon, 02 Nov 2026 10:30:00 GMT",
            },
            30,
        ),
        ({"Cache-Control": "max-age=31536000"}, 24 * 60),
        ({"Cache-Control": "max-age=" + "9" * 5000}, 24 * 60),
        ({"Cache-Control": "no-cache, max-age=600"}, None),
        ({"Cache-Control": "no-store"}, None),
        ({"Cache-Control": "max-age=-1"}, None),
        ({"Cache-Control": "max-age=junk"}, None),
        ({"Cache-Control": "max-age=60", "Age": "90"}, None),
        ({"Expires": "0"}, None),
        ({"Expires": "Mon, 02 Nov 2020 11:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_freshness(headers: dict[str, str], minutes: int | None) -> None:
    expected = timedelta(minutes=minutes) if minutes is not None else None
    assert freshness(headers, NOW) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Mon, 02 Nov 2026 10:02:00 GMT", 120.0),
        ("Monday, 02-Nov-26 10:02:00 GMT", 120.0),
        ("Mon Nov  2 10:02:00 2026", 120.0),
        ("0", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 02 Nov 2020 10:02:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, NOW) == seconds


@given(st.text(max_size=40))
def test_headers_of_any_kind_are_survived(value: str) -> None:
    http_date(value)
    headers = {"Cache-Control": value, "Expires": value, "Retry-After": value, "Age": value}
    freshness(headers, NOW)
    retry_after(headers, NOW)


def test_starts_are_a_gap_apart() -> None:
    host = Host(asyncio.Semaphore(2))
    assert [host.reserve(now, 1.0) for now in (10.0, 10.2, 10.3, 20.0)] == [10.0, 11.0, 12.0, 20.0]
    host.exempt = True
    assert [host.reserve(20.1, 1.0) for _ in range(2)] == [20.1, 20.1]


async def test_the_table_of_hosts_is_bounded_and_keeps_who_waits() -> None:
    hosts = Hosts(concurrency=2, gap=0, most=50)
    async with hosts.turn("held") as held:
        for number in range(500):
            async with hosts.turn(f"host{number}"):
                assert len(hosts) <= 51
        async with hosts.turn("held") as again:
            assert again is held
