"""Changed files are heard of, watched or polled, also in a folder that came back."""

import asyncio
import shutil

import pytest

from reconciler.daemon.files.watching import Watch, watch_files

PATIENCE_S = 30


class Heard:
    """Counts what was heard, and waits for more."""

    def __init__(self):
        self.event = asyncio.Event()

    def __call__(self):
        self.event.set()

    async def after(self, change):
        """Make a change until it is heard of: watching begins at some moment."""
        await asyncio.sleep(0.3)
        self.event.clear()
        async with asyncio.timeout(PATIENCE_S):
            number = 0
            while not self.event.is_set():
                change(number)
                number += 1
                await asyncio.sleep(0.5)


def watching(folder, story, *, polling):
    connections = folder / "connections.d"
    connections.mkdir(parents=True)

    async def play():
        heard, stop = Heard(), asyncio.Event()
        watch = Watch(folder=folder, connections=connections, polling=polling)
        task = asyncio.ensure_future(watch_files(lambda: watch, heard, stop))
        try:
            await story(heard)
        finally:
            stop.set()
            await asyncio.wait_for(task, PATIENCE_S)

    asyncio.run(play())


@pytest.mark.parametrize("polling", [False, True])
def test_a_changed_document_and_changed_settings_are_heard_of(tmp_path, polling):
    async def story(heard):
        document = tmp_path / "connections.d/deep/a.yaml"
        document.parent.mkdir()
        await heard.after(lambda number: document.write_text(str(number)))
        settings = tmp_path / "reconcile.yaml"
        await heard.after(lambda number: settings.write_text(str(number)))

    watching(tmp_path, story, polling=polling)


def test_a_folder_that_was_replaced_is_watched_again(tmp_path):
    folder = tmp_path / "checkout"

    async def story(heard):
        shutil.rmtree(folder)
        await asyncio.sleep(2.5)
        (folder / "connections.d").mkdir(parents=True)
        document = folder / "connections.d/a.yaml"
        await heard.after(lambda number: document.write_text(str(number)))
        await heard.after(lambda number: document.write_text(f"again {number}"))

    watching(folder, story, polling=False)


def test_what_is_none_of_our_business_is_not_told_of(tmp_path):
    async def story(heard):
        document = tmp_path / "connections.d/a.yaml"
        await heard.after(lambda number: document.write_text(str(number)))
        await asyncio.sleep(1)
        heard.event.clear()
        (tmp_path / "notes.txt").write_text("x")
        await asyncio.sleep(1.5)

        assert not heard.event.is_set()

    watching(tmp_path, story, polling=False)
