"""What people are told: a subject, and a body for somebody who was just woken up.

What, since when, who is hit, why, what to do, whether waiting helps, where to look.
The same words as plain text and as Markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final, NamedTuple

from reconciler.core.codec import to_data
from reconciler.core.durations import format_duration
from reconciler.core.incidents.causes import Cause, worst
from reconciler.core.incidents.delivering import Message
from reconciler.core.incidents.notice import (
    FORMAT_VERSION,
    Letter,
    Notice,
    NoticeKind,
)
from reconciler.report.machine import pretty
from reconciler.report.markdown import prose
from reconciler.report.text import clip, count, safe
from reconciler.report.text import moment as at_moment

NAMES_SHOWN: Final = 20
LINES_SHOWN: Final = 30
_RANK: Final = {"error": 0, "warning": 1, "info": 2, "recovered": 3}
_SUBJECT: Final = 150
_MINUTE: Final = 60
_HOUR: Final = 3600


class Told(NamedTuple):
    """One fact of a notice: what it is, and what to say."""

    title: str
    text: str


def message_of(letter: Letter) -> Message:
    """Return a letter in every form that a channel may want."""
    return Message(
        id=letter.id,
        severity=worst(one.severity for one in letter.notices),
        is_good=all(map(_is_good, letter.notices)),
        subject=subject_of(letter),
        text=plain_of(letter),
        markdown=markdown_of(letter),
        body=pretty(data_of(letter)),
    )


def subject_of(letter: Letter) -> str:
    """Return one line: how bad it is, and what happened."""
    if len(letter.notices) == 1 and not letter.left:
        (one,) = letter.notices
        return clip(f"[{_word(one)}] {headline(one)}", _SUBJECT)
    number = len(letter.notices) + letter.left
    bad = worst(one.severity for one in letter.notices if not _is_good(one))
    word = "recovered" if all(map(_is_good, letter.notices)) else bad.value
    return f"[{word}] {count(number, 'incident')} at once"


def plain_of(letter: Letter) -> str:
    """Return the body as plain text; what a provider said cannot call anybody."""
    if len(letter.notices) == 1:
        parts = [_plain(letter.notices[0])]
    else:
        parts = ["\n".join(f"- {_calm(line)}" for line in _listed(letter))]
    return "\n\n".join([*parts, *_closing(letter, _calm)]).strip() + "\n"


def markdown_of(letter: Letter) -> str:
    """Return the body as Markdown in which outside text is inert."""
    if len(letter.notices) == 1:
        parts = [_markdown(letter.notices[0])]
    else:
        parts = ["\n".join(f"- {prose(line)}" for line in _listed(letter))]
    return "\n\n".join([*parts, *_closing(letter, prose)]).strip() + "\n"


def data_of(letter: Letter) -> dict[str, Any]:
    """Return a letter as plain data for a webhook, texts included."""
    return {
        "format_version": FORMAT_VERSION,
        "id": letter.id,
        "channel": letter.channel,
        "made_at": letter.made_at.isoformat(),
        "place": letter.sender.place,
        "page": letter.sender.page,
        "subject": subject_of(letter),
        "text": plain_of(letter),
        "markdown": markdown_of(letter),
        "notices": [to_data(one) for one in letter.notices],
        "left_out": letter.left,
    }


def _listed(letter: Letter) -> Iterator[str]:
    """Yield a line for each of many notices, the worst first."""
    order = sorted(letter.notices, key=lambda one: _RANK[_word(one)])
    for one in order[:LINES_SHOWN]:
        yield f"[{_word(one)}] {headline(one)}"
    more = len(order) - LINES_SHOWN + letter.left
    if more > 0:
        yield f"and {count(more, 'incident')} more"


def headline(one: Notice) -> str:
    """Return what happened in one line, without the reason's details."""
    if one.kind is NoticeKind.TEST:
        return "this is a test message; nothing is wrong"
    if one.kind is NoticeKind.ENDING:
        return f"{_who(one)}: {safe(one.why.summary)}"
    if one.kind is NoticeKind.RECOVERED:
        return f"{_subject(one)}: {_over(one)}"
    prefix = {
        NoticeKind.REMINDER: "still: ",
        NoticeKind.GROWN: "now more: ",
        NoticeKind.CHANGED: "needs you: ",
        NoticeKind.WIDENED: "wider than thought: ",
    }.get(one.kind, "")
    return f"{prefix}{_subject(one)}: {_state(one)}"


def _word(one: Notice) -> str:
    return "recovered" if _is_good(one) else one.severity.value


def _is_good(one: Notice) -> bool:
    return one.kind in (NoticeKind.RECOVERED, NoticeKind.TEST)


def _subject(one: Notice) -> str:
    """Return what it is about."""
    label = safe(one.label)
    match one.cause:
        case Cause.NETWORK:
            return "this machine's network"
        case Cause.PROXY:
            return f"proxy {label}"
        case Cause.ACCOUNT:
            return f"the key of {label}"
        case Cause.REFUSED:
            return f"change {label}" if one.commit else label
        case Cause.DAEMON:
            return "the daemon"
        case _:
            return label


