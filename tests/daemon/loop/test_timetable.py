"""The heap of due moments."""

from reconciler.daemon.loop.timetable import Timetable


def test_what_is_due_comes_out_once_the_longest_overdue_first():
    table = Timetable()
    for name, at in (("a", 30.0), ("b", 10.0), ("c", 99.0)):
        table.set(name, at)

    assert table.take_due(40) == [("b", 10.0), ("a", 30.0)]
    assert table.take_due(40) == []
    assert table.next_at == 99


def test_a_new_moment_replaces_the_old_one():
    table = Timetable()
    table.set("a", 10)
    table.set("a", 50)
    table.set("b", 20)
    table.set("b", None)

    assert table.take_due(30) == []
    assert (table.moment_of("a"), table.moment_of("b"), len(table)) == (50, None, 1)


def test_forgotten_moments_do_not_pile_up():
    table = Timetable()
    for number in range(10_000):
        table.set("a", float(number))

    assert table.size < 100
