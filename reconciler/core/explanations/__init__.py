"""Every code explained: `reconcile explain` and `docs/diagnostics.md` say the same.

A test takes each wrong example and gets the code from it, and each right one does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.core.explanations import providers, seals, shapes, texts
from reconciler.core.explanations.explanation import Explanation

EXPLANATIONS: Final[Mapping[str, Explanation]] = {
    **texts.EXPLANATIONS,
    **shapes.EXPLANATIONS,
    **seals.EXPLANATIONS,
    **providers.EXPLANATIONS,
}
"""What there is to say about each code of `RULES`."""

PLACEHOLDERS: Final = (
    "'ENC[…]' and 'sops: {…}' stand for what 'reconcile encrypt' writes, "
    "'age1alice…' for a public key."
)

__all__ = ["EXPLANATIONS", "PLACEHOLDERS", "Explanation"]
