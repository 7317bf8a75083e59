"""Messages through Apprise, which speaks a hundred services.

It blocks and may sleep, so each delivery has a thread of its own that nothing waits
for longer than the channel's time, not even the end of the process. What Apprise and
its client say in logs can hold addresses: it is not passed on, only its status codes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.adapters.notify.places import Place
from reconciler.core.incidents.causes import Severity
from reconciler.core.incidents.delivering import DeliveryError, Message
from reconciler.core.secret import Secret

_STATUS: Final = re.compile(r"error=(\d{3})\b")
_TALKATIVE: Final = ("apprise", "urllib3")
_KINDS: Final = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "failure",
}


@dataclass(slots=True, kw_only=True)
class AppriseService:
    """Sends messages to one Apprise URL; one at a time."""

    address: Place
    timeout_s: float
    markdown: bool = False
    _is_busy: bool = field(default=False, repr=False)

    async def deliver(self, message: Message) -> None:
        """Send it; raises `DeliveryError`."""
        if self._is_busy:
            raise DeliveryError("the message before is still on its way")
        address = self.address.read_address()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str] = loop.create_future()

        def work() -> None:
            said = self._send(address, message)
            self._is_busy = False
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_settle, done, said)

        self._is_busy = True
        threading.Thread(target=work, name="notify", daemon=True).start()
        try:
            async with asyncio.timeout(self.timeout_s):
                why = await done
        except TimeoutError:
            raise DeliveryError(f"not delivered within {self.timeout_s:g} s") from None
        if why:
            raise DeliveryError(why)

    def _send(self, address: Secret, message: Message) -> str:
        """Send it in this thread; return why it failed, empty when it did not."""
        try:
            return self._notify(address, message)
        except Exception as error:  # noqa: BLE001  # its text may hold the address
            return f"Apprise broke off ({type(error).__name__})"

    def _notify(self, address: Secret, message: Message) -> str:
        import apprise  # loads when something is sent

        for name in _TALKATIVE:
            logging.getLogger(name).propagate = False
        asset = apprise.AppriseAsset(
            app_id="reconcile",
            app_desc="reconcile",
            app_url="",
            async_mode=False,
            http_redirects=False,
            image_url_mask="",
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            service_timeout=self.timeout_s,
            secure_logging=True,
        )
        service = apprise.Apprise.instantiate(address.reveal(), asset=asset)
        if service is None:
            return "the address is none that Apprise knows"
        service.socket_connect_timeout = min(
            service.socket_connect_timeout, self.timeout_s
        )
        service.socket_read_timeout = self.timeout_s
        said: list[str] = []
        sender = apprise.Apprise(asset=asset)
        sender.add(service)
        sent = sender.notify(
            body=message.markdown if self.markdown else message.text,
            title=message.subject,
            notify_type="success" if message.is_good else _KINDS[message.severity],
            body_format="markdown" if self.markdown else "text",
            log_callback=_listening(said),
            log_level=logging.WARNING,
        )
        return "" if sent else _reason(said)


def _listening(said: list[str]) -> Callable[..., None]:
    """Return what remembers the status codes of a failure, and nothing else of it."""

    def listen(entry: Any, *_: Any) -> None:
        text = str(entry.message)
        said.extend(_STATUS.findall(text))
        if "onnection error" in text:
            said.append("connection")

    return listen


def _reason(said: list[str]) -> str:
    status = next((one for one in said if one.isdecimal()), "")
    if status:
        return f"the service answered HTTP {status}"
    if "connection" in said:
        return "the service cannot be reached"
    return "the service did not take it"


def _settle(done: asyncio.Future[str], said: str) -> None:
    if not done.done():
        done.set_result(said)
