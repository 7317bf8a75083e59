"""What a session is opened with: settings read, keys repaired, the place chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.adapters.providers.ccxt_crypto.catalogue import Exchange, exchanges
from reconciler.adapters.providers.ccxt_crypto.hub import Place
from reconciler.adapters.providers.ccxt_crypto.keys import Keys, read_keys
from reconciler.adapters.providers.ccxt_crypto.names import MARKETS_NEED_A_KEY
from reconciler.adapters.providers.checks import is_sealed_proxy
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.redaction import Scrubber, make_scrubber
from reconciler.adapters.providers.settings import checked, setting, timeout_s
from reconciler.core.connection import Connection
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError
from reconciler.core.secret import Credentials

DEFAULT_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a session is opened with."""

    connection: Connection
    exchange: Exchange
    keys: Keys
    place: Place
    timeout_s: float
    network: Network
    scrub: Scrubber


def prepare(
    connection: Connection, credentials: Credentials, network: Network
) -> Opening:
    """Return the opening; raises `ProviderError` for settings that cannot be used."""
    exchange = exchanges().get(connection.provider)
    if exchange is None:
        raise ProviderError(
            diagnose(
                Category.BAD_REQUEST,
                detail=f"unknown exchange '{connection.provider}'",
                fix="'reconcile providers' lists the exchanges",
            )
        )
    proxy = setting(connection, credentials, "proxy")
    if proxy is not None:
        checked("proxy", proxy, is_sealed_proxy, category=Category.BAD_URL)
    keys = read_keys(credentials)
    place = _place(connection, exchange, proxy)
    if exchange.id in MARKETS_NEED_A_KEY:
        place = replace(place, key=_required(keys, exchange))
    return Opening(
        connection=connection,
        exchange=exchange,
        keys=keys,
        place=place,
        timeout_s=timeout_s(connection, credentials, default=DEFAULT_TIMEOUT_S),
        network=network,
        scrub=make_scrubber(credentials),
    )


def _required(keys: Keys, exchange: Exchange) -> tuple[tuple[str, str], ...]:
    if not keys.values:
        raise ProviderError(
            diagnose(
                Category.BAD_REQUEST,
                detail=f"{exchange.name} shows its markets only to a key",
                fix=f"add credentials: {', '.join(exchange.credentials)}",
            )
        )
    return tuple(keys.values.items())


def _place(connection: Connection, exchange: Exchange, proxy: str | None) -> Place:
    config = connection.config
    environment = next((e for e in ("sandbox", "demo") if config.get(e)), "live")
    if environment not in exchange.environments:
        raise ProviderError(
            diagnose(
                Category.WRONG_ENVIRONMENT,
                detail=f"{exchange.name} offers no {environment} environment",
                fix=f"remove config.{environment}",
            )
        )
    kind = (config.get("options") or {}).get("defaultType", "spot")
    return Place(
        exchange=exchange.id,
        environment=environment,
        proxy=proxy,
        derivatives=kind != "spot" or any(":" in s for s in connection.symbols),
    )
