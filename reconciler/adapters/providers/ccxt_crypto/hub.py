"""One template per exchange, environment and way out; one cheap clone per connection.

Loading an exchange's markets costs up to a second of CPU and 100 MB, and makes
private calls as soon as a key is present. So a keyless template loads them once
for everybody, and each connection gets a copy of it with its own credentials. The
copy is checked: if a future ccxt holds on to the template in a new way, instances
are built the ordinary way instead, slower and safe.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MethodType
from typing import Any

from reconciler.adapters.providers.ccxt_crypto.classify import Case, explain_ccxt
from reconciler.adapters.providers.ccxt_crypto.direct import made_direct
from reconciler.adapters.providers.ccxt_crypto.library import (
    ccxt_version,
    import_exchange,
)
from reconciler.adapters.providers.ccxt_crypto.listener import Listener
from reconciler.adapters.providers.ccxt_crypto.market_cache import (
    Before,
    Key,
    restore_markets,
    save_markets,
)
from reconciler.adapters.providers.ccxt_crypto.names import CREDENTIAL_ATTRIBUTES
from reconciler.adapters.providers.ladder.climbing import explain_any
from reconciler.adapters.providers.network.meter import Meter, Timing, metering
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError

_HUB = "ccxt_hub"
_REQUEST_TIMEOUT_MS = 20_000
_MARKET_ATTRIBUTES = (
    "markets", "markets_by_id", "marketsById", "symbols", "ids", "currencies",
    "currencies_by_id", "currenciesById", "baseCurrencies", "quoteCurrencies",
    "codes",
)  # fmt: skip
_SHARED_ATTRIBUTES = frozenset(
    (*_MARKET_ATTRIBUTES, "api", "has", "features", "fees", "exceptions", "describe",
     "timeframes", "requiredCredentials", "httpExceptions", "commonCurrencies",
     "options")
)  # fmt: skip
"""What does not change, and the options, which are copied more deeply."""
_CANARY = "canary-of-the-clone-check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a template belongs to; connections of one place share it."""

    exchange: str
    environment: str = "live"
    proxy: str | None = field(default=None, repr=False)
    derivatives: bool = False
    key: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """With what the markets are asked for, by our names; nearly everywhere nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The names of what each clone has of its own: found once, copied often."""

    attributes: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Loaded:
    """A template with its markets, and what loading them showed."""

    template: Any
    own: Own
    meter: Meter
    can_clone: bool
    used: bool = False
    remembered: bool = False
    """The markets are those of an earlier run, and only its time was asked for."""


