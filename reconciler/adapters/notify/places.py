"""Where an address or a key is kept: an environment variable, or a file.

A plain file name is one of the credentials that systemd hands over (`LoadCredential`):
they lie in the folder that `CREDENTIALS_DIRECTORY` names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.core.incidents.delivering import DeliveryError
from reconciler.core.secret import Secret

_DIRECTORY: Final = "CREDENTIALS_DIRECTORY"
_MAX_BYTES: Final = 16_384
_ADDRESS: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,31}://[^\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place; exactly one of `variable` and `file` is set."""

    variable: str = ""
    file: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Return what people call it; never what is kept there."""
        if self.variable:
            return f"the environment variable {self.variable}"
        return f"the file '{self.file}'"

    def read(self) -> Secret:
        """Return what is kept there, without blanks around it.

        Raises:
            DeliveryError: Nothing is there, or it cannot be read.
        """
        text = self._variable() if self.variable else self._file()
        if not text.strip():
            raise DeliveryError(f"{self.name} is empty")
        return Secret(text.strip())

    def read_address(self) -> Secret:
        """Return what is kept there if it is an address; errors as `read`."""
        found = self.read()
        if not _ADDRESS.fullmatch(found.reveal()):
            raise DeliveryError(f"{self.name} does not hold one address")
        return found

    def _variable(self) -> str:
        found = self.environment.get(self.variable)
        if found is None:
            raise DeliveryError(f"{self.name} is not set")
        return found

    def _file(self) -> str:
        try:
            with self._path().open("rb") as opened:
                data = opened.read(_MAX_BYTES + 1)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise DeliveryError(f"{self.name} cannot be read: {why}") from None
        if len(data) > _MAX_BYTES:
            raise DeliveryError(f"{self.name} is too large for an address or a key")
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise DeliveryError(f"{self.name} is no text") from None

    def _path(self) -> Path:
        if "/" in self.file:
            return Path(self.file)
        folder = self.environment.get(_DIRECTORY)
        if not folder:
            raise DeliveryError(
                f"{self.name} is a systemd credential, but {_DIRECTORY} is not set; "
                "add LoadCredential= to the unit, or give an absolute path"
            )
        return Path(folder) / self.file