def _state(one: Notice) -> str:
    """Return how it stands with those that are hit."""
    summary = safe(one.why.summary)
    match one.cause:
        case Cause.NETWORK:
            hit = count(one.count, "connection")
            return f"{summary}; {hit} {'is' if one.count == 1 else 'are'} not watched"
        case Cause.REFUSED if one.running == one.count:
            many = count(one.count, "connection")
            keeps = "keeps its" if one.count == 1 else "keep their"
            return f"refused, {many} {keeps} last good revision: {summary}"
        case Cause.REFUSED:
            return f"refused for {count(one.count, 'connection')}: {summary}"
        case Cause.CONNECTION | Cause.UNUSUAL | Cause.DAEMON if one.count <= 1:
            return summary
        case _:
            return f"{_number(one)} fail: {summary}"


def _number(one: Notice) -> str:
    if one.total >= one.count:
        return f"{one.count} of {count(one.total, 'connection')}"
    return count(one.count, "connection")


def _over(one: Notice) -> str:
    left = {hit.left for hit in one.connections}
    if one.cause is Cause.REFUSED:
        what = "accepted, or withdrawn"
    elif left and not left - {"off", "gone"}:
        what = "switched off or removed"
    else:
        what = "well again"
    after = f" after {lasted(one.ended_at - one.since)}" if one.ended_at else ""
    if one.cause is Cause.CONNECTION or not one.count:
        return f"{what}{after}"
    return f"{what}{after}; it was about {count(one.count, 'connection')}"


def _who(one: Notice) -> str:
    first = safe(one.connections[0].name) if one.connections else safe(one.label)
    return first if one.count <= 1 else count(one.count, "connection")


def lasted(span: timedelta) -> str:
    """Return a length of time without what nobody needs: `2h10m`, not the seconds."""
    seconds = max(0, round(span.total_seconds()))
    if seconds >= _HOUR:
        seconds -= seconds % _MINUTE
    return format_duration(seconds)


def _facts(one: Notice) -> Iterator[Told]:
    """Yield what belongs below the headline, in the order in which it is asked."""
    if one.kind is NoticeKind.TEST:
        return
    over = one.kind is NoticeKind.RECOVERED
    if one.kind is not NoticeKind.ENDING:
        yield Told("Since", at_moment(one.since))
    if over and one.ended_at:
        yield Told("Until", at_moment(one.ended_at))
    if names := _names(one):
        yield Told("Hit" if one.cause is not Cause.EXPIRY else "Of", names)
    if one.why.summary:
        category = f" ({one.why.category})" if one.why.category else ""
        yield Told("Why", f"{one.why.summary}{category}")
    if one.commit:
        yield Told("Commit", one.commit)
    if not over:
        yield from _advice(one)


def _advice(one: Notice) -> Iterator[Told]:
    if one.why.fix:
        yield Told("Fix", one.why.fix)
    if one.cause not in (Cause.EXPIRY, Cause.UNUSUAL):
        yield Told("Waiting", _waiting(one))
    if one.quiet:
        yield Told("Quiet", f"{count(one.quiet, 'more')} in maintenance")
    if one.openings > 1:
        yield Told("Unsteady", f"it began {one.openings} times within a short while")


def _waiting(one: Notice) -> str:
    if one.why.terminal:
        return "does not help: nothing is tested again before the file changes"
    if one.why.waiting_helps:
        return "may help: it is tried again by itself"
    return "hardly helps: somebody has to look"


def _names(one: Notice) -> str:
    shown = [
        f"{hit.name} ({hit.note})" if hit.note else hit.name
        for hit in one.connections[:NAMES_SHOWN]
    ]
    more = one.count - len(shown) if shown else 0
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _plain(one: Notice) -> str:
    facts = [Told(told.title, _calm(told.text)) for told in _facts(one)]
    width = max((len(told.title) for told in facts), default=0) + 1
    lines = [f"{told.title + ':':<{width}} {told.text}" for told in facts]
    return "\n".join([_calm(headline(one)), *lines])


def _markdown(one: Notice) -> str:
    lines = [f"- **{told.title}:** {prose(told.text)}" for told in _facts(one)]
    return "\n".join([f"**{prose(headline(one))}**", "", *lines]).strip()


def _closing(letter: Letter, inert: Callable[[str], str]) -> Iterator[str]:
    if letter.sender.page:
        yield f"Look: {letter.sender.page}"
    if letter.sender.place:
        yield f"From reconcile on {inert(letter.sender.place)}."


def _calm(text: str) -> str:
    """Return plain text that no chat takes for a mention, a tag or a link."""
    return safe(text).replace("@", "(at)").replace("<", "(").replace(">", ")")
