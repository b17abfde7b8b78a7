"""Which addresses may be connected to. The guard of every outgoing connection.

Observation: names can resolve to private addresses, differently at each lookup, and redirects lead
anywhere; so only the address that a socket is about to connect to can be judged. Rule: it must be
globally reachable by the IANA special-purpose registries, also the IPv4 address that an IPv6 one
carries (mapped, NAT64, 6to4, Teredo), unless it lies in a network that the operator allows.
Rejected: judging the name or a lookup made before connecting (DNS rebinding).
"""

import socket
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")
# Reserved, though the library calls some of them global: benchmarks, protocol assignments, 6to4
# relays, documentation, discard-only, segment routing.
_RESERVED: tuple[Network, ...] = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("198.18.0.0/15"),
    IPv6Network("100::/64"),
    IPv6Network("2001:2::/48"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("3fff::/20"),
    IPv6Network("5f00::/16"),
)
# Ports of services that answer to what looks like HTTP (WHATWG Fetch, port blocking), and of
# databases. Below 1024 only the two of HTTP itself are open.
_BAD_PORTS = frozenset(
    [
        *(1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190, 5060, 5061),
        *(5432, 5984, 6000, 6379, 6380, 6443, 6566, *range(6665, 6670), 6679, 6697, 7001, 8020),
        *(9042, 9100, 9200, 9300, 10080, 10250, 11211, 27017, 50070),
    ]
)


class ForbiddenAddressError(OSError):
    """The guard refused to connect."""


@dataclass(slots=True)
class Hop:
    """What the guard saw while one request connected."""

    forbidden: bool = False
    bad_port: bool = False
    allowed: bool = False
    """An address in an allowed network was connected to."""


current_hop: ContextVar[Hop | None] = ContextVar("current_hop", default=None)
"""Set by the fetcher around a request; tasks that connect in parallel inherit it."""


def carried_addresses(address: Address) -> tuple[Address, ...]:
    """The address and every IPv4 address that it stands for."""
    if isinstance(address, IPv4Address):
        return (address,)
    carried: list[Address] = [address]
    last_32_bits = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if any(address in network for network in _NAT64):
        # The prefix itself is reserved; the address behind it decides.
        return (last_32_bits,)
    if address in _COMPATIBLE and int(address) > 1:
        carried.append(last_32_bits)
    if address.sixtofour is not None:
        carried.append(address.sixtofour)
    if address.teredo is not None:
        carried += address.teredo
    return tuple(carried)


def is_public(address: Address) -> bool:
    """True when the address, and what it carries, is globally reachable unicast."""
    return all(_is_public(one) for one in carried_addresses(address))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.scope_id or address.is_site_local:
            return False
        if address.teredo is not None or address.sixtofour is not None:
            return True  # judged by what it carries
    if any(address in network for network in _RESERVED):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_unspecified
        and not address.is_reserved
    )


class Guard:
    """A socket factory that refuses addresses and ports which feeds have no business with."""

    def __init__(self, allow_networks: Sequence[Network] = ()) -> None:
        self._allowed = tuple(allow_networks)

    def allows(self, address: Address) -> bool:
        """True for addresses in a network that the operator allows, in whatever form."""
        candidates = {address, carried_addresses(address)[-1]}
        return any(
            candidate in network
            for candidate in candidates
            for network in self._allowed
            if candidate.version == network.version
        )

    def allows_literal(self, host: str) -> bool:
        """True when the host of an address is itself an address in an allowed network."""
        try:
            return self.allows(ip_address(host))
        except ValueError:
            return False

    def __call__(
        self, address_info: tuple[int, int, int, str, tuple[object, ...]]
    ) -> socket.socket:
        """Make the socket for an address as getaddrinfo gives it.

        Raises ForbiddenAddressError, and notes it in the current hop, for what must not be
        connected to.
        """
        family, kind, protocol, _, where = address_info
        hop = current_hop.get() or Hop()
        address = ip_address(str(where[0]).partition("%")[0])
        port = int(str(where[1]))
        if self.allows(address):
            hop.allowed = True
        elif not is_public(address) or "%" in str(where[0]):
            hop.forbidden = True
            raise ForbiddenAddressError("not a public address")
        elif port not in (80, 443) and (port < 1024 or port in _BAD_PORTS):
            hop.bad_port = True
            raise ForbiddenAddressError("not a port for feeds")
        return socket.socket(family, kind, protocol)
