"""The server's certificate: read at the start, and again when its files change."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.core.errors import InputError

_LOGGER = logging.getLogger(__name__)


@dataclass(slots=True)
class Certificate:
    """A certificate with its key; raises `InputError` when they cannot be used."""

    certificate: Path
    key: Path
    context: ssl.SSLContext = field(init=False, repr=False)
    _stamp: object = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self._stamp = self._stamp_now()
        self.context = _context(self.certificate, self.key)

    def renew(self) -> str:
        """Take in files that changed; return why that failed, and keep the old ones.

        Connections that are open keep the certificate with which they began.
        """
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return ""
        try:
            _context(self.certificate, self.key)  # both, before one of them counts
            self.context.load_cert_chain(self.certificate, self.key)
        except (InputError, OSError) as error:
            _LOGGER.warning("certificate not renewed", extra={"why": str(error)})
            return str(error)
        self._stamp = stamp
        _LOGGER.info("certificate renewed")
        return ""

    def _stamp_now(self) -> object:
        return [_stamp_of(file) for file in (self.certificate, self.key)]


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_no_passphrase)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(
            f"cannot serve with the certificate {certificate} and the key {key}: {why};"
            " both must be PEM, belong together and have no passphrase"
        ) from None
    return context


def _no_passphrase() -> str:
    raise ValueError("the key has a passphrase")


def _stamp_of(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_ino, found.st_size)
