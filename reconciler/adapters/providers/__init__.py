"""The providers: one package per type, over what all of them share.

`running` makes many tests side by side. A type's package says what its rungs are and
asks through `rest` or a library of its own; `ladder` turns the rungs into a verdict,
`answers` says what an answer means, and `network` is the only way out. `registry` finds
the types, `redaction` stands at every exit.
"""
