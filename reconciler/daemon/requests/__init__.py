"""Commands on this machine speak to the running daemon through a socket."""

from typing import Final

FORMAT_VERSION: Final = "1"
"""Of what is said there; `serving` describes it."""
