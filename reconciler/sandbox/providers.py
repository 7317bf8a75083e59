"""Every pretend provider there is, and which host names it answers to."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.sandbox.exchanges.binance import BINANCE, BINANCE_TESTNET
from reconciler.sandbox.exchanges.bingx import BINGX
from reconciler.sandbox.exchanges.bitget import BITGET
from reconciler.sandbox.exchanges.bybit import BYBIT
from reconciler.sandbox.exchanges.coinbase import COINBASE
from reconciler.sandbox.exchanges.gate import GATE
from reconciler.sandbox.exchanges.kraken import KRAKEN
from reconciler.sandbox.exchanges.kucoin import KUCOIN
from reconciler.sandbox.exchanges.mexc import MEXC
from reconciler.sandbox.exchanges.okx import OKX
from reconciler.sandbox.feed_mtls import FEED_MTLS
from reconciler.sandbox.feed_pages import FEED, FEED_BACKUP
from reconciler.sandbox.feed_signed import FEED_HMAC
from reconciler.sandbox.feed_tokens import FEED_LOGIN, FEED_OAUTH
from reconciler.sandbox.metaapi import METAAPI
from reconciler.sandbox.mtapi_native import MTAPI_NATIVE
from reconciler.sandbox.mtapi_v1 import MTAPI_V1

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sandbox.provider import Provider

_EXCHANGES = (
    *(BINANCE, BINANCE_TESTNET, OKX, KRAKEN, KUCOIN),
    *(BYBIT, COINBASE, BITGET, GATE, BINGX, MEXC),
)
_FEEDS = (FEED, FEED_BACKUP, FEED_HMAC, FEED_OAUTH, FEED_LOGIN, FEED_MTLS)
_ALL = (*_EXCHANGES, MTAPI_V1, MTAPI_NATIVE, METAAPI, *_FEEDS)
PROVIDERS: Mapping[str, Provider] = MappingProxyType(
    {provider.name: provider for provider in _ALL}
)
PROVIDER_OF_HOST: Mapping[str, Provider] = MappingProxyType(
    {host: provider for provider in PROVIDERS.values() for host in provider.hosts}
)
