import os
import threading
from pathlib import Path

import pytest

from reconciler.adapters.forked import WORTHWHILE, map_forked

MANY = range(WORTHWHILE * 2 + 1)


def square(number):
    return [number * number]


@pytest.mark.parametrize("items", [[], [3], MANY])
def test_results_come_in_the_order_of_the_items(items):
    assert map_forked(square, items) == [[number**2] for number in items]


def test_a_child_that_fails_has_its_part_done_here():
    parent = os.getpid()

    def fragile(number):
        if os.getpid() != parent:
            raise ValueError(number)
        return [number]

    assert map_forked(fragile, MANY) == [[number] for number in MANY]


def test_an_error_is_the_same_as_without_children():
    def broken(number):
        if number == MANY[-1]:
            raise KeyError(number)
        return [number]

    with pytest.raises(KeyError):
        map_forked(broken, MANY)


def test_an_error_here_leaves_no_child_behind():
    listed = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not listed.exists():
        pytest.skip("this system does not list a process's children")
    before = set(listed.read_text().split())  # others' tests may have some

    with pytest.raises(ZeroDivisionError):
        map_forked(lambda number: [1 // number], MANY)

    assert set(listed.read_text().split()) <= before


def test_nothing_is_forked_while_threads_run():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        workers = {pid for (pid,) in map_forked(lambda _: [os.getpid()], MANY)}
    finally:
        stop.set()
        thread.join()

    assert workers == {os.getpid()}
