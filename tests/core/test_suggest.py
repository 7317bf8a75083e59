import pytest

from reconciler.core.suggest import closest, did_you_mean

KNOWN = ("active", "base_url", "credentials", "owner", "rate_limit", "timeout")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("ownr", "owner"), ("Timeout", "timeout"), ("time_out", "timeout"),
        ("baseUrl", "base_url"), ("rate-limit", "rate_limit"), ("actve", "active"),
        ("credential", "credentials"),
    ],
)  # fmt: skip
def test_a_near_miss_finds_its_word(word, meant):
    assert closest(word, KNOWN) == meant


@pytest.mark.parametrize("word", ["", "zzz", "x" * 10_000])
def test_a_far_miss_finds_nothing(word):
    assert closest(word, KNOWN) is None


def test_the_hint_is_a_question_or_nothing():
    assert did_you_mean("ownr", KNOWN) == "did you mean 'owner'?"
    assert did_you_mean("zzz", KNOWN) == ""


def test_the_order_of_the_known_words_does_not_matter():
    assert closest("a", ("ab", "ac")) == closest("a", ("ac", "ab"))
