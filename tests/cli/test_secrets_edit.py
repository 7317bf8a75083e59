"""edit: what is typed is judged and sealed, and no plain text is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from reconciler.cli.private_file import is_in_memory
from tests.cli.editor_scripts import editor, private_place, use_editor
from tests.cli.terminal import at_terminal

PATIENCE_S = 40
REPLACE = """
path.write_text(text.replace("old-secret", "new-secret"))
"""


@pytest.fixture
def place(repo, monkeypatch):
    for name in ("SOPS_EDITOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    return private_place(repo)


@pytest.fixture
def spot(repo, place):
    repo.new("spot", api_key="the-key", api_secret="old-secret")
    return repo.file("spot")


def secret_of(repo, key="api_secret"):
    return repo.here("decrypt", "spot", "--extract", key).out


def wait_until(condition):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def test_what_is_typed_is_sealed_and_the_rest_stays(repo, spot, place):
    spot.chmod(0o640)
    before = spot.read_text().splitlines()
    use_editor(repo, REPLACE)

    done = repo.here("edit", "spot")

    after = spot.read_text().splitlines()
    assert done.out.split() == ["edited", "connections.d/spot.yaml"]
    assert secret_of(repo) == "new-secret"
    changed = {new.split(":")[0].strip() for new in after if new not in before}
    assert changed <= {"api_secret", "lastmodified", "mac"}
    assert stat.S_IMODE(spot.stat().st_mode) == 0o640
    assert list(place.iterdir()) == []


def test_nothing_changed_means_nothing_written(repo, spot, place):
    use_editor(repo, "path.write_text(text)")
    before = spot.read_text(), spot.stat().st_mtime_ns

    done = repo.here("edit", "spot", "--format", "json")

    assert done.json["files"] == {"connections.d/spot.yaml": "unchanged"}
    assert (spot.read_text(), spot.stat().st_mtime_ns) == before


def test_the_private_file_is_for_its_owner_only(repo, spot, place, tmp_path):
    seen = tmp_path / "seen.json"
    use_editor(
        repo,
        f"""
        import json
        modes = [oct(one.stat().st_mode & 0o777) for one in (path.parent, path)]
        Path({str(seen)!r}).write_text(json.dumps([str(path), *modes]))
        """,
    )

    repo.here("edit", "spot")

    where, folder_mode, file_mode = json.loads(seen.read_text())
    assert (folder_mode, file_mode) == ("0o700", "0o600")
    assert where.startswith(str(place))
    assert where.endswith("/spot.yaml")


def test_the_editor_gets_no_secret_but_the_file(repo, spot, place, tmp_path):
    seen = tmp_path / "seen"
    key = (repo.path.parent / "home/config/sops/age/keys.txt").read_text().split()[-1]
    repo.monkeypatch.setenv("SOPS_AGE_KEY", key)
    use_editor(
        repo,
        f"""
        Path({str(seen)!r}).write_text(repr((sys.argv, dict(os.environ))))
        """,
    )

    repo.here("edit", "spot")

    assert "HOME" in seen.read_text()
    for secret in (key, "old-secret", "the-key"):
        assert secret not in seen.read_text()


def test_copies_and_swap_files_go_as_well(repo, spot, place):
    use_editor(
        repo,
        """
        (path.parent / ".spot.yaml.swp").write_text(text)
        (path.parent / "backup").mkdir()
        (path.parent / "backup" / "spot.yaml~").write_text(text)
        (path.parent / "link").symlink_to(path.parent / "backup")
        new = path.with_name("new")
        new.write_text(text.replace("old-secret", "new-secret"))
        os.rename(new, path)
        """,
    )

    repo.here("edit", "spot")

    assert secret_of(repo) == "new-secret"
    assert list(place.iterdir()) == []


def test_a_link_that_an_editor_leaves_leads_to_no_harm(repo, spot, place, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "mine").write_text("mine")
    use_editor(repo, f"(path.parent / 'l').symlink_to({str(kept)!r})")

    repo.here("edit", "spot")

    assert (kept / "mine").read_text() == "mine"
    assert list(place.iterdir()) == []


MISTAKES = {
    "yaml": ('path.write_text(text + "\\n  - [")', "spot.yaml:"),
    "type": ('path.write_text(text.replace("active: true", "active: maybe"))', "R203"),
    "name": ('path.write_text(text.replace("api_secret:", "api_sekret:"))', "R306"),
    "place": ('path.write_text(text.replace("old-secret", "PASTE-HERE"))', "PASTE"),
    "empty": ('path.write_text("")', "spot.yaml"),
    "bytes": ('path.write_bytes(b"\\xff\\xfe old-secret")', "UTF-8"),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_told_and_nothing_is_written(repo, spot, place, kind):
    body, said = MISTAKES[kind]
    if kind == "type":
        repo.edit("spot", "provider: binance", "provider: binance\nactive: true")
    use_editor(repo, body)
    before = spot.read_text()

    done = repo.here("edit", "spot", code=None)

    assert done.code == (1 if kind in {"place", "bytes"} else 3)
    assert said in done.err
    assert "What was typed is gone" in done.err
    assert "old-secret" not in done.err + done.out
    assert spot.read_text() == before
    assert list(place.iterdir()) == []


def test_a_mistake_has_its_place_in_what_was_typed(repo, spot, place):
    use_editor(
        repo,
        """
        wrong = text.replace("version: 1", "version: 7")
        path.write_text("# one\\n# more\\n" + wrong)
        """,
    )

    done = repo.here("edit", "spot", code=3)

    lines = spot.read_text().splitlines()
    line = next(i for i, text in enumerate(lines, 3) if text.startswith("version:"))
    assert f"connections.d/spot.yaml:{line}:10" in done.err


def test_a_terminal_may_open_the_editor_again(repo, spot, place):
    use_editor(
        repo,
        """
        mended = text.replace("rubbish: [", "").replace("old-secret", "new-secret")
        path.write_text(mended if "rubbish" in text else text + "rubbish: [")
        """,
    )

    code, seen = at_terminal(repo, ("edit", "spot"), {"again? [Y/n]: ": "y\n"})

    assert code == 0, seen
    assert "edited" in seen
    assert secret_of(repo) == "new-secret"
    assert list(place.iterdir()) == []


def test_a_terminal_may_give_up(repo, spot, place):
    use_editor(repo, 'path.write_text(text + "rubbish: [")')
    before = spot.read_text()

    code, seen = at_terminal(repo, ("edit", "spot"), {"again? [Y/n]: ": "n\n"})

    assert code == 3, seen
    assert "What was typed is gone" in seen
    assert spot.read_text() == before


def test_a_file_that_somebody_else_changed_is_not_replaced(repo, spot, place):
    use_editor(
        repo,
        f"""
        path.write_text(text.replace("old-secret", "new-secret"))
        with open({str(spot)!r}, "a") as file:
            file.write("# theirs\\n")
        """,
    )

    done = repo.here("edit", "spot", code=1)

    assert "changed by somebody else" in done.err
    assert spot.read_text().endswith("# theirs\n")
    assert "new-secret" not in spot.read_text()
    assert list(place.iterdir()) == []


def test_an_editor_that_fails_changes_nothing(repo, spot, place):
    use_editor(repo, 'path.write_text("x")\nsys.exit(9)')
    before = spot.read_text()

    done = repo.here("edit", "spot", code=1)

    assert "ended with exit code 9; nothing was written" in done.err
    assert spot.read_text() == before
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("/nowhere/ed", "cannot be started"),
        ("ed 'x", "a quote is not closed"),
        ("", "nobody is at a terminal"),
    ],
)
def test_no_editor_is_told(repo, spot, place, variable, said):
    repo.monkeypatch.setenv("EDITOR", variable)

    assert said in repo.here("edit", "spot", code=1).err
    assert list(place.iterdir()) == []


def test_the_first_variable_that_is_set_names_the_editor(repo, spot, place):
    use_editor(repo, "sys.exit(1)")
    repo.monkeypatch.setenv("VISUAL", editor(repo, "sys.exit(1)", name="visual.py"))
    sops_editor = editor(repo, REPLACE, name="sops.py")
    repo.monkeypatch.setenv("SOPS_EDITOR", f"{sops_editor} --an-option")

    repo.here("edit", "spot")

    assert secret_of(repo) == "new-secret"


def test_a_template_is_filled_in_and_sealed(repo, place):
    repo.here("new", "spot", "--type", "ccxt_crypto", "--provider", "binance")
    use_editor(repo, 'path.write_text(text.replace("PASTE-HERE", "pasted"))')

    repo.here("edit", "spot")

    assert secret_of(repo) == "pasted"
    assert "pasted" not in repo.read("connections.d/spot.yaml")


def test_a_changed_destination_is_bound_anew(repo, spot, place):
    use_editor(
        repo,
        'path.write_text(text.replace("name: spot", "owner: user:al\\nname: spot"))',
    )

    repo.here("edit", "spot")

    assert secret_of(repo) == "old-secret"
    assert repo.here("encrypt", "spot").out.split()[0] == "unchanged"


def test_what_is_no_connection_is_refused(repo, place):
    use_editor(repo, REPLACE)

    assert "'reconcile new'" in repo.here("edit", "nothing", code=1).err


def test_without_a_key_nothing_is_opened(repo, spot, place):
    use_editor(repo, REPLACE)
    (repo.path.parent / "home/config/sops/age/keys.txt").unlink()

    done = repo.here("edit", "spot", code=1)

    assert "SOPS_AGE_KEY_FILE" in done.err


WAIT = """
path.with_name("copy").write_text(text)
Path({ready!r}).write_text(str(os.getpid()))
time.sleep(60)
"""


@pytest.fixture
def waiting(repo, spot, place, tmp_path):
    """An edit whose editor waits; ends with the editor's process gone."""
    ready = tmp_path / "ready"
    use_editor(repo, WAIT.format(ready=str(ready)))
    process = repo.start("edit", "spot")
    wait_until(lambda: ready.exists() and ready.read_text())
    assert [one.name for one in place.rglob("copy")]
    yield process
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(ready.read_text()), signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_a_signal_leaves_nothing_behind(repo, spot, place, waiting, number, code):
    before = spot.read_text()

    waiting.send_signal(number)
    _, err = waiting.communicate(timeout=PATIENCE_S)

    assert waiting.returncode == code
    assert list(place.iterdir()) == []
    assert spot.read_text() == before
    assert "Traceback" not in err


