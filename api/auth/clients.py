"""The client of a request, for all limits per client.

A client is an IPv4 address or the /64 network of an IPv6 address, which belongs to one household or machine. A proxy's
header is trusted only for the entries that the operator's own proxies appended, counted from its right end.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from api.auth.forwarded import elements_from_right, forwarded_for

if TYPE_CHECKING:
    from fastapi import Request  # Settings import this module, and only the API process needs the framework.

FORWARDED = "forwarded"
X_FORWARDED_FOR = "x-forwarded-for"
HEADERS = (X_FORWARDED_FOR, FORWARDED)
HOPS_MAX = 10
IPV6_PREFIX = 64
ADDRESS_LENGTH_MAX = 64
CACHED_ADDRESSES_MAX = 16_384
WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+)(?::\d{1,5})?")

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Determines the client of a request.

    Args:
        trusted: the networks of the operator's own proxies.
        hops: maximum number of own proxies that a request passes.
        header: the header to which they append the address of their peer.
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
        """Return the client that a trusted proxy forwards for; the proxy itself if it names none."""
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
        """Return the client of a connection, and whether it is a proxy, which forwards for many clients."""
        return client_of_address(host), self.is_trusted(host)

    def is_trusted(self, host: str) -> bool:
        """Return whether an address belongs to one of the operator's own proxies."""
        return bool(self.trusted) and is_within(host, self.trusted)


def named_from_right(headers: Sequence[str], hops: int, header: str) -> Iterable[str]:
    """Yield the entries that the last proxies appended, the nearest first; entries further left are not read."""
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
    """Return an address without its port; None if the text is not an address."""
    if len(text) > ADDRESS_LENGTH_MAX:
        return None
    found = WITH_PORT.fullmatch(text)
    address = (found[1] or found[2]) if found else text
    try:
        return str(ip_address(address))
    except ValueError:
        return None


@lru_cache(CACHED_ADDRESSES_MAX)
def client_of_address(host: str) -> str:
    """Return the client of an address; text that is not an address is returned unchanged."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address) >> (128 - IPV6_PREFIX) << (128 - IPV6_PREFIX), IPV6_PREFIX)))


@lru_cache(CACHED_ADDRESSES_MAX)
def is_within(host: str, networks: tuple[Network, ...]) -> bool:
    """Return whether an address lies in one of the networks."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks if network.version == address.version)


def networks_in(text: str) -> tuple[Network, ...]:
    """Return networks separated by commas.

    Raises:
        ValueError: one of them is invalid.
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
