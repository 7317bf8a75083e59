"""Channels, heartbeat and memory of the alerts, composed from the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reconciler.core.alert_settings import AlertSection, ChannelSection
from reconciler.core.errors import InputError
from reconciler.core.incidents.delivering import Courier, DeliveryError, Pulse
from reconciler.core.incidents.notice import Sender
from reconciler.core.incidents.outbox import letter_to_test
from reconciler.core.incidents.standing import AlertStanding, standing_of
from reconciler.core.suggest import did_you_mean
from reconciler.report.alerting import message_of
from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.adapters.notify.memory import Memory
    from reconciler.adapters.notify.places import Place

MEMORY_FILE: Final = ".reconcile/alerts.json"


def alert_section(app: App) -> AlertSection:
    """Return `alerts:` of the settings; raises `DocumentError`."""
    return app.part(AlertSection)


def couriers_of(app: App, section: AlertSection) -> Mapping[str, Courier]:
    """Return every channel's way out; nothing is read or sent yet."""
    return {name: _courier(app, one) for name, one in section.channels.items()}


def pulse_of(app: App, section: AlertSection) -> Pulse | None:
    """Return the heartbeat's way out, None without one."""
    from reconciler.adapters.notify.heartbeat import Heartbeat

    beat = section.heartbeat
    if beat is None:
        return None
    place = _place(app, beat.url_env, beat.url_file)
    return Heartbeat(address=place, timeout_s=float(beat.timeout))


def sender_of(app: App) -> Sender:
    """Return who writes: this machine, and where its status page is."""
    from reconciler.core.http_settings import HttpSection

    return Sender(place=app.vantage, page=app.part(HttpSection).url)


def alert_memory(app: App) -> Memory:
    """Return what the alerts remember: a file beside the state."""
    from reconciler.adapters.notify.memory import Memory

    return Memory(path=app.choices.directory / MEMORY_FILE)


def remembered_standing(app: App, section: AlertSection) -> AlertStanding:
    """Return how the alerts do, as the daemon last wrote it; changes nothing."""
    state, problem = alert_memory(app).look()
    found = standing_of(
        state, tuple(section.channels), beats=section.heartbeat is not None
    )
    return replace(found, problem=problem)


def send_test(app: App, name: str | None) -> Mapping[str, str]:
    """Send a test message; return for each channel why it failed, empty if not.

    Raises:
        InputError: There is no channel, or none of that name.
    """
    section = alert_section(app)
    known = list(section.channels)
    if not known:
        raise InputError("no channel: add one under 'alerts' in reconcile.yaml")
    if name is not None and name not in known:
        hint = did_you_mean(name, known) or f"known: {', '.join(known)}"
        raise InputError(f"there is no channel '{name}'; {hint}")
    couriers = couriers_of(app, section)
    chosen = {one: couriers[one] for one in ([name] if name else known)}
    return asyncio.run(_tested(app, chosen))


async def _tested(app: App, couriers: Mapping[str, Courier]) -> Mapping[str, str]:
    tries = (_try(app, name, courier) for name, courier in couriers.items())
    return dict(zip(couriers, await asyncio.gather(*tries), strict=True))


async def _try(app: App, name: str, courier: Courier) -> str:
    letter = letter_to_test(name, sender_of(app), now=app.clock.now())
    try:
        await courier.deliver(message_of(letter))
    except DeliveryError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  # its text may hold the address
        return f"the channel broke off ({type(error).__name__})"
    return ""


def _courier(app: App, channel: ChannelSection) -> Courier:
    from reconciler.adapters.notify.apprise_service import AppriseService
    from reconciler.adapters.notify.webhook import Webhook

    address = _place(app, channel.url_env, channel.url_file)
    if channel.kind == "webhook":
        return Webhook(
            address=address,
            secret=_place(app, channel.secret_env, channel.secret_file),
            clock=app.clock,
            timeout_s=float(channel.timeout),
        )
    return AppriseService(
        address=address,
        timeout_s=float(channel.timeout),
        markdown=channel.format == "markdown",
    )


def _place(app: App, variable: str | None, file: str | None) -> Place:
    from reconciler.adapters.notify.places import Place

    return Place(
        variable=variable or "",
        file=file or "",
        environment=app.choices.environment,
    )
