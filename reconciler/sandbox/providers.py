"""Every pretend provider there is, and which host names it answers to."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.sandbox.exchanges.binance import BINANCE, BINANCE_TESTNET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.provider import Provider

PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {provider.name: provider for provider in (BINANCE, BINANCE_TESTNET)}
)
PROVIDER_OF_HOST: Mapping[str, Provider] = MappingProxyType(
    {host: provider for provider in PROVIDERS.values() for host in provider.hosts}
)