class Hub:
    """The templates of one network; made on first use, closed with it."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._loading: dict[Place, asyncio.Task[Loaded]] = {}
        self._meters: dict[Place, Meter] = {}
        self._doubted: set[Place] = set()
        self._replaced: list[Any] = []

    def loaded(self, place: Place) -> Loaded | None:
        """Return the place's template if its markets are there already."""
        task = self._loading.get(place)
        return task.result() if task and task.done() and not _failed(task) else None

    async def load(self, place: Place) -> Loaded:
        """Return the place's template with its markets, loading them once.

        Callers that come while it loads share its outcome, also its failure; who
        comes after a failure tries anew.
        """
        task = self._loading.get(place)
        if task is None or (task.done() and _failed(task)):
            # Its own task: the first caller's time limit must not end the others'.
            task = asyncio.get_running_loop().create_task(self._load(place))
            task.add_done_callback(_failed)
            self._loading[place] = task
        return await asyncio.shield(task)

    def renew(self, place: Place) -> None:
        """Load the markets anew with the next call, if they were remembered ones."""
        task = self._loading.get(place)
        if task is None or not task.done() or _failed(task):
            return
        if task.result().remembered:
            self._doubted.add(place)
            self._replaced.append(task.result().template)
            del self._loading[place]

    def requests_of(self, place: Place) -> Sequence[Timing]:
        """Return the requests of the newest loading, also of one that failed."""
        return self._meters[place].timings if place in self._meters else ()

    def make(self, loaded: Loaded, values: Mapping[str, str]) -> Any:
        """Return an exchange with these credentials (by our names) and markets."""
        template = loaded.template
        if loaded.can_clone:
            exchange = clone(template, loaded.own)
        else:
            exchange = self._build_like(template)
        _give(exchange, values)
        return exchange

    async def close(self) -> None:
        """Stop loading and let the templates go without a complaint."""
        for task in self._loading.values():
            task.cancel()
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        for task in self._loading.values():
            if not task.cancelled() and not _failed(task):
                release(task.result().template)
        for template in self._replaced:
            release(template)
        self._loading.clear()

    async def _load(self, place: Place) -> Loaded:
        kind = await import_exchange(place.exchange)
        template = self._build(_required(kind, place.exchange), place)
        _give(template, dict(place.key))
        scrub = Scrubber([place.proxy or "", *dict(place.key).values()])
        listener = template.on_rest_response = Listener(scrub)
        try:
            remembered = await self._get_markets(template, place, ccxt_version())
            _require_markets(template)
        except Exception as error:  # noqa: BLE001 - told to every connection that waits
            case = Case(
                exchange=place.exchange,
                scrub=scrub,
                now_s=self._network.clock().timestamp(),
                answer=listener.answer,
                signing=bool(place.key),
                environment=place.environment,
            )
            diagnosis = explain_any(error, scrub, lambda e: explain_ccxt(e, case))
        else:
            return Loaded(
                template=template,
                own=own_of(template),
                meter=self._meters[place],
                can_clone=clones_apart(template),
                remembered=remembered,
            )
        finally:
            if not template.markets:
                release(template)
        raise ProviderError(diagnosis)

    async def _get_markets(self, template: Any, place: Place, version: str) -> bool:
        """Load the markets, or remember them; return whether they are remembered."""
        before, cache = Before(template), self._cache_of(template, place, version)
        now_s = self._network.clock().timestamp()
        if cache and place not in self._doubted:
            with metering(self._new_meter(place)):
                if restore_markets(template, *cache, now_s=now_s):
                    if await _tells_time(template):
                        return True
                    template.markets = None
        # Anew also after a failure: what it then shows is what counts.
        with metering(self._new_meter(place)):
            await template.load_markets()
        if cache:
            save_markets(template, before, *cache, now_s=now_s)
        return False

    def _new_meter(self, place: Place) -> Meter:
        meter = self._meters[place] = Meter()
        return meter

    def _cache_of(
        self, template: Any, place: Place, version: str
    ) -> tuple[Path, Key] | None:
        """Return where markets may be remembered, None where they may not.

        An exchange that tells no time could be gone without our noticing, and behind
        another way out an exchange may show other markets.
        """
        folder = self._network.cache
        if folder is None or place.proxy or place.key or self._network.proxy:
            return None
        if template.has.get("fetchTime") is not True:
            return None
        parts = (place.environment, "derivatives" if place.derivatives else "")
        world = "loopback" if self._network.is_sandbox else ""
        environment = "-".join(filter(None, (*parts, world)))
        return folder, Key(
            exchange=place.exchange, environment=environment, version=version
        )

    def _build(self, kind: Any, place: Place) -> Any:
        exchange = made_direct(kind)(
            {
                "session": self._network.guarded(place.proxy),
                "ssl_context": self._network.tls,
                "timeout": _REQUEST_TIMEOUT_MS,
                "enableRateLimit": not self._network.is_sandbox,
                "enableLastHttpResponse": False,
                "enableLastJsonResponse": False,
                "enableLastResponseHeaders": False,
            }
        )
        exchange.timeout_on_exit = 0
        _slim(exchange, derivatives=place.derivatives)
        _be_strict(exchange)
        if place.environment == "sandbox":
            exchange.set_sandbox_mode(True)
        elif place.environment == "demo":
            exchange.enable_demo_trading(True)
        return exchange

    def _build_like(self, template: Any) -> Any:
        exchange = type(template)(
            {"session": template.session, "ssl_context": template.ssl_context}
        )
        for name in ("timeout", "timeout_on_exit", "enableRateLimit", "throttler"):
            setattr(exchange, name, getattr(template, name))
        exchange.urls = copy.deepcopy(template.urls)
        exchange.options = copy.deepcopy(template.options)
        exchange.isSandboxModeEnabled = template.isSandboxModeEnabled
        exchange.httpExceptions = template.httpExceptions
        exchange.set_markets_from_exchange(template)
        return exchange


def hub_of(network: Network) -> Hub:
    """Return the network's hub, making it on first use."""
    hub: Hub | None = network.shared.get(_HUB)
    if hub is None:
        hub = network.shared[_HUB] = Hub(network)
        network.exits.append(hub.close)
    return hub


