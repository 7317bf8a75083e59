"""Which addresses a connection may lead to, judged after its name is resolved.

A file in a repository must not reach what only this machine can reach: its own
services, the network around it, the place where a cloud serves credentials. So what
is no public address is refused, however it is spelt and whatever name hides it; the
address that was judged is the one that is connected to. The operator may allow
networks of theirs in `reconcile.yaml`; a connection's file cannot.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import aiohttp

Address = IPv4Address | IPv6Address
NetworkRange = IPv4Network | IPv6Network

_METADATA = frozenset(
    map(
        ip_address,
        (
            *("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254"),
            *("fd00:ec2::23", "fd20:ce::254", "100.100.100.200", "168.63.129.16"),
            *("192.0.0.192", "169.254.0.23", "169.254.10.10", "169.254.42.42"),
        ),
    )
)
"""Where clouds serve a machine's own credentials; nobody can allow these."""

_KINDS = (
    ("is_unspecified", "an unspecified"),
    ("is_loopback", "a loopback"),
    ("is_link_local", "a link-local"),
    ("is_multicast", "a multicast"),
    ("is_site_local", "a private"),
    ("is_private", "a private"),
)
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_IPV4_COMPATIBLE = ip_network("::/96")
_LOW_32_BITS = 0xFFFF_FFFF


class AddressNotAllowedError(aiohttp.InvalidUrlClientError):
    """A connection leads to an address that is not allowed; waiting does not help.

    `address` is where it leads; `can_be_allowed` tells whether `network.allow` of
    `reconcile.yaml` could change that.
    """

    def __init__(self, host: str, address: str, kind: str) -> None:
        self.address = address
        self.can_be_allowed = kind != "a metadata"
        super().__init__(host, f"leads to {address}, which is {kind} address")


def read_ranges(allow: Sequence[str]) -> tuple[NetworkRange, ...]:
    """Return CIDRs as ranges; raises `ValueError` for what is none."""
    return tuple(ip_network(text) for text in allow)


def require_allowed(host: str, address: str, allow: Sequence[NetworkRange]) -> None:
    """Raise `AddressNotAllowedError` when `host` may not be reached at `address`."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        raise AddressNotAllowedError(host, address, "no plainly spelt") from None
    for meant in _meanings(found):
        kind = _kind(meant)
        if kind == "a metadata" or (kind and not _is_in(allow, found, meant)):
            raise AddressNotAllowedError(host, str(meant), kind)


def require_plain_spelling(host: str) -> None:
    """Raise for an address in an odd spelling: `2130706433`, `0x7f.1`, `127.1`.

    Libraries do not agree on what those mean, so one may judge another address than
    the one that is connected to.
    """
    try:
        socket.inet_aton(host)
    except (OSError, UnicodeEncodeError, ValueError):
        return
    try:
        ip_address(host)
    except ValueError:
        raise AddressNotAllowedError(host, host, "no plainly spelt") from None


def require_literal_allowed(host: str, allow: Sequence[NetworkRange]) -> None:
    """Judge a host that is an address; a name is judged where it is resolved."""
    require_plain_spelling(host)
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return
    require_allowed(host, host, allow)


def _meanings(address: Address) -> Iterator[Address]:
    """Yield the address, and the IPv4 address that it carries to a gateway or stack."""
    yield address
    if isinstance(address, IPv4Address):
        return
    low = IPv4Address(int(address) & _LOW_32_BITS)
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    elif address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield from address.teredo
    elif any(address in nat for nat in _NAT64) or (
        address in _IPV4_COMPATIBLE and int(address) > 1
    ):
        yield low


def _kind(address: Address) -> str:
    """Return what kind of address it is, empty for a public one."""
    if address in _METADATA:
        return "a metadata"
    if isinstance(address, IPv6Address) and _carries_ipv4(address):
        return ""  # judged by what it carries
    for attribute, kind in _KINDS:
        if getattr(address, attribute, False):
            return kind
    return "" if address.is_global else "a shared or reserved"


def _carries_ipv4(address: IPv6Address) -> bool:
    return len(list(_meanings(address))) > 1


def _is_in(allow: Sequence[NetworkRange], *addresses: Address) -> bool:
    return any(address in known for address in addresses for known in allow)