def test_an_editor_that_does_not_want_to_end_is_ended(repo, spot, place, tmp_path):
    ready = tmp_path / "ready"
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    use_editor(repo, deaf + WAIT.format(ready=str(ready)))
    process = repo.start("edit", "spot")
    wait_until(lambda: ready.exists() and ready.read_text())

    process.terminate()
    _, err = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 143, err
    assert list(place.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(ready.read_text()), 0)


def test_ctrl_c_ends_an_editor_that_does_not_use_it(repo, spot, place):
    use_editor(repo, 'print("ready> ", end="", flush=True)\ntime.sleep(60)')
    before = spot.read_text()

    code, seen = at_terminal(repo, ("edit", "spot"), {"ready> ": "\x03"})

    assert code == 130, seen
    assert "Stopped by SIGINT." in seen
    assert spot.read_text() == before
    assert list(place.iterdir()) == []


def test_ctrl_c_belongs_to_an_editor_that_uses_it(repo, spot, place):
    use_editor(
        repo,
        """
        heard = []
        signal.signal(signal.SIGINT, lambda *_: heard.append(1))
        print("ready> ", end="", flush=True)
        while not heard:
            time.sleep(0.05)
        path.write_text(text.replace("old-secret", "new-secret"))
        """,
    )

    code, seen = at_terminal(repo, ("edit", "spot"), {"ready> ": "\x03"})

    assert code == 0, seen
    assert secret_of(repo) == "new-secret"


