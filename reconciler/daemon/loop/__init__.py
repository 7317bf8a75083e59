"""The loop: what is due, changed or asked for is tested, and the result is kept.

The `engine` turns: `fleet` and `timetable` know what is due, `dispatching` is the one
queue, the `crew` tests over an `open_tester`, `keeping` writes results into the store.
`submitting` lets a cycle's tests of changed files go through the same queue.
"""
