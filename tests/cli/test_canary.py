"""No secret leaves its envelope: plant some, run everything, look everywhere.

Every output, and every file below the repository, is searched for every planted
secret in every form that libraries put one into. `decrypt` is the one exception.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from reconciler.sandbox import sandbox_account
from tests.cli.echo_server import echo_server
from tests.cli.editor_scripts import private_place, use_editor

ODD = "CANARY-0dd-%41%2F\"q's$HOME{x}#:é漢"
LINES = "CANARY-first-line-of-three\nCANARY-second line, 'quoted'\nCANARY-third:end"
KEY = "CANARY-api-key-0123456789abcdef"
PASS = "CANARY-passphrase-zyxw"
ENDPOINT = "https://api.custom-data-provider.com/v1?token=CANARY-in-a-query-abcdef&x=1"
METHOD_KEY = "CANARY-key-of-a-method-+/=&%"
PATIENT_S = 120
NAMES = ("spot", "swap", "alts", "main", "fx", "feed", "feed-query", "feed-basic")
PIECES = ("CANARY-in-a-query-abcdef",)
PLANTED = (ODD, LINES, KEY, PASS, ENDPOINT, METHOD_KEY)

FAULTS = (
    *("bad_key", "ip_not_allowed", "permission_denied", "clock_skew"),
    *("rate_limited", "banned", "geo_blocked", "maintenance", "unavailable"),
    *("refused", "reset", "html", "empty", "truncated", "cut_off"),
    *("rubbish_candles", "no_candles", "redirect", "tls_expired", "tls_wrong_host"),
)


def forms_of(secret):
    """Yield every spelling of a secret that a program may leave somewhere."""
    parts = [secret, *(line for line in secret.splitlines() if len(line) > 8)]
    for part in dict.fromkeys(parts):
        raw = part.encode()
        yield from (raw, quote(part).encode(), quote(part, safe="").encode())
        yield quote_plus(part).encode()
        yield from (json.dumps(part)[1:-1].encode(), repr(part)[1:-1].encode())
        yield json.dumps(part, ensure_ascii=False)[1:-1].encode()
        yield from (raw.hex().encode(), raw.hex().upper().encode())
        for shift in range(3):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                yield encode(b"\0" * shift + raw)[4 if shift else 0 : -4]


class Watch:
    """Runs commands and remembers all they said."""

    def __init__(self, repo):
        self.repo = repo
        self.said = []
        self.secrets = list(PLANTED) + list(PIECES)

    def __call__(self, *arguments, **options):
        done = self.repo.here(*arguments, code=None, **options)
        shown = "" if "decrypt" in arguments else done.out
        self.said.append((" ".join(map(str, arguments)), shown + done.err))
        assert "Traceback" not in done.err
        return done

    def look_everywhere(self):
        files = [file for file in self.repo.path.rglob("*") if file.is_file()]
        places = [(name, text.encode("utf-8", "replace")) for name, text in self.said]
        places += [(str(file), file.read_bytes()) for file in sorted(files)]
        for secret in self.secrets:
            pattern = re.compile(b"|".join(map(re.escape, set(forms_of(secret)))))
            for name, text in places:
                found = pattern.search(text)
                if found:
                    around = text[max(0, found.start() - 150) : found.end() + 50]
                    pytest.fail(f"{secret[:20]!r} leaked in {name}: {around!r}")


@pytest.fixture
def watch(live):
    keys = live.path.parent / "home/config/sops/age/keys.txt"
    watch = Watch(live)
    watch.secrets.append(keys.read_text().split()[-1])  # the private key itself
    return watch


def plant(watch, *, timeout_s=3):
    """Write connections whose every credential is a canary.

    Where requests must get through, give `timeout_s` that a busy machine keeps to.
    """
    binance = {"api_key": KEY, "api_secret": ODD}
    okx = {"api_key": KEY, "api_secret": LINES, "api_passphrase": PASS}
    for name, kind, provider, credentials in (
        ("spot", "ccxt_crypto", "binance", binance),
        ("swap", "ccxt_crypto", "okx", okx),
        ("alts", "ccxt_crypto", "kucoin", okx),
        ("main", "ccxt_crypto", "kraken", binance),
        ("fx", "mtapi", "mt4_account_1", {"api_key": ODD, "account_id": PASS}),
        ("feed", "custom_api", "in-house", {"api_key": KEY, "endpoint": ENDPOINT}),
    ):
        done = watch(
            *("new", name, "--type", kind, "--provider", provider),
            *("--symbol", "BTC/USDT", "--timeframe", "H1" if name == "fx" else "1h"),
            *("--credentials-stdin", "--set", f"timeout={timeout_s}"),
            stdin=json.dumps(credentials),
        )
        assert done.code == 0, done
    for method in ("query", "basic", "header"):
        done = watch(
            *("new", f"feed-{method}", "--type", "custom_api", "--provider", "house"),
            *("--credentials-stdin", "--set", f"authentication_method={method}"),
            *("--set", "endpoint=https://api.custom-data-provider.com/v1"),
            *("--symbol", "BTC/USDT", "--timeframe", "1h"),
            *("--set", f"timeout={timeout_s}"),
            stdin=json.dumps(
                {"api_key": METHOD_KEY}
                | ({"api_secret": PASS} if method == "basic" else {})
            ),
        )
        assert done.code == 0, done


def run_everything(watch):
    """Run what can be run without knowing the situation."""
    for command in (
        ("validate",),
        ("validate", "--format", "json"),
        ("plan", "--out", "saved-plan.json"),
        ("plan", "--format", "json"),
        ("plan", "--format", "markdown"),
        ("plan", "--format", "html"),
        ("-v", "apply", "--retry"),
        ("apply", "--format", "json"),
        ("apply", "--format", "markdown"),
        ("-v", "list"),
        ("list", "--format", "json"),
        ("status",),
        ("status", "--format", "json"),
        ("history",),
        ("history", "--format", "json"),
        ("report",),
        ("report", "--format", "json"),
        ("report", "--format", "markdown", "-o", "report.md"),
        ("report", "--now", "--format", "json"),
        ("report", "--format", "html", "-o", "report.html"),
        ("report", "--now", "--format", "html"),
        ("state", "list"),
        ("state", "pull"),
        ("state", "backup"),
        ("suspend", "spot", "m*", "--reason", "incident 7", "--format", "json"),
        ("test", "spot"),
        ("plan",),
        ("-v", "status", "-l", "!desk"),
        ("resume", "*"),
        ("secrets", "status"),
        ("secrets", "status", "--format", "json"),
    ):
        watch(*command)
    names = sorted(file.stem for file in (watch.repo.path / "connections.d").iterdir())
    for name in names:
        if name.startswith("."):
            continue
        watch("show", name)
        watch("textconv", f"connections.d/{name}.yaml")
        watch("show", name, "--format", "json")
        watch("state", "show", name)
        watch("-v", "test", f"connections.d/{name}.yaml", "--format", "json")


def test_an_examination_of_the_place(watch, monkeypatch):
    assert "reconcile" in watch("doctor").out
    watch("doctor", "--network", "--format", "json")
    monkeypatch.setenv("SOPS_AGE_KEY", f"AGE-SECRET-KEY-1{KEY}")
    watch("doctor")

    watch.look_everywhere()


def test_wrong_keys_at_healthy_providers(watch):
    plant(watch)

    run_everything(watch)

    watch.look_everywhere()


@pytest.mark.parametrize("fault", FAULTS)
def test_every_provider_error(watch, sandbox, fault):
    plant(watch)
    sandbox.set_fault("*", fault)

    watch("-v", "apply")
    for name in NAMES:
        watch("-v", "test", f"connections.d/{name}.yaml")
    watch("report")

    watch.look_everywhere()


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_a_provider_that_echoes_what_it_was_sent(
    watch, sandbox, monkeypatch, tmp_path, status
):
    plant(watch, timeout_s=PATIENT_S)
    server = echo_server(tmp_path, sandbox.info, status=status, mark="CANARY")
    with server as (file, asked):
        monkeypatch.setenv("RECONCILE_SANDBOX", str(file))
        watch("-v", "apply", "--allow-empty")
        watch("-v", "apply", "--retry", "--format", "json")
        for name in NAMES:
            watch("-v", "test", f"connections.d/{name}.yaml", "--trace")
            watch("show", name)
        for command in (("report",), ("history",), ("status",), ("state", "pull")):
            watch(*command)

    sent = "\n".join(asked)
    expected = (KEY, METHOD_KEY, PASS)
    assert [secret for secret in expected if secret not in sent] == []
    watch.look_everywhere()


COMPUTED = re.compile(
    r"(?im)(?:^[\w-]*(?:sign|passphrase): |\bsignature=)([\w+/=%.-]{16,})"
)


def test_what_is_computed_from_a_secret_stays_in_as_well(
    watch, sandbox, monkeypatch, tmp_path
):
    plant(watch, timeout_s=PATIENT_S)
    server = echo_server(tmp_path, sandbox.info, status=401, mark="CANARY")
    with server as (file, asked):
        monkeypatch.setenv("RECONCILE_SANDBOX", str(file))
        watch("-v", "apply")
        for name in NAMES:
            assert watch("test", f"connections.d/{name}.yaml", "--trace").code == 5
        watch("report", "--format", "json")

    computed = set(COMPUTED.findall("\n".join(asked)))
    assert computed
    watch.secrets += sorted(computed)
    watch.look_everywhere()


def test_what_runs_and_then_meets_trouble(watch, sandbox):
    account = sandbox_account("binance")
    watch.secrets += [account.api_key, account.api_secret]
    credentials = {"api_key": account.api_key, "api_secret": account.api_secret}
    watch(
        *("new", "spot", "--type", "ccxt_crypto", "--provider", "binance"),
        "--credentials-stdin",
        stdin=json.dumps(credentials),
    )
    assert watch("apply").code == 0
    run_everything(watch)
    for fault in FAULTS:
        sandbox.clear_faults()
        sandbox.set_fault("binance", fault)
        watch("-v", "sample", "spot", "--limit", "2", "--ticker", "--account")
        watch("-v", "test", "spot")
    run_everything(watch)

    watch.look_everywhere()


def test_wrong_age_key_and_damaged_store(watch, monkeypatch):
    plant(watch)
    watch("apply")
    other = watch.repo.path.parent / "other"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(other))
    watch("keygen")
    run_everything(watch)
    for file in sorted((watch.repo.path / "connections.d").glob("*.yaml")):
        watch("-v", "decrypt", file)
        watch("-v", "encrypt", "--rebind", file)
    store = watch.repo.path / ".reconcile/state.json"
    store.write_bytes(store.read_bytes()[:-300] + b'{"rubbish": ')
    run_everything(watch)

    watch.look_everywhere()


BROKEN = {
    "plain text": "name: x\ncredentials:\n  api_secret: {secret}\n",
    "unclosed quote": 'name: x\ncredentials:\n  api_secret: "{secret}\nconfig: {{}}\n',
    "unclosed flow": "name: x\ncredentials: {{api_secret: {secret}\nconfig: 1\n",
    "tab": "name: x\ncredentials:\n\tapi_secret: {secret}\n",
    "twice": "name: x\ncredentials:\n  a: {secret}\n  a: {secret}\n",
    "top level": "name: x\napi_secret: {secret}\n",
    "misspelt block": "name: x\ncredential:\n  api_secret: {secret}\n",
    "in config": "name: x\ntype: ccxt_crypto\nprovider: binance\n"
    "config:\n  api_secret: {secret}\n",
    "no blank": "name: x\ncredentials:\n  api_key:{secret}\n",
    "no blank twice": "name: x\ncredentials:\n  a:{secret}\n  b: {secret}\n",
    "as a list": "name: x\ncredentials: [{secret}]\n",
    "as text": "name: x\ncredentials: {secret}\n",
    "in binding": "name: x\ncredentials: {{a: ENC[]}}\nbinding: {secret}\n",
    "in sops": "name: x\ncredentials: {{a: ENC[]}}\nsops: {{mac: {secret}}}\n",
    "anchored": "name: x\ncredentials:\n  a: &k {secret}\n  b: *k\n",
    "tagged": "name: x\ncredentials:\n  a: !secret {secret}\n",
    "block text": "name: x\ncredentials:\n  a: |\n   {secret}\n  {secret}\n",
    "bad escape": 'name: x\ncredentials:\n  a: "\\q{secret}"\n',
    "no mapping": "{secret}\n",
    "not UTF-8": "name: x\ncredentials:\n  a: {secret}\xff\n",
    "json": '{{"name": "x", "credentials": {{"a": "{secret}"}}, }}',
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_near_a_secret(watch, kind):
    secret = "CANARY-near-a-mistake-0123456789"
    watch.secrets.append(secret)
    file = watch.repo.file("x")
    file.write_bytes(BROKEN[kind].format(secret=secret).encode("latin-1"))

    for command in (
        ("validate",),
        ("-v", "validate", "--format", "json"),
        ("-v", "validate", "--format", "github"),
        ("validate", "--format", "sarif", "-o", "problems.sarif"),
        ("validate", "--format", "junit", "-o", "problems.xml"),
        ("-v", "fmt", "--check", "--diff"),
        ("-v", "plan", "--out", "p.json"),
        ("-v", "apply", "--format", "json"),
        ("-v", "test", "connections.d/x.yaml"),
        ("-v", "encrypt", "connections.d/x.yaml"),
        ("-v", "decrypt", "connections.d/x.yaml"),
        ("report",),
        ("list",),
    ):
        watch(*command)
    file.unlink()

    watch.look_everywhere()


NEW_KEY = "CANARY-typed-later-0123456789"
EDITORS = {
    "good": f"path.write_text(text.replace({KEY!r}, {NEW_KEY!r}))",
    "no YAML": "path.write_text(text + chr(10) + '  - [' + text)",
    "one line": "path.write_text(text.replace(chr(10), ' '))",
    "renamed": "path.write_text(text.replace('api_key:', 'api_key'))",
    "misplaced": "path.write_text(text + 'config: ' + text.split('api_key: ')[1])",
    "twice": "path.write_text(text + text)",
    "no text": "path.write_bytes(text.encode() + bytes([255]))",
    "fails": "print(path)\nsys.exit(3)",
    "crashes": "os.kill(os.getpid(), 9)",
    "gone": "path.unlink()",
    "raced": "Path(os.environ['SEALED']).open('a').write('# theirs')",
}


@pytest.mark.parametrize("kind", EDITORS)
def test_an_edit_however_it_ends(watch, monkeypatch, kind):
    plant(watch)
    place = private_place(watch.repo)
    look = "Path('editor-saw').write_text(repr((sys.argv, dict(os.environ))))\n"
    monkeypatch.setenv("SEALED", str(watch.repo.file("spot")))
    monkeypatch.setenv("SOPS_AGE_KEY", watch.secrets[-1])
    use_editor(watch.repo, look + EDITORS[kind])
    watch.secrets.append(NEW_KEY)

    for command in (("edit", "spot"), ("-v", "edit", "swap", "--format", "json")):
        watch(*command)

    assert "SEALED" in watch.repo.read("editor-saw")
    assert list(place.iterdir()) == []
    watch.look_everywhere()


def test_values_that_are_set_and_removed(watch):
    plant(watch)
    watch.secrets.append(NEW_KEY)
    both = json.dumps({"api_key": NEW_KEY, "api_secret": NEW_KEY})
    for stdin in (NEW_KEY, f" {NEW_KEY}\n\n", both, f'"{NEW_KEY}', f"[{both}]"):
        for command in (
            ("set", "spot", "api_secret", "--stdin"),
            ("set", "spot", "api_secret", "--stdin", "--json"),
            ("-v", "set", "spot", "api_key", "api_secret", "--stdin"),
            ("set", "feed", "config.timeout", "--stdin"),
            ("set", "feed", "settings", "credentials", "name", "--stdin"),
            ("set", "nothing", "api_key", "--stdin"),
            ("set", "swap", "api_secret", f"api_key={NEW_KEY}", "--stdin"),
            ("set", "swap", "api_secret", f"{NEW_KEY}", "--stdin"),
        ):
            watch(*command, stdin=stdin)
    for keys in (["api_passphrase"], ["api_key", "api_secret"], ["credentials"]):
        watch("unset", "swap", *keys)
        watch("-v", "unset", "spot", *keys, "--format", "json")

    watch.look_everywhere()


def test_files_sealed_anew_and_for_others(watch, monkeypatch):
    plant(watch)
    other = watch.repo.path.parent / "other.agekey"
    public = watch("keygen", "-o", other).out.strip()
    watch.secrets.append(other.read_text().split()[-1])
    rules = watch.repo.path / ".sops.yaml"
    rules.write_text(f"creation_rules: [{{age: {public}}}]\n")
    spot, text = watch.repo.file("spot"), watch.repo.file("spot").read_text()
    spot.write_text(text.replace("data:", "data:AAAA", 1))
    watch.repo.file("plain").write_text(f"name: x\ncredentials: {{a: {KEY}}}\n")

    for command in (
        ("rotate", "--all"),
        ("-v", "rotate", "connections.d", "nowhere", "--format", "json"),
        ("updatekeys", "--dry-run"),
        ("updatekeys", "--format", "json"),
        ("-v", "rotate", "--all"),
        ("-v", "updatekeys"),
    ):
        watch(*command)
    watch.repo.file("plain").unlink()

    watch.look_everywhere()


def test_two_branches_that_changed_one_secret(watch):
    plant(watch)
    spot = watch.repo.file("spot")
    versions = [watch.repo.path / name for name in ("base", "ours", "theirs")]
    for version, secret in zip(versions, (KEY, ODD, PASS), strict=True):
        watch("set", "spot", "api_secret", "--stdin", stdin=secret)
        version.write_text(spot.read_text())

    merged = watch("merge-driver", *versions, "--path", "connections.d/spot.yaml")
    spot.write_text(versions[1].read_text())
    watch("validate")
    watch("encrypt", "--rebind", "connections.d/spot.yaml")
    watch("textconv", "connections.d/spot.yaml")

    assert merged.code == 1
    watch.look_everywhere()


def test_the_search_finds_what_it_should(watch):
    for place in (quote(ODD), base64.b64encode(f"me:{ODD}".encode()).decode()):
        watch.said = [("here", f"Authorization: {place}")]
        with pytest.raises(pytest.fail.Exception, match="leaked in here"):
            watch.look_everywhere()
    watch.said = []
    Path("leak.txt").write_text(LINES.splitlines()[1])
    with pytest.raises(pytest.fail.Exception, match=r"leak\.txt"):
        watch.look_everywhere()


CHANNELS = """
alerts:
  channels:
    ops: {url_env: OPS_URL}
    hook: {kind: webhook, url_env: HOOK_URL, secret_env: HOOK_KEY}
    gone: {kind: webhook, url_file: /nowhere/CANARY-no-secret, secret_env: OPS_URL}
  heartbeat: {url_env: HOOK_URL}
"""


def test_addresses_and_keys_of_alerts(watch, monkeypatch):
    tokens = {
        "OPS_URL": "slack://CANARY-slack-a/CANARY-slack-b/CANARY-slack-c",
        "HOOK_URL": "http://user:CANARY-password-9876@127.0.0.1:9/CANARY-in-a-path-77",
        "HOOK_KEY": "CANARY-signing-key-0123456789",
    }
    for name, value in tokens.items():
        monkeypatch.setenv(name, value)
        watch.secrets.append(value)
    watch.secrets += ["CANARY-slack-a", "CANARY-password-9876", "CANARY-in-a-path-77"]
    with (watch.repo.path / "reconcile.yaml").open("a") as settings:
        settings.write(CHANNELS)

    for command in (
        ("validate",),
        ("alerts", "test"),
        ("-v", "alerts", "test", "hook", "--format", "json"),
        ("-v", "alerts", "list"),
        ("alerts", "list", "--format", "json"),
        ("doctor",),
        ("daemon", "--once"),
    ):
        watch(*command)

    watch.look_everywhere()
