"""The providers: one network, one ladder of probes, one package per type.

`registry` finds the adapters, `network` is their only way out, `ladder` turns
their steps into a verdict, `redaction` stands at every exit, `tester` runs many
tests side by side.
"""
