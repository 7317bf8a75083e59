"""The command line: parse, call one use case, render one view, return one exit code.

- `boundary`: the only place where an error becomes a sentence and an exit code.
- `group`, `lazy`: global options; each command's module loads when it is used.
- `console`: what a command holds: the operator's choices, stdout and stderr.
- `signals`: the first signal asks a run to end well, the second ends it now.
- `options`: options that several commands share.
- `commands`: one file per command; none imports another.

stdout is the result, stderr the conversation.
"""
