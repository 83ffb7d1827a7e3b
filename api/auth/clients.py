"""Who the client of a request is: the one answer that everything uses which counts clients.

A client is an IPv4 address or the /64 of an IPv6 address, which one household or machine has whole. A proxy's header
is believed as far as our own proxies wrote it: from its right end, a step for each of them, never from anybody else.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from api.auth.forwarded import elements_from_right, forwarded_for

if TYPE_CHECKING:
    from fastapi import Request  # every part reads settings, and only the API needs the framework

FORWARDED = "forwarded"
X_FORWARDED_FOR = "x-forwarded-for"
HEADERS = (X_FORWARDED_FOR, FORWARDED)
HOPS_MAX = 10
IPV6_PREFIX = 64
ADDRESS_LENGTH_MAX = 64
ADDRESSES_REMEMBERED_MAX = 16_384
WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+)(?::\d{1,5})?")

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Names the client of a request.

    Args:
        trusted: the networks of our own proxies.
        hops: how many of them a request passes at most.
        header: what they write the address into that they were called from.
    """

    trusted: tuple[Network, ...] = ()
    hops: int = 1
    header: str = X_FORWARDED_FOR

    def of(self, request: "Request") -> str:
        """Return the client of a request."""
        peer = request.client.host if request.client else ""
        if not self.is_trusted(peer):
            return client_of_address(peer)
        return self.behind(peer, request.headers.getlist(self.header))

    def behind(self, peer: str, headers: Sequence[str]) -> str:
        """Return the client that a trusted proxy speaks for; the proxy itself where it names none."""
        found = peer
        for named in named_from_right(headers, self.hops, self.header):
            address = address_in(named)
            if address is None:
                break
            found = address
            if not self.is_trusted(address):
                break
        return client_of_address(found)

    def of_peer(self, host: str) -> tuple[str, bool]:
        """Return the client that a connection belongs to, and whether it is a proxy's, which speaks for many."""
        return client_of_address(host), self.is_trusted(host)

    def is_trusted(self, host: str) -> bool:
        """Say whether an address is one of our own proxies'."""
        return bool(self.trusted) and is_within(host, self.trusted)


def named_from_right(headers: Sequence[str], hops: int, header: str) -> Iterable[str]:
    """Yield what the last proxies wrote, the nearest first; nothing further left is looked at."""
    left = hops
    for line in reversed(headers):
        if header == FORWARDED:
            named = [forwarded_for(element) for element in elements_from_right(line, left)]
        else:
            named = [part.strip() for part in reversed(line.rsplit(",", left)[-left:])]
        yield from named
        left -= len(named)
        if left <= 0:
            return


def address_in(text: str) -> str | None:
    """Read an address with or without a port; None if it is none."""
    if len(text) > ADDRESS_LENGTH_MAX:
        return None
    found = WITH_PORT.fullmatch(text)
    address = (found[1] or found[2]) if found else text
    try:
        return str(ip_address(address))
    except ValueError:
        return None


@lru_cache(ADDRESSES_REMEMBERED_MAX)
def client_of_address(host: str) -> str:
    """Return the client that an address belongs to; what is no address is its own."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address) >> (128 - IPV6_PREFIX) << (128 - IPV6_PREFIX), IPV6_PREFIX)))


@lru_cache(ADDRESSES_REMEMBERED_MAX)
def is_within(host: str, networks: tuple[Network, ...]) -> bool:
    """Say whether an address lies in one of these networks."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks if network.version == address.version)


def networks_in(text: str) -> tuple[Network, ...]:
    """Read networks separated by commas.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
