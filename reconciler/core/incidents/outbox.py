"""What waits to be delivered on each channel: tried again, bounded, never a flood.

A message that was tried keeps its id and its content, so that a receiver can tell a
repetition. What waits behind it may still be summed up in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from reconciler.core.incidents.book import FORMAT_VERSION, Book
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.notice import Letter, Notice, NoticeKind, Sender

SUMMED_UP_OVER: Final = 5
"""More than so many that wait become one."""
NOTICES_PER_LETTER: Final = 200
NAMES_IN_SUMMARY: Final = 10
GIVEN_UP_AFTER: Final = timedelta(hours=24)
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 900.0
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How one channel, or the heartbeat, does. `failures` are those in a row.

    `error` is in our words and holds no secret. `dropped` counts notices that were
    given up.
    """

    delivered: int = 0
    failed: int = 0
    failures: int = 0
    dropped: int = 0
    error: str = ""
    delivered_at: datetime | None = None
    failed_at: datetime | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One channel's letters, oldest first; `sent` are the times of the last minute."""

    letters: tuple[Letter, ...] = ()
    delivery: Delivery = field(default_factory=Delivery)
    sent: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertState:
    """All that the alerts remember: one file, so that telling and posting are one."""

    format_version: str = FORMAT_VERSION
    book: Book = field(default_factory=Book)
    mailboxes: Mapping[str, Mailbox] = field(default_factory=dict)
    heartbeat: Delivery = field(default_factory=Delivery)


def posted(
    box: Mailbox,
    channel: str,
    notices: Iterable[Notice],
    *,
    now: datetime,
    sender: Sender,
) -> Mailbox:
    """Return a mailbox with a letter more for each notice; bounded."""
    letters = list(box.letters)
    letters += [_letter(channel, (one,), now=now, sender=sender) for one in notices]
    if len(letters) > NOTICES_PER_LETTER:
        # The first may be on its way at this moment.
        letters = _summed_up(letters, channel, now=now, keep=bool(box.letters))
    return replace(box, letters=tuple(letters))


def next_letter(
    box: Mailbox, channel: str, *, per_minute: int, now: datetime
) -> tuple[Mailbox, Letter | None]:
    """Return what to deliver now, if anything; several become one when they must.

    The last place of a minute is for everything that waits.
    """
    sent = tuple(at for at in box.sent if timedelta() <= now - at < _MINUTE)
    box = replace(box, sent=sent)
    left = per_minute - len(sent)
    next_at = box.delivery.next_at
    early = next_at is not None and timedelta() < next_at - now < _longest()
    if not box.letters or left < 1 or early:
        return box, None
    if len(box.letters) > (1 if left == 1 else SUMMED_UP_OVER):
        tried = box.delivery.failures > 0
        letters = _summed_up(list(box.letters), channel, now=now, keep=tried)
        box = replace(box, letters=tuple(letters))
    return box, box.letters[0]


def delivered(box: Mailbox, letter: Letter, *, now: datetime) -> Mailbox:
    """Return a mailbox after a letter was taken by its receiver."""
    return replace(
        box,
        letters=tuple(one for one in box.letters if one.id != letter.id),
        sent=(*box.sent, now),
        delivery=succeeded(box.delivery, now=now),
    )


def undelivered(
    box: Mailbox,
    letter: Letter,
    *,
    error: str,
    now: datetime,
    wait_s: float | None = None,
) -> Mailbox:
    """Return a mailbox after a failure; a letter that is a day old is given up.

    Args:
        box: The mailbox.
        letter: What was tried.
        error: Why it failed, in our words.
        now: This moment.
        wait_s: How long the receiver asked us to wait, if it did.
    """
    delivery = missed(box.delivery, error=error, now=now, wait_s=wait_s)
    if abs(now - letter.made_at) < GIVEN_UP_AFTER:
        return replace(box, delivery=delivery)
    dropped = delivery.dropped + len(letter.notices) + letter.left
    return replace(
        box,
        letters=tuple(one for one in box.letters if one.id != letter.id),
        delivery=replace(delivery, dropped=dropped),
    )


def succeeded(delivery: Delivery, *, now: datetime) -> Delivery:
    """Return how a channel does after a success."""
    return replace(
        delivery,
        delivered=delivery.delivered + 1,
        failures=0,
        error="",
        delivered_at=now,
        next_at=None,
    )


def missed(
    delivery: Delivery, *, error: str, now: datetime, wait_s: float | None = None
) -> Delivery:
    """Return how a channel does after a failure: the wait doubles, up to 15 minutes."""
    failures = delivery.failures + 1
    pause_s = min(FIRST_WAIT_S * 2 ** min(failures - 1, 16), LONGEST_WAIT_S)
    pause_s = min(max(pause_s, wait_s or 0.0), LONGEST_WAIT_S)
    return replace(
        delivery,
        failed=delivery.failed + 1,
        failures=failures,
        error=error,
        failed_at=now,
        next_at=now + timedelta(seconds=pause_s),
    )


def letter_to_test(channel: str, sender: Sender, *, now: datetime) -> Letter:
    """Return a message that says that it is a test."""
    notice = Notice(
        incident="test",
        kind=NoticeKind.TEST,
        cause=Cause.DAEMON,
        label=channel,
        severity=Severity.INFO,
        at=now,
        since=now,
    )
    return _letter(channel, (notice,), now=now, sender=sender)


def _longest() -> timedelta:
    """Return the longest wait there is: a later moment is from before a clock jump."""
    return timedelta(seconds=LONGEST_WAIT_S + 1)


def _letter(
    channel: str,
    notices: tuple[Notice, ...],
    *,
    now: datetime,
    sender: Sender,
    left: int = 0,
) -> Letter:
    parts = [f"{one.incident} {one.kind} {one.at.isoformat()}" for one in notices]
    name = sha256("\0".join((channel, now.isoformat(), *parts)).encode()).hexdigest()
    return Letter(
        id=f"msg_{name[:24]}",
        channel=channel,
        made_at=now,
        notices=notices,
        left=left,
        sender=sender,
    )


def _summed_up(
    letters: list[Letter], channel: str, *, now: datetime, keep: bool
) -> list[Letter]:
    """Return letters as one, with the newest of each incident; one tried is kept."""
    tried, rest = letters[: int(keep)], letters[int(keep) :]
    if len(rest) < 2:  # noqa: PLR2004  # one alone is summed up already
        return letters
    newest: dict[str, Notice] = {}
    for letter in rest:
        for notice in letter.notices:
            newest.pop(notice.incident, None)
            few = notice.connections[:NAMES_IN_SUMMARY]
            newest[notice.incident] = replace(notice, connections=few)
    notices = tuple(newest.values())
    kept = notices[-NOTICES_PER_LETTER:]
    left = len(notices) - len(kept) + sum(letter.left for letter in rest)
    sender = rest[-1].sender
    summary = _letter(channel, kept, now=now, sender=sender, left=left)
    return [*tried, replace(summary, made_at=min(one.made_at for one in rest))]
