"""A key in the wrong place: what is said about it must not repeat it."""

from __future__ import annotations

import pytest

SECRET = "SeKrEt9f8e7d6c5b4a3"
HEAD = "name: x\ntype: custom_api\nprovider: p\n"
FEED = f"{HEAD}config: {{endpoint: 'https://a.test'}}\n"
FORM = "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AAAAAAAAAAAAAAAAAAAAAA==,type:str]"
FILES = {
    "no blank in a flow": f"name: x\ncredentials: {{api_key:{SECRET}}}\n",
    "no blank in a good file": f"{FEED}credentials: {{api_key:{SECRET}, b:{SECRET}}}\n",
    "as a key": f"{FEED}credentials:\n  {SECRET}:\n",
    "as a sealed key": f"{FEED}credentials:\n  {SECRET}: {FORM}\n",
    "as a key twice": f"name: x\ncredentials:\n  {SECRET}: a\n  {SECRET}: b\n",
    "as a complex key": f"name: x\ncredentials:\n  ? {SECRET}\n",
    "nested": f"name: x\ncredentials:\n  a: {{b: {SECRET}}}\n",
    "in lists": f"name: x\ncredentials:\n  a: [[{SECRET}]]\n",
    "as a nested key": f"name: x\ncredentials:\n  a: {{{SECRET}: 1}}\n",
    "no blank at the top": f"{{name: x, api_secret:{SECRET}}}\n",
    "no blank in config": f"{HEAD}config: {{endpoint: 'https://a.test', k:{SECRET}}}\n",
    "in settings": f"name: x\nsettings: {{api_secret: {SECRET}}}\n",
    "as an anchor": f"name: x\ncredentials: {{a: &{SECRET} b, c: *{SECRET}}}\n",
    "as a tag": f"name: x\ncredentials: {{a: !{SECRET} x}}\n",
    "as a directive": f"%{SECRET} x\n---\nname: x\n",
    "as a binding": f"name: x\ncredentials: {{a: ENC[]}}\nbinding: [{SECRET}]\n",
    "in a URL": f"{HEAD}config: {{endpoint: 'https://u:{SECRET}@a.test'}}\n",
    "in a proxy": f"{HEAD}config: {{proxy: 'http://u:{SECRET}@p.test:1'}}\n",
}
COMMANDS = (
    ("validate",),
    ("validate", "--format", "json"),
    ("validate", "--format", "github"),
    ("validate", "--format", "sarif"),
    ("validate", "--format", "junit"),
    ("fmt", "--diff"),
    ("-v", "plan"),
    ("-v", "apply"),
    ("-v", "test", "connections.d/x.yaml"),
    ("-v", "encrypt", "connections.d/x.yaml"),
    ("list",),
    ("report",),
)


@pytest.mark.parametrize("kind", FILES)
def test_no_message_repeats_a_misplaced_secret(repo, kind):
    repo.file("x").write_text(FILES[kind])

    for command in COMMANDS:
        done = repo.here(*command, code=None)

        assert SECRET not in done.out + done.err, command
        assert "this is a bug" not in done.err
    repo.file("x").unlink(missing_ok=True)
    for file in repo.path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("name", ["apiSecret", "api_token", "API-KEY-2", "secretKey"])
def test_a_name_that_reads_like_one_is_still_shown(repo, name):
    repo.file("x").write_text(f"{FEED}credentials:\n  {name}: {FORM}\n")

    assert name in repo.here("validate", code=3).out


@pytest.mark.parametrize(
    "config",
    [
        f"{{endpoint: 'https://a.test/?k={SECRET}'}}",
        f"{{endpoint: 'https://a.test', headers: {{Authorization: {SECRET}}}}}",
    ],
)
def test_a_config_line_with_a_secret_is_not_quoted(repo, config):
    repo.file("x").write_text(f"{HEAD}config: {config}\n")

    assert SECRET not in repo.here("validate", code=3).out
