"""Every code explained: `reconcile explain` and `docs/diagnostics.md` say the same.

A test takes each wrong example and gets the code from it, and each right one does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.core.explanations.explanation import Explanation
from reconciler.core.explanations.policies import EXPLANATIONS as _POLICIES
from reconciler.core.explanations.providers import EXPLANATIONS as _PROVIDERS
from reconciler.core.explanations.seals import EXPLANATIONS as _SEALS
from reconciler.core.explanations.shapes import EXPLANATIONS as _SHAPES
from reconciler.core.explanations.texts import EXPLANATIONS as _TEXTS

EXPLANATIONS: Final[Mapping[str, Explanation]] = {
    **_TEXTS,
    **_SHAPES,
    **_SEALS,
    **_PROVIDERS,
    **_POLICIES,
}
"""What there is to say about each code of `RULES`."""

PLACEHOLDERS: Final = (
    "'ENC[…]' and 'sops: {…}' stand for what 'reconcile encrypt' writes, "
    "'age1alice…' for a public key."
)

__all__ = ["EXPLANATIONS", "PLACEHOLDERS", "Explanation"]
