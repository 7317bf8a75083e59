"""The composition root: the only place that knows concrete adapters.

Everything is built on first use, so that `validate` never pays for a store and
`--help` for nothing. `app` holds what a command works with, `choices` what the operator
chose, `doors` lead to a single adapter.
"""

from reconciler.wiring.app import App
from reconciler.wiring.choices import Choices
from reconciler.wiring.doors import adapter_for, explain_answer, scrubbed
from reconciler.wiring.writing import write_file

__all__ = [
    "App",
    "Choices",
    "adapter_for",
    "explain_answer",
    "scrubbed",
    "write_file",
]