def clone(template: Any, own: Own | None = None) -> Any:
    """Return a copy that shares markets and throttler, and nothing that changes.

    `own` is what `own_of` returned for the template.
    """
    own = own or own_of(template)
    twin = object.__new__(type(template))
    attributes = vars(twin)
    attributes.update(vars(template))
    for name in own.attributes:
        attributes[name] = attributes[name].copy()
    options = attributes["options"] = template.options.copy()
    for name in own.options:
        options[name] = options[name].copy()
    return twin


def own_of(template: Any) -> Own:
    """Return what of a template may change and is copied for each clone."""
    return Own(
        attributes=tuple(
            name
            for name, value in vars(template).items()
            if name not in _SHARED_ATTRIBUTES and isinstance(value, dict | list)
        ),
        options=tuple(
            name for name, value in template.options.items() if isinstance(value, dict)
        ),
    )


def clones_apart(template: Any) -> bool:
    """Tell whether two clones keep their own keys and the template keeps none."""
    twins = [clone(template) for _ in range(2)]
    try:
        for number, twin in enumerate(twins):
            for attribute in CREDENTIAL_ATTRIBUTES.values():
                setattr(twin, attribute, f"{_CANARY}{number}")
        own = all(t.apiKey == f"{_CANARY}{n}" for n, t in enumerate(twins))
        bound = any(_holds(twin, template) for twin in twins)
        return own and not bound and _CANARY not in _credentials(template)
    finally:
        for twin in twins:
            twin.session = None


def _give(exchange: Any, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        setattr(exchange, CREDENTIAL_ATTRIBUTES[name], value)


def release(exchange: Any) -> None:
    """Let an exchange go: the session is the network's, nothing else is open."""
    exchange.session = None


def _holds(twin: Any, template: Any) -> bool:
    return any(
        value is template
        or (isinstance(value, MethodType) and value.__self__ is template)
        for value in vars(twin).values()
    )


def _credentials(exchange: Any) -> str:
    names = CREDENTIAL_ATTRIBUTES.values()
    return " ".join(str(getattr(exchange, name, "")) for name in names)


def _slim(exchange: Any, *, derivatives: bool) -> None:
    """Load only the markets that are needed, and nothing about currencies."""
    exchange.has = {**exchange.has, "fetchCurrencies": False}
    exchange.options = {
        **exchange.options,
        "fetchCurrencies": False,
        "fetchMargins": False,
    }
    wanted = exchange.options.get("fetchMarkets")
    if isinstance(wanted, dict):
        wanted = {**wanted, "fetchTickersFees": False, "loadAllOptions": False}
        types = wanted.get("types", ())
        if not derivatives and "spot" in types:
            switches = isinstance(types, dict)  # HTX has one for each kind
            wanted["types"] = {"spot": True} if switches else ["spot"]
        exchange.options["fetchMarkets"] = wanted


def _be_strict(exchange: Any) -> None:
    """Make an error of every error status: ccxt takes those it does not list for fine.

    A key would be proven by an answer like 421 or 402, whose body is never looked at.
    """
    from ccxt.base.errors import ExchangeError

    every = {str(status): ExchangeError for status in range(400, 600)}
    exchange.httpExceptions = {**every, **exchange.httpExceptions}


def _failed(task: asyncio.Task[Any]) -> bool:
    """Tell whether a finished task failed; looking at it also keeps asyncio quiet."""
    return task.cancelled() or task.exception() is not None


async def _tells_time(exchange: Any) -> bool:
    """Tell whether the exchange answers; the cheapest call that shows it."""
    try:
        return isinstance(await exchange.fetch_time(), int | float)
    except Exception:  # noqa: BLE001 - loading the markets will tell why
        return False


def _required(kind: Any, name: str) -> Any:
    if kind is None:
        raise ProviderError(
            diagnose(
                Category.NOT_HERE,
                detail=f"the installed ccxt {ccxt_version()} has no '{name}'",
                fix="install the release of ccxt that 'reconcile providers' lists",
            )
        )
    return kind


def _require_markets(template: Any) -> None:
    """Refuse a 200 with something that is no list of markets: ccxt takes it."""
    if not template.markets:
        raise ProviderError(
            diagnose(Category.BAD_RESPONSE, detail="the answer lists no market")
        )
