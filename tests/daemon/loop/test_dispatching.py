"""The queue of work, keyed by connection."""

from hypothesis import given
from hypothesis import strategies as st

from reconciler.daemon.loop.dispatching import LocalDispatcher, Priority, Work


def due(name, **more):
    return Work(name=name, **{"group": "p", "limit": 99, **more})


def taken(queue):
    found = []
    while work := queue.take():
        found.append(work)
    return found


def test_adding_what_is_queued_collapses():
    queue = LocalDispatcher()

    assert [queue.add(due("a")), queue.add(due("a")), queue.waiting] == [True, False, 1]


def test_nobody_works_on_one_connection_twice_at_once():
    queue = LocalDispatcher()
    queue.add(due("a"))
    first = queue.take()

    queue.add(due("a"))
    queue.add(due("a", changed=True, priority=Priority.CHANGED))
    assert queue.take() is None
    queue.done(first)

    changed = queue.take()
    assert changed.changed
    assert queue.take() is None
    queue.done(changed)
    assert queue.take() == first


def test_changed_files_go_first_then_what_was_asked_for():
    queue = LocalDispatcher()
    queue.add(due("late"))
    queue.add(due("asked", priority=Priority.ASKED))
    queue.add(due("changed", changed=True, priority=Priority.CHANGED))

    assert [work.name for work in taken(queue)] == ["changed", "asked", "late"]


def test_what_is_asked_for_while_it_waits_moves_up_and_runs_once():
    queue = LocalDispatcher()
    queue.add(due("a", since_s=1.0))
    queue.add(due("b", since_s=2.0))

    assert not queue.add(due("b", priority=Priority.ASKED, since_s=9.0))
    assert queue.oldest_s == 1.0
    assert [work.name for work in taken(queue)] == ["b", "a"]


def test_a_group_at_its_limit_lets_the_others_go_first():
    queue = LocalDispatcher()
    for name in ("a1", "a2", "a3"):
        queue.add(due(name, group="a", limit=2))
    queue.add(due("b1", group="b", limit=1))

    found = taken(queue)
    assert [work.name for work in found] == ["a1", "b1", "a2"]
    queue.done(found[0])
    assert [work.name for work in taken(queue)] == ["a3"]


def test_groups_take_turns():
    queue = LocalDispatcher()
    for group in ("a", "b"):
        for number in (1, 2):
            queue.add(due(f"{group}{number}", group=group))

    assert [work.name for work in taken(queue)] == ["a1", "b1", "a2", "b2"]


def test_what_waits_can_be_taken_out_and_what_runs_cannot():
    queue = LocalDispatcher()
    queue.add(due("a"))
    running = queue.take()
    queue.add(due("b"))

    assert [queue.cancel(("b", False)), queue.cancel(("a", False))] == [True, False]
    assert (queue.waiting, queue.running, queue.take()) == (0, 1, None)
    queue.done(running)
    assert queue.running == 0


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "take", "done"]),
        st.integers(0, 4),
        st.sampled_from(list(Priority)),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_the_order_all_that_was_added_runs_and_none_twice_at_once(steps):
    queue, running, owed = LocalDispatcher(), [], set()

    def take():
        if work := queue.take():
            assert work.name not in {one.name for one in running}
            assert sum(one.group == work.group for one in running) < work.limit
            running.append(work)
            owed.discard(work.key)
        return work

    for step, number, priority in steps:
        if step == "add":
            work = due(
                f"c{number}",
                changed=priority is Priority.CHANGED,
                priority=priority,
                group=f"g{number % 2}",
                limit=2,
            )
            queue.add(work)
            owed.add(work.key)
        elif step == "take":
            take()
        elif running:
            queue.done(running.pop(0))
    while running or owed:
        if not take():
            queue.done(running.pop(0))

    assert (queue.waiting, queue.running) == (0, 0)
