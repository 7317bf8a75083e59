"""Several hosts that fail, and nobody who answers: then it is us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.connectivity import (
    SEVERAL,
    WINDOW_S,
    Contact,
    NetworkState,
    judge,
    judge_references,
)

UP, DOWN, UNSURE = NetworkState.UP, NetworkState.DOWN, NetworkState.UNSURE
NOW_S = 1_000.0


def seen(*contacts):
    """Read `host+` for reached and `host-` for not; a second apart, the last now."""
    first = NOW_S - len(contacts) + 1
    return [
        Contact(text[:-1], first + index, reached=text.endswith("+"))
        for index, text in enumerate(contacts)
    ]


@pytest.mark.parametrize(("contacts", "state"), [
    ((), UNSURE),
    (("a+",), UP),
    (("a-",), UNSURE),
    (("a-", "a-", "a-", "a-"), UNSURE),
    (("a-", "b-"), UNSURE),
    (("a-", "b-", "c-"), DOWN),
    (("a+", "b-"), UNSURE),
    (("a+", "b-", "c-", "d-"), DOWN),
    (("a-", "b-", "c+", "d-"), UNSURE),
    (("a-", "b-", "c-", "d+"), UP),
])  # fmt: skip
def test_what_the_contacts_say(contacts, state):
    assert judge(seen(*contacts), now_s=NOW_S) is state


def test_what_is_long_ago_says_nothing():
    later = NOW_S + WINDOW_S + 10

    assert judge(seen("a-", "b-", "c-"), now_s=later) is UNSURE
    assert judge(seen("a+"), now_s=later) is UNSURE


CONTACTS = st.lists(
    st.builds(Contact, st.sampled_from("abcde"), st.floats(0, NOW_S), st.booleans()),
    max_size=12,
)


@given(contacts=CONTACTS)
def test_an_answer_just_now_is_never_called_down(contacts):
    now = Contact("z", NOW_S, reached=True)

    assert judge([*contacts, now], now_s=NOW_S) is UP


@given(contacts=CONTACTS, order=st.randoms())
def test_the_order_of_what_is_told_does_not_matter(contacts, order):
    shuffled = order.sample(contacts, len(contacts))

    assert judge(shuffled, now_s=NOW_S) is judge(contacts, now_s=NOW_S)


@given(contacts=CONTACTS)
def test_one_host_alone_is_never_our_network(contacts):
    alone = [one._replace(host="a") for one in contacts]

    assert judge(alone, now_s=NOW_S) is not DOWN


@given(contacts=CONTACTS)
def test_down_means_that_several_failed_after_the_last_answer(contacts):
    if judge(contacts, now_s=NOW_S, window_s=NOW_S) is DOWN:
        last = max((c.at_s for c in contacts if c.reached), default=-1.0)
        assert len({c.host for c in contacts if c.at_s > last}) >= SEVERAL


@pytest.mark.parametrize(("contacts", "state"), [
    ((), UNSURE), (("a-",), DOWN), (("a-", "b-"), DOWN), (("a-", "b+"), UP),
])  # fmt: skip
def test_one_reference_that_answers_is_enough(contacts, state):
    assert judge_references(seen(*contacts)) is state
