"""A login to a bridge in the native dialect: its token, how it dies and comes back.

The password and then the token travel in the URL, so both are known to the scrubber
before anything can be written. The token lives in memory only. A bridge forgets it
after some minutes without a call, or when another program logs in to the account:
then one new login is tried, and the call is made once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from reconciler.adapters.providers.ladder.patience import waiting_for_turn
from reconciler.adapters.providers.metatrader.hours import (
    SilentError,
)
from reconciler.adapters.providers.mtapi.calls import (
    NATIVE_CODES,
    TOKEN,
    NativePath,
    TokenError,
    native_request,
    not_an_answer,
    read_document,
    read_text,
)
from reconciler.adapters.providers.network.session import Network
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.adapters.providers.rest import RestClient
from reconciler.core.diagnosis import Category, diagnose
from reconciler.core.errors import ProviderError

_GOODBYE_S = 2.0
_OPTIONAL = frozenset({Category.WRONG_URL, Category.BAD_REQUEST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where the account is and what opens it; `where` is server, or host and port."""

    base_url: str
    user: str
    password: str = field(repr=False)
    where: Mapping[str, str]
    api_key: str = field(default="", repr=False)
    connect_timeout_s: float
    keep: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the key that paid and self-hosted bridges may want."""
        return {"ApiKey": self.api_key} if self.api_key else {}


class LearningScrubber(Scrubber):
    """Removes also what became secret later: a token."""

    __slots__ = ()

    def learn(self, value: str) -> None:
        """Remove `value` from every text from now on."""
        if value not in self._values:
            self._values = (*self._values, value)
            self._compiled = None


class Login:
    """One account's login; calls are made one after the other."""

    def __init__(
        self,
        entry: Entry,
        client: RestClient,
        network: Network,
        scrub: LearningScrubber,
    ) -> None:
        self._entry = entry
        self._client = client
        self._network = network
        self._scrub = scrub
        self._token = ""

    async def open(self) -> None:
        """Log in with the password, whether or not a token is at hand.

        Raises `ProviderError`; a silent broker is a failure also off-hours, since
        nothing has proven the password yet.
        """
        self._token = ""
        path = NativePath.CONNECT_EX
        if "host" in self._entry.where:
            path = NativePath.CONNECT
        params = {
            "user": self._entry.user,
            "password": self._entry.password,
            **self._entry.where,
            "connectTimeoutSeconds": str(max(1, int(self._entry.connect_timeout_s))),
            "errorReplyStatusCode": "400",
        }
        try:
            self._token = await self._connect(path, params)
        except SilentError as error:
            found = error.diagnosis
        else:
            return
        raise ProviderError(found)

    async def read(self, path: NativePath, **params: str) -> Any:
        """Return the JSON document of a call that needs the token."""
        await self._require_token()
        try:
            return await self._read(path, params)
        except TokenError:
            await self._reopen()
        return await self._read(path, params)

    async def read_if_there(self, path: NativePath) -> Any:
        """Return the document of a call that older bridges lack, else None."""
        try:
            return await self.read(path)
        except ProviderError as error:
            if error.diagnosis.category in _OPTIONAL:
                return None
            raise

    async def check(self) -> None:
        """Raise unless the account is connected to its broker."""
        await self._require_token()
        try:
            text, status = await self._read_text(NativePath.CHECK_CONNECT)
        except TokenError:
            await self._reopen()
            text, status = await self._read_text(NativePath.CHECK_CONNECT)
        if text.upper() != "OK":
            raise not_an_answer("'OK'", status)

    async def close(self) -> None:
        """Log out, if there is anything to leave; tells nobody when it fails."""
        token, self._token = self._token, ""
        if not token or self._entry.keep:
            return
        request = self._request(NativePath.DISCONNECT, {"id": token})
        with suppress(Exception):
            async with asyncio.timeout(_GOODBYE_S):
                await self._client.send(request)

    async def _require_token(self) -> None:
        if not self._token:
            await self.open()

    async def _reopen(self) -> None:
        """Bring a dead login back: by its token, which needs no password, or anew."""
        token, self._token = self._token, ""
        try:
            self._token = await self._connect(
                NativePath.CONNECT_BY_TOKEN, {"id": token}
            )
        except ProviderError:
            await self.open()

    async def _connect(self, path: NativePath, params: Mapping[str, str]) -> str:
        """Return a token; a login has its own time, since brokers take up to 60 s."""
        limit_s = self._entry.connect_timeout_s
        request = self._request(path, params)
        try:
            with waiting_for_turn():
                async with asyncio.timeout(limit_s):
                    text, status = await read_text(
                        self._client, request, now=self._network.clock()
                    )
        except TimeoutError:
            raise _too_slow(limit_s) from None
        if not TOKEN.fullmatch(text):
            raise not_an_answer("a token", status)
        self._scrub.learn(text)
        return text

    async def _read(self, path: NativePath, params: Mapping[str, str]) -> Any:
        request = self._request(path, {"id": self._token, **params})
        return await read_document(
            self._client, request, NATIVE_CODES, now=self._network.clock()
        )

    async def _read_text(self, path: NativePath) -> tuple[str, int]:
        request = self._request(path, {"id": self._token})
        return await read_text(self._client, request, now=self._network.clock())

    def _request(self, path: NativePath, params: Mapping[str, str]) -> Any:
        entry = self._entry
        return native_request(
            entry.base_url, path, params=params, headers=entry.headers
        )


def _too_slow(limit_s: float) -> ProviderError:
    return ProviderError(
        diagnose(
            Category.TIMEOUT,
            detail=f"the login took longer than {limit_s:g} s",
            fix="test again; raise config.connect_timeout if the broker is just slow",
            evidence={"connect_timeout_s": f"{limit_s:g}"},
        )
    )
