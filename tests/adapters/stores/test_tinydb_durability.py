"""Killed, cut, flipped and tampered with: nothing acknowledged is ever lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from reconciler.adapters.stores.tinydb import TinyDBStore
from reconciler.core.errors import DamagedError, LockedError, StateError
from reconciler.core.record import Commit, head_of
from tests.adapters.stores.builders import FakeClock, action, record, rejected_record

KILLS = 25
WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from reconciler.adapters.stores.tinydb import TinyDBStore
from reconciler.core.record import Commit
from tests.adapters.stores.builders import action, record

path, number = Path(sys.argv[1]), int(sys.argv[2])
store = TinyDBStore(path, now=lambda: datetime.now(UTC), fold_floor_bytes=20_000)
print(0, flush=True)
while True:
    number += 1
    pair = (record("a", provider=str(number)), record("b", provider=str(number)))
    store.commit(Commit(put=pair, actions=(action("a", str(number)),)))
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


def open_at(path, **options):
    return TinyDBStore(path, now=FakeClock().now, **options)


def beside(path, suffix):
    return path.with_name(f"{path.name}.{suffix}")


def fill(path, commits=6):
    """Make a store with a snapshot of two records and a few commits after it."""
    store = open_at(path)
    store.commit(Commit(put=(rejected_record("a"), record("b"))))
    store.compact()
    for number in range(commits):
        one = Commit(put=(record("a", provider=str(number)),), actions=(action("a"),))
        store.commit(one)
    store.close()


def content(path):
    """Read everything, from the documents themselves and without writing."""
    store = open_at(path)
    found = store.info(), store.scan(), store.actions(limit=1000)
    assert store.heads() == {each.name: head_of(each) for each in found[1]}
    return found


def test_a_writer_killed_at_any_moment_loses_nothing(path):
    rng = random.Random(4)  # noqa: S311  # repeatable
    number = 0
    for turn in range(KILLS):
        after_s = rng.uniform(0, 0.05)
        acknowledged = kill_a_writer(path, number, after_s=after_s, warm=turn % 5 > 0)
        store = open_at(path)
        a, b = store.get("a"), store.get("b")
        if acknowledged:
            assert int(a.provider) - acknowledged in {0, 1}
        if a is None:
            assert b is None
            continue
        number = int(a.provider)
        assert a.provider == b.provider
        assert number == len(store.actions(limit=10**6)) == store.info().sequence

    assert number > KILLS


def kill_a_writer(path, number, *, after_s, warm):
    """Start a writer, kill it, return the last number it confirmed, 0 for none.

    A cold one is killed while it opens or creates the store.
    """
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(number)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout.readline() == "0\n"
    first = writer.stdout.readline() if warm else ""
    time.sleep(after_s)
    writer.send_signal(signal.SIGKILL)
    lines = [first, *writer.communicate()[0].splitlines(keepends=True)]
    return max((int(line) for line in lines if line.endswith("\n")), default=0)


def test_a_journal_cut_anywhere_is_the_store_of_an_earlier_moment(path):
    fill(path, commits=3)
    journal = beside(path, "journal")
    whole = journal.read_bytes()
    header = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    seen = set()
    for cut in range(header, len(whole) + 1):
        journal.write_bytes(whole[:cut])
        store = open_at(path)
        seen.add(store.info().sequence)
        found = store.get("a")
        assert found.version == store.info().sequence
        assert len(store.actions()) == found.version - 1
        store.close()

    assert seen == {1, 2, 3, 4}


def test_after_a_torn_commit_the_next_one_is_sound(path):
    fill(path)
    journal = beside(path, "journal")
    journal.write_bytes(journal.read_bytes()[:-7])

    store = open_at(path)
    assert store.commit(Commit(put=(record("a", provider="new"),))).sequence == 7
    store.close()

    assert content(path)[0].sequence == 7
    assert open_at(path).get("a").provider == "new"


@pytest.mark.parametrize("zeros", [1, 511, 4096])
def test_a_tail_of_zeros_is_a_torn_commit(path, zeros):
    fill(path)
    before = content(path)
    with beside(path, "journal").open("ab") as file:
        file.write(bytes(zeros))

    assert content(path) == before
    assert open_at(path).commit(Commit()).sequence == before[0].sequence + 1
    assert content(path)[1] == before[1]


def test_flipped_bits_in_the_journal_are_refused_or_a_torn_tail(path):
    fill(path)
    journal = beside(path, "journal")
    whole = journal.read_bytes()
    last = whole.rindex(b"%R1 ")
    before = content(path)
    rng = random.Random(5)  # noqa: S311  # repeatable
    refused = 0
    for _ in range(200):
        at = rng.randrange(len(whole))
        journal.write_bytes(flipped(whole, at, rng))
        found, error = attempt(path)
        if found:
            assert at >= last
            assert found[0].sequence == before[0].sequence - 1
        else:
            refused += 1
            assert str(journal) in error
            assert "reconcile state restore FILE" in error

    assert refused > 100


def test_flipped_bits_in_the_snapshot_are_refused(path):
    fill(path)
    whole = path.read_bytes()
    rng = random.Random(6)  # noqa: S311  # repeatable
    for _ in range(200):
        path.write_bytes(flipped(whole, rng.randrange(len(whole)), rng))
        beside(path, "heads").unlink(missing_ok=True)
        with pytest.raises(StateError) as refused:
            content(path)
        assert str(path) in str(refused.value)


def test_with_a_warm_sidecar_flipped_bits_are_refused_or_do_no_harm(path):
    fill(path)
    before = content(path)
    whole = path.read_bytes()
    rng = random.Random(7)  # noqa: S311  # repeatable
    for _ in range(200):
        path.write_bytes(flipped(whole, rng.randrange(len(whole)), rng))
        found, error = attempt(path)
        assert found == before or str(path) in error


def test_damage_is_not_folded_into_a_sound_snapshot(path):
    fill(path)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"name":"b"', b'"name":"c"'))
    store = open_at(path)

    with pytest.raises(DamagedError, match="'b' does not match"):
        store.compact()
    with pytest.raises(DamagedError, match="'b' does not match"):
        store.get("b")


def test_a_damaged_store_is_never_replaced_by_an_empty_one(path):
    fill(path)
    for data in (b"", b"{}", b"not json", path.read_bytes()[:-3]):
        path.write_bytes(data)
        store = open_at(path)
        for use in (store.info, store.heads, store.scan, store.backup):
            with pytest.raises(DamagedError):
                use()
        with pytest.raises(DamagedError, match="reconcile state restore FILE"):
            store.commit(Commit(put=(record("a"),)))
        assert path.read_bytes() == data


def test_a_missing_snapshot_is_no_empty_store(path):
    fill(path)
    path.unlink()

    with pytest.raises(DamagedError, match="is missing but"):
        open_at(path).info()
    with pytest.raises(DamagedError, match="is missing but"):
        open_at(path).commit(Commit())


def test_putting_the_previous_snapshot_back_loses_nothing(path):
    fill(path)
    store = open_at(path)
    store.compact()
    store.commit(Commit(put=(record("new"),), actions=(action("new"),)))
    before = content(path)
    path.write_bytes(b"damaged")
    with pytest.raises(DamagedError, match=r"cp -p .*state.json.bak .*state.json"):
        content(path)

    shutil.copy(beside(path, "bak"), path)

    assert content(path) == before
    assert open_at(path).commit(Commit()).sequence == before[0].sequence + 1
    assert content(path)[1:] == before[1:]


def test_an_older_snapshot_without_its_journal_is_refused(path):
    fill(path)
    old = path.read_bytes()
    store = open_at(path)
    for _ in range(2):
        store.commit(Commit(put=(record("a"),)))
        store.compact()
    path.write_bytes(old)

    with pytest.raises(DamagedError, match="continues after commit 8"):
        content(path)


def test_another_stores_journal_is_refused(path, tmp_path):
    fill(path)
    other = tmp_path / "other.json"
    fill(other)
    shutil.copy(beside(other, "journal"), beside(path, "journal"))

    with pytest.raises(DamagedError, match="belongs to another store"):
        content(path)


def test_a_newer_format_is_refused_by_its_number(path):
    fill(path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"format_version":1', b'"format_version":7'))

    with pytest.raises(StateError, match=r"format version 7.*up to 1"):
        content(path)
    with pytest.raises(StateError, match="format version 7"):
        open_at(path).commit(Commit())


def test_a_journal_that_shrank_is_refused(path):
    fill(path, commits=100)  # enough for close to write the sidecar
    journal = beside(path, "journal")
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])

    with pytest.raises(DamagedError, match="commits are lost"):
        content(path)


def test_a_restore_gets_out_of_damage(path):
    fill(path)
    store = open_at(path)
    backup, before = store.backup(), content(path)
    store.close()
    path.write_bytes(b"damaged")

    info = open_at(path).restore(backup)

    assert content(path)[1:] == before[1:]
    assert info.lineage == before[0].lineage
    assert info.serial > before[0].serial
    assert beside(path, "damaged").read_bytes() == b"damaged"


def test_a_restore_keeps_the_previous_files(path):
    fill(path)
    store = open_at(path)
    backup = store.backup()
    store.commit(Commit(put=(record("later"),)))
    snapshot, journal = path.read_bytes(), beside(path, "journal").read_bytes()

    store.restore(backup)

    assert beside(path, "bak").read_bytes() == snapshot
    assert beside(path, "journal.bak").read_bytes() == journal


def test_a_restore_from_another_store_takes_over_its_lineage(path, tmp_path):
    fill(path)
    fill(tmp_path / "other.json")
    other = open_at(tmp_path / "other.json")
    store = open_at(path)
    old_journal = beside(path, "journal").read_bytes()

    store.restore(other.backup())
    assert store.info().lineage == other.info().lineage

    # Killed before the old journal was put aside: it is known to be obsolete.
    beside(path, "journal").write_bytes(old_journal)
    beside(path, "heads").unlink()
    assert content(path)[1:] == content(tmp_path / "other.json")[1:]
    assert open_at(path).commit(Commit()).records == 2


def test_a_restore_killed_before_the_journal_is_put_aside_is_a_restore(path):
    fill(path)
    store = open_at(path)
    backup, before = store.backup(), store.scan()
    store.commit(Commit(put=(record("a", provider="later"),), remove=("b",)))
    old_journal = beside(path, "journal").read_bytes()
    store.restore(backup)

    beside(path, "journal").write_bytes(old_journal)
    beside(path, "heads").unlink()

    assert content(path)[1] == before


def test_killed_between_the_steps_of_folding_the_store_is_whole(path, tmp_path):
    fill(path)
    before = content(path)
    old = {file: file.read_bytes() for file in tmp_path.iterdir()}
    open_at(path).compact()
    new = {file: file.read_bytes() for file in tmp_path.iterdir()}
    journal, heads = beside(path, "journal"), beside(path, "heads")

    moments = [
        {**old, beside(path, "tmp"): b"half a snapsh"},
        {**old, beside(path, "bak"): old[path]},
        {**old, path: new[path]},
        {**new, heads: old[heads], journal: None},
        {**new, heads: old[heads], beside(path, "journal.tmp"): b"%R1 "},
        {**new, heads: old[heads]},
        {**new, heads: b""},
    ]
    for files in moments:
        for file, data in files.items():
            file.write_bytes(data) if data is not None else file.unlink()
        assert content(path) == before
        store = open_at(path)
        store.commit(Commit(put=(record("c"),)))
        store.compact()
        assert store.info().sequence == before[0].sequence + 1
        assert store.scan()[:2] == before[1]
        assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("damage", ["missing", "empty", "stale", "flipped"])
def test_the_sidecar_is_made_anew(path, damage):
    fill(path, commits=100)
    before = content(path)
    heads = beside(path, "heads")
    stale = heads.read_bytes()
    if damage == "stale":
        store = open_at(path)
        store.compact()
        store.commit(Commit(put=(record("a", provider="later"),)))
        store.close()
        before = content(path)
    damaged = {"empty": b"", "flipped": stale[:99] + b"#" + stale[100:]}
    heads.write_bytes(damaged.get(damage, stale))
    if damage == "missing":
        heads.unlink()

    assert content(path) == before
    open_at(path).close()
    store = open_at(path)
    store.heads()
    store.close()
    assert heads.stat().st_size > 100
    assert content(path) == before


def test_reading_creates_nothing(tmp_path):
    store = open_at(tmp_path / "new" / "state.json")
    for use in (store.info, store.heads, store.scan, store.actions, store.lock_info):
        use()
    store.close()

    assert not list(tmp_path.iterdir())


def test_files_are_private_whatever_the_umask(tmp_path):
    path = tmp_path / "new" / "state.json"
    before = os.umask(0)
    try:
        store = open_at(path)
        with store.lock(operation="apply", who="alice"):
            store.commit(Commit(put=(record("a"),)))
            store.compact()
            modes = {
                stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()
            }
    finally:
        os.umask(before)

    assert modes == {0o600}
    assert mode_of(path.parent) == 0o700
    assert store.warnings == ()


def test_a_file_that_others_may_read_is_warned_of(path):
    fill(path)
    path.chmod(0o644)

    (warning,) = open_at(path).warnings

    assert "mode 0644" in warning
    assert f"chmod 600 {path}" in warning


def test_the_action_log_is_bounded_by_folding(path):
    store = open_at(path, actions_kept=10)
    for number in range(25):
        store.commit(Commit(actions=(action("a", str(number)),)))
    store.compact()
    store.commit(Commit(actions=(action("a", "last"),)))

    details = [line.detail for line in store.actions()]
    assert details == ["last", *(str(number) for number in range(24, 14, -1))]


def test_a_full_disk_refuses_the_commit_and_keeps_the_store(path):
    fill(path)
    before = content(path)
    code = f"""
