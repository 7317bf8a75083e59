"""Whether it is our own network that is down: decided from who was reached when.

One provider that does not answer says nothing. Several that fail one after the other,
and nobody in between who answers, have one thing in common: this machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

SEVERAL: Final = 3
"""So many different hosts fail when our network does; two may by chance."""
WINDOW_S: Final = 60.0


class NetworkState(StrEnum):
    """What is known of this machine's network."""

    UP = "up"
    DOWN = "down"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Our own network is down: since when that is known, aware UTC."""

    since: datetime


class Contact(NamedTuple):
    """One attempt to reach a host: when (seconds of any steady clock), and how it went.

    `reached` is True for every answer, also a refusal; False when none came.
    """

    host: str
    at_s: float
    reached: bool


def judge(
    contacts: Iterable[Contact],
    *,
    now_s: float,
    window_s: float = WINDOW_S,
    several: int = SEVERAL,
) -> NetworkState:
    """Return what the contacts of the last `window_s` seconds say.

    Up when somebody was reached and nobody failed since. Down when at least `several`
    different hosts failed since somebody was reached last. Unsure otherwise: nothing
    was tried, or too few have failed.
    """
    recent = [one for one in contacts if now_s - window_s <= one.at_s <= now_s]
    reached_s = max((one.at_s for one in recent if one.reached), default=None)
    failed = {
        one.host
        for one in recent
        if not one.reached and (reached_s is None or one.at_s > reached_s)
    }
    if len(failed) >= several:
        return NetworkState.DOWN
    if reached_s is not None and not failed:
        return NetworkState.UP
    return NetworkState.UNSURE


def judge_references(found: Iterable[Contact]) -> NetworkState:
    """Return what the reference endpoints say: one that answers is enough."""
    contacts = list(found)
    if not contacts:
        return NetworkState.UNSURE
    up = any(one.reached for one in contacts)
    return NetworkState.UP if up else NetworkState.DOWN
