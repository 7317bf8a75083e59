"""TLS for every host name there is, from a private authority that dies with us.

A leaf certificate is minted when a client first asks for its name (SNI) and kept.
The authority's key never leaves memory, so nothing outside this process can make
another certificate that sandbox clients would trust.
"""

from __future__ import annotations

import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import trustme

from reconciler.sandbox.client_certificates import client_authority
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.info import CONTROL_HOST

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG_NAME = "somebody-else.sandbox.example"


class CertificateDesk:
    """The sandbox's authority, and the server contexts it has issued so far.

    `fault_for` tells how a host's certificate is broken now, if it is.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        fault_for: Callable[[str], Fault | None],
    ) -> None:
        self._now = now
        self._fault_for = fault_for
        self._authority = trustme.CA(organization_name="reconcile sandbox")
        self._stranger = trustme.CA(organization_name="nobody that clients know")
        self._contexts: dict[tuple[str, Fault | None], ssl.SSLContext] = {}

    @property
    def ca_pem(self) -> bytes:
        """The authority's certificate, for clients to trust."""
        return self._authority.cert_pem.bytes()

    def server_context(self) -> ssl.SSLContext:
        """Return the listening context; the certificate is chosen per name."""
        context = self._issue(CONTROL_HOST, None)
        context.sni_callback = self._choose
        return context

    def _choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: object
    ) -> None:
        host = (name or CONTROL_HOST).lower()
        with contextlib.suppress(ValueError):  # no certificate can hold such a name
            connection.context = self._context(host, self._fault_for(host))

    def _context(self, host: str, fault: Fault | None) -> ssl.SSLContext:
        key = (host, fault)
        if key not in self._contexts:
            self._contexts[key] = self._issue(host, fault)
        return self._contexts[key]

    def _issue(self, host: str, fault: Fault | None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        name = WRONG_NAME if fault is Fault.TLS_WRONG_HOST else host
        not_before = not_after = None
        if fault is Fault.TLS_EXPIRED:
            today = datetime.fromtimestamp(self._now(), UTC)
            not_before, not_after = (today - timedelta(days=d) for d in (90, 1))
        unknown = fault is Fault.TLS_SELF_SIGNED
        (self._stranger if unknown else self._authority).issue_cert(
            name, not_before=not_before, not_after=not_after
        ).configure_cert(context)
        # OpenSSL asks as the listening context says, Python tells as the chosen one.
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=client_authority())
        return context