import resource, signal
from pathlib import Path
from reconciler.adapters.stores.tinydb import TinyDBStore
from reconciler.core.errors import StateError
from reconciler.core.record import Commit
from tests.adapters.stores.builders import FakeClock, record
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = Path({str(beside(path, "journal"))!r}).stat().st_size + 100
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
store = TinyDBStore(Path({str(path)!r}), now=FakeClock().now)
try:
    store.commit(Commit(put=(record("new"),)))
except StateError as error:
    print(error)
assert store.get("new") is None
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "nothing was committed" in done.stdout
    assert content(path) == before


def test_a_lock_that_cannot_be_written_leaves_nothing_behind(path):
    fill(path)
    code = f"""
import resource, signal
from pathlib import Path
from reconciler.adapters.stores.tinydb import TinyDBStore
from reconciler.core.errors import StateError
from tests.adapters.stores.builders import FakeClock
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
store = TinyDBStore(Path({str(path)!r}), now=FakeClock().now)
try:
    with store.lock(operation="apply", who="me"):
        pass
except (StateError, OSError) as error:
    print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "refused\n"
    assert [p.name for p in path.parent.iterdir() if "lock" in p.name] == []


def test_a_folder_that_cannot_be_made_is_an_error_of_the_state(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = open_at(tmp_path / "file" / "state.json")

    with pytest.raises(StateError, match=r"cannot write .*check the folder"):
        store.commit(Commit())


def test_a_failing_fold_does_not_fail_the_commit(path):
    fill(path)
    path.write_bytes(path.read_bytes().replace(b'"name":"b"', b'"name":"c"'))
    store = open_at(path, fold_floor_bytes=0)

    for number in range(20):
        info = store.commit(Commit(put=(rejected_record(f"n{number}"),)))

    assert info.records == 22
    assert len(open_at(path).heads()) == 22


def flipped(data, at, rng):
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def attempt(path):
    """Return the content, or why it is refused."""
    try:
        return content(path), ""
    except StateError as error:
        return None, str(error)


HOLDER = """
import sys, time
from datetime import datetime, UTC
from pathlib import Path
from reconciler.adapters.stores.tinydb import TinyDBStore

store = TinyDBStore(Path(sys.argv[1]), now=lambda: datetime.now(UTC))
with store.lock(operation="apply", who="the one to be killed", lease_s=3600):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_holder_keeps_nobody_waiting(path):
    store = TinyDBStore(path, now=lambda: datetime.now(UTC))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(LockedError), store.lock(operation="apply", who="me"):
        pass
    assert store.lock_info().who == "the one to be killed"
    holder.kill()
    holder.communicate()

    assert store.lock_info() is None
    with store.lock(operation="apply", who="me") as lock:
        assert store.lock_info() == lock
    assert not list(path.parent.glob("*.lock*"))
    store.close()
