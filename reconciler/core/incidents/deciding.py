"""One step of the incidents: what is seen now, and whom to tell what of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.core.incidents.book import Book
from reconciler.core.incidents.endings import endings_told
from reconciler.core.incidents.notice import Notice
from reconciler.core.incidents.observation import Observation, Surroundings
from reconciler.core.incidents.opening import brought_up
from reconciler.core.incidents.surroundings import surrounded
from reconciler.core.incidents.telling import Manner, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Everything that is seen now; `complete` tells that no connection is left out."""

    seen: Mapping[str, Observation]
    surroundings: Surroundings
    complete: bool = True


Told = tuple[tuple[str, Notice], ...]
"""Channel and notice, in the order in which they are to be told."""


def decide(
    book: Book, sight: Sight, manner: Manner, *, now: datetime
) -> tuple[Book, Told]:
    """Return the book as it is now, and what each channel is told: pure.

    Told once with the same book, told nothing the second time.
    """
    watched = sum(one.watched for one in sight.seen.values())
    book = surrounded(book, sight.surroundings, watched=watched, now=now)
    book = brought_up(book, sight.seen, now=now, complete=sight.complete)
    book, notices = told(book, manner, now=now)
    book, ending = endings_told(book, sight.seen, manner, now=now)
    return book, (*notices, *ending)
