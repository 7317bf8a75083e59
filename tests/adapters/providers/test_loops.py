"""The loop of a run: a signal ends it wherever it comes in."""

from __future__ import annotations

import asyncio
import signal
import threading
import time

import pytest

from reconciler.adapters.providers.running.loops import quiet_runner


class Ended(BaseException):
    """What a command's signal handler raises."""


@pytest.fixture
def signalled():
    """Have SIGUSR1 raise, as the command's signals do."""

    def heard(*_):
        raise Ended

    before = signal.signal(signal.SIGUSR1, heard)
    yield
    signal.signal(signal.SIGUSR1, before)


def send_soon():
    # To the main thread: libuv may be waiting there.
    main = threading.main_thread().ident
    timer = threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGUSR1))
    timer.start()
    return timer


def run(work):
    with quiet_runner() as runner:
        return runner.run(work)


def test_a_signal_ends_a_run_that_waits(signalled):
    timer = send_soon()

    with pytest.raises(Ended):
        run(asyncio.sleep(60))
    timer.join()


def test_a_signal_ends_a_run_whose_task_is_at_work(signalled):
    async def compute():
        until = time.monotonic() + 60
        while time.monotonic() < until:
            pass

    async def watch():
        task = asyncio.create_task(compute())
        task.add_done_callback(lambda done: done.result())
        await asyncio.sleep(60)

    timer = send_soon()

    with pytest.raises(Ended):
        run(watch())
    timer.join()


def test_what_tasks_leave_behind_is_told_to_nobody(capfd):
    async def forget():
        async def fail():
            raise ValueError("https://x.example/?signature=abc")

        task = asyncio.create_task(fail())
        await asyncio.sleep(0.01)
        del task
        return "done"

    assert run(forget()) == "done"
    assert capfd.readouterr() == ("", "")


def test_an_error_of_the_work_is_raised_as_it_is():
    async def fail():
        raise RuntimeError("of its own")

    with pytest.raises(RuntimeError, match="of its own"):
        run(fail())
