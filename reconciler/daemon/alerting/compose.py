"""The alerts of one daemon, composed from its settings."""

from __future__ import annotations

from datetime import datetime

from reconciler.core.alert_rules import manner_of
from reconciler.core.incidents.telling import Manner
from reconciler.core.maintenance import quiet_now
from reconciler.core.maintenance_settings import MaintenanceSection
from reconciler.daemon.alerting.alerting import Alerting
from reconciler.daemon.alerting.ways_out import Channel, Subjects, WaysOut
from reconciler.notifying import (
    alert_memory,
    alert_section,
    couriers_of,
    pulse_of,
    sender_of,
)
from reconciler.wiring import App


def alerting_of(app: App) -> Alerting:
    """Return the alerts; reads what they remember. Raises `DocumentError`."""
    return Alerting(
        ways_out=ways_out_of(app), memory=alert_memory(app), clock=app.clock
    )


def ways_out_of(app: App) -> WaysOut:
    """Return what the settings say of the alerts; raises `DocumentError`.

    Without `alerts:` there is no channel: incidents are found, and told to nobody.
    """
    section, maintenance = alert_section(app), app.part(MaintenanceSection)

    def manner(subjects: Subjects, now: datetime) -> Manner:
        quiet = quiet_now(maintenance, subjects, now=now)
        return manner_of(section, quiet=quiet)

    couriers = couriers_of(app, section)
    return WaysOut(
        manner=manner,
        channels={
            name: Channel(courier=courier, per_minute=section.channels[name].per_minute)
            for name, courier in couriers.items()
        },
        sender=sender_of(app),
        pulse=pulse_of(app, section),
        pulse_every_s=float(section.heartbeat.interval if section.heartbeat else 60),
    )
