"""Pure views: what people and machines read of plans, runs, records and samples.

Strings come out, nothing else happens: no file, no clock, no terminal library.
`now`, `color` and `verbose` are parameters, so that a view is a function of its
arguments. Human text and JSON are made from the same object.

- `plan`, `run`: what would be done, what was done (human, Markdown, JSON).
- `diagnostics`: problems in files, with their place.
- `connections`, `record`: lists, status, one connection, its history.
- `verdicts`: the ladder of a test.
- `samples`: candles, ticker, symbols, account (human, JSON, CSV).
- `providers`, `state`: what can be connected; the store and its lock.
- `text`, `values`, `ladder`, `markdown`, `machine`: what those share.

Two promises hold everywhere. Text from files and providers cannot drive the
terminal or the page it is shown on (`text.safe`, `markdown.prose`). No sealed
value is shown, only that it changed.
"""