def test_a_kill_leaves_nothing_behind(repo, spot, place, waiting):
    before = spot.read_text()

    waiting.kill()

    wait_until(lambda: not list(place.iterdir()))
    assert spot.read_text() == before


def test_what_was_removed_by_the_editor_is_overwritten(repo, spot, place, tmp_path):
    """The editor keeps the file open that it removes: what is left there?"""
    left = tmp_path / "left"
    use_editor(
        repo,
        f"""
        file = open(path, "rb")
        os.unlink(path)
        path.write_text(text)
        if os.fork():
            sys.exit()
        os.setsid()
        while path.parent.exists():
            time.sleep(0.05)
        Path({str(left)!r}).write_bytes(b"left:" + file.read())
        """,
    )

    repo.here("edit", "spot")

    wait_until(lambda: left.exists() and left.read_bytes())
    assert set(left.read_bytes().removeprefix(b"left:")) <= {0}


@pytest.mark.parametrize(
    ("folder", "environment", "expected"),
    [
        ("/dev/shm/reconcile-x/spot.yaml", {}, True),  # noqa: S108  # only a name
        ("/run/user/7/reconcile-x/spot.yaml", {"XDG_RUNTIME_DIR": "/run/user/7"}, True),
        ("/run/user/7/reconcile-x/spot.yaml", {}, False),
        ("/home/me/tmp/spot.yaml", {"XDG_RUNTIME_DIR": ""}, False),
    ],
)
def test_plain_text_on_a_disk_is_told_from_plain_text_in_memory(
    folder, environment, expected
):
    assert is_in_memory(Path(folder), environment=environment) is expected
