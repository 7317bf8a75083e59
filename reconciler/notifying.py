"""Channels, heartbeat and memory of the alerts, composed from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from reconciler.core.alert_settings import AlertSection, ChannelSection
from reconciler.core.incidents.delivering import Courier, Pulse
from reconciler.core.incidents.notice import Sender
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
