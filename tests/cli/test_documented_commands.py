"""Every command that a page names is one, and has the options that it names."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from reconciler.cli.commands.providers import ListByDefault
from reconciler.cli.group import cli
from tests.cli.cli_runner import ROOT

PAGES = [
    *(ROOT / "README.md", ROOT / "CHANGELOG.md"),
    *sorted((ROOT / "docs").glob("*.md")),
]
SPANS = re.compile(r"`([^`\n]+)`")
BLOCKS = re.compile(r"(?ms)^```[a-z]*\n(.*?)^```$|^((?:    .*\n)+)")


def lines_of(page):
    """Yield each command line of ours on a page, from blocks and from sentences."""
    text = page.read_text()
    for match in BLOCKS.finditer(text):
        block = (match[1] or match[2]).replace("\\\n", " ")
        for line in block.splitlines():
            for part in re.split(r"&&|\|\||;|\| ", line):
                yield part.strip().removeprefix("$ ").removeprefix("exec ")
    yield from SPANS.findall(BLOCKS.sub("", text).replace(r"\|", "|"))


def words_of(line):
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def options_of(command):
    """Return the options of a command by their names; a group has its default's."""
    found = {o: p for p in command.params for o in (*p.opts, *p.secondary_opts)}
    if isinstance(command, ListByDefault):
        found |= options_of(command.get_command(click.Context(command), "list"))
    return {**found, "--help": None, "-h": None}


def unknown_in(words):
    """Yield what of a command line is no command of ours, or no option of it."""
    command, seen, rest = cli, "reconcile", [word.strip("[]…") for word in words]
    while rest:
        word = rest.pop(0)
        if re.fullmatch("--?[A-Za-z].*", word):
            name, equals, _ = word.partition("|")[0].partition("=")
            known = options_of(command)
            if name not in known and name[:2] not in known:
                yield f"{seen} {name}"
            elif not (equals or getattr(known.get(name), "is_flag", True)):
                rest = rest[1:]
        elif isinstance(command, click.Group) and re.fullmatch("[a-z-]+", word):
            found = command.get_command(click.Context(command), word)
            if found is None and command is cli:
                yield f"{seen} {word}"
            command, seen = found or command, f"{seen} {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_commands_and_options_that_there_are(page):
    lines = [words_of(line) for line in lines_of(page)]
    ours = [words[1:] for words in lines if words[:1] == ["reconcile"]]
    unknown = [one for words in ours for one in unknown_in(words)]

    assert unknown == []
