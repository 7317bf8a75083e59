"""What stops a run. Expected plural problems are values (diagnostics, results).

ReconcilerError
├── InputError            somebody can fix a file
│   ├── DocumentError     the files are invalid; carries every diagnostic
│   └── SecretError       no identity fits, or a sealed value is damaged
├── RefusedError          a guard said no; says which and how to override
├── StateError            the store cannot be used
│   ├── LockedError       somebody else holds the lock; waiting helps
│   ├── StaleError        the store moved on since the plan or the read
│   └── DamagedError      the store's files are damaged; names the way out
└── ProviderError         the world said no; carries a diagnosis

`str(error)` is one line: what, where, why, how to fix. It never holds a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.core.diagnosis import Diagnosis
    from reconciler.core.diagnostic import Diagnostic
    from reconciler.core.refusal import Refusal


class ReconcilerError(Exception):
    """The run cannot go on."""


class InputError(ReconcilerError):
    """A file is wrong; waiting does not help, editing does."""


class DocumentError(InputError):
    """At least one document is invalid."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__(f"{len(diagnostics)} problem(s) in the files")


class SecretError(InputError):
    """A sealed value cannot be opened: no identity fits, or it is damaged.

    `code` is the exit code that sops gives the same failure (128 no data key,
    51 MAC mismatch, 25 broken value …); None where sops has none.
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        self.code = code
        super().__init__(message)


class RefusedError(ReconcilerError):
    """A guard said no; a flag or a changed file helps, waiting does not."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        self.refusals = refusals
        super().__init__("; ".join(refusal.message for refusal in refusals))


class StateError(ReconcilerError):
    """The store cannot be used as asked."""


class LockedError(StateError):
    """Somebody else holds the lock; waiting helps."""


class StaleError(StateError):
    """The store moved on since it was read; plan again."""


class DamagedError(StateError):
    """The store's files are damaged; the message names the way out."""


class ProviderError(ReconcilerError):
    """A provider said no; `diagnosis` says why and whether waiting helps."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        super().__init__(diagnosis.summary)
