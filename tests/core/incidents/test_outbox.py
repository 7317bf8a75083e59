"""Letters that wait: tried again, bounded, never a flood, and each with one id."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import codec
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.notice import Notice, NoticeKind, Sender
from reconciler.core.incidents.outbox import (
    NOTICES_PER_LETTER,
    AlertState,
    Mailbox,
    delivered,
    next_letter,
    posted,
    undelivered,
)
from tests.fakes import START


def notice(number, kind=NoticeKind.OPENED):
    return Notice(
        incident=f"i{number}",
        kind=kind,
        cause=Cause.CONNECTION,
        label=f"c{number}",
        severity=Severity.ERROR,
        at=START,
        since=START,
    )


def filled(*notices, box=None, now=START):
    box = box or Mailbox()
    return posted(box, "ops", notices, now=now, sender=Sender(place="here"))


def drained(box, *, per_minute=10, now=START, step=1, seconds=0):
    """Deliver what may be delivered; return the rest and the letters."""
    letters, until = [], now + timedelta(seconds=seconds)
    while True:
        box, letter = next_letter(box, "ops", per_minute=per_minute, now=now)
        if letter is not None:
            letters.append(letter)
            box = delivered(box, letter, now=now)
        elif now >= until:
            return box, letters
        else:
            now += timedelta(seconds=step)


def test_a_few_are_told_one_by_one_and_in_order():
    box, letters = drained(filled(*map(notice, range(4))))

    assert [one.notices[0].label for one in letters] == ["c0", "c1", "c2", "c3"]
    assert box.letters == ()


def test_a_thousand_at_once_are_one_letter():
    box, letters = drained(filled(*map(notice, range(1000))))

    assert len(letters) == 1
    assert len(letters[0].notices) == NOTICES_PER_LETTER
    assert letters[0].left == 1000 - NOTICES_PER_LETTER
    assert box.letters == ()


def test_a_trickle_is_bounded_per_minute_and_nothing_is_lost():
    box, letters, now = Mailbox(), [], START
    for number in range(300):
        box = filled(notice(number), box=box, now=now)
        box, more = drained(box, per_minute=3, now=now)
        letters += more
        now += timedelta(seconds=1)
    _, rest = drained(box, per_minute=3, now=now, seconds=120)

    assert len(letters) <= 3 * 6
    told = [one.label for letter in letters + rest for one in letter.notices]
    assert sorted(told) == sorted(f"c{number}" for number in range(300))


def test_what_began_and_ended_while_it_waited_is_told_as_ended():
    began = [notice(number) for number in range(6)]
    over = [notice(number, NoticeKind.RECOVERED) for number in range(5)]
    _, (letter,) = drained(filled(*began, *over))

    assert [(one.label, one.kind.value) for one in letter.notices] == [
        ("c5", "opened"),
        *[(f"c{number}", "recovered") for number in range(5)],
    ]


def test_a_failed_letter_keeps_its_id_and_what_waits_behind_it_is_summed_up():
    box = filled(notice(0))
    box, first = next_letter(box, "ops", per_minute=10, now=START)
    box = undelivered(box, first, error="no", now=START)
    box = filled(*map(notice, range(1, 20)), box=box)
    later = START + timedelta(seconds=6)
    box, again = next_letter(box, "ops", per_minute=10, now=later)

    assert again == first
    assert len(box.letters) == 2
    assert len(box.letters[1].notices) == 19


def test_a_letter_on_its_way_is_not_put_into_another():
    box, letter = next_letter(filled(notice(0)), "ops", per_minute=10, now=START)
    box = filled(*map(notice, range(1, 1000)), box=box)

    box = delivered(box, letter, now=START)

    assert next(one.label for one in box.letters[0].notices) != "c0"
    assert len(box.letters) == 1


def test_waits_double_up_to_a_quarter_of_an_hour_and_end_after_a_day():
    box, now, waits = filled(notice(0)), START, []
    while True:
        box, letter = next_letter(box, "ops", per_minute=10, now=now)
        if not box.letters:
            break
        if letter is None:
            now += timedelta(seconds=5)
            continue
        box = undelivered(box, letter, error="no", now=now)
        waits.append((box.delivery.next_at - now).total_seconds())

    assert waits[:4] == [5, 10, 20, 40]
    assert max(waits) == 900
    assert now - START < timedelta(hours=25)
    assert (box.delivery.dropped, box.delivery.error) == (1, "no")


def test_a_wait_that_was_asked_for_is_kept_within_bounds():
    box = filled(notice(0))
    box, letter = next_letter(box, "ops", per_minute=10, now=START)
    asked = undelivered(box, letter, error="429", now=START, wait_s=70)
    absurd = undelivered(box, letter, error="429", now=START, wait_s=1e6)

    assert (asked.delivery.next_at - START).total_seconds() == 70
    assert (absurd.delivery.next_at - START).total_seconds() == 900


def test_a_clock_that_was_set_back_stops_no_channel():
    box = filled(notice(0))
    box, letter = next_letter(box, "ops", per_minute=10, now=START)
    box = undelivered(box, letter, error="no", now=START)

    _, again = next_letter(box, "ops", per_minute=10, now=START - timedelta(days=300))

    assert again is not None


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.booleans(), st.integers(0, 90))),
    st.integers(1, 12),
)
def test_no_channel_ever_gets_more_than_its_limit_and_the_box_is_bounded(
    story, per_minute
):
    box, now, sent, number = Mailbox(), START, [], 0
    for count, works, wait_s in story:
        box = filled(*map(notice, range(number, number + count)), box=box, now=now)
        number += count
        for _ in range(20):
            box, letter = next_letter(box, "ops", per_minute=per_minute, now=now)
            if letter is None:
                break
            if works:
                box = delivered(box, letter, now=now)
                sent.append(now)
            else:
                box = undelivered(box, letter, error="no", now=now)
        now += timedelta(seconds=wait_s)
        assert len(box.letters) <= NOTICES_PER_LETTER + 1
        for letter in box.letters:
            assert len(letter.notices) <= NOTICES_PER_LETTER
    minute = timedelta(minutes=1)

    for at in sent:
        assert sum(at <= other < at + minute for other in sent) <= per_minute


def test_the_whole_state_goes_through_json():
    box = filled(*map(notice, range(3)))
    box, letter = next_letter(box, "ops", per_minute=10, now=START)
    box = undelivered(box, letter, error="no", now=START)
    state = AlertState(mailboxes={"ops": box})

    assert codec.from_json(AlertState, codec.to_json(state)) == state
