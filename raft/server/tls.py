"""Certificates. Servers know each other by an authority of their own, and by name.

The name of a server must be in its certificate, as the common name or as a subject alternative
name; host names are not looked at, since peers may be reached through others' addresses.
"""

from __future__ import annotations

import ssl

from raft.server.config import ConfigError, Tls


def accepting_context(tls: Tls | None, what: str) -> ssl.SSLContext | None:
    """For whoever is connected to; with an authority, only those that it vouches for get in.
    Raises ConfigError."""
    if tls is None:
        return None
    return _context(ssl.PROTOCOL_TLS_SERVER, tls, what)


def connecting_context(tls: Tls | None, what: str) -> ssl.SSLContext | None:
    """For whoever connects to a peer. Raises ConfigError."""
    if tls is None:
        return None
    return _context(ssl.PROTOCOL_TLS_CLIENT, tls, what)


def _context(protocol: int, tls: Tls, what: str) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    try:
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.authority is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(tls.authority)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{what}: {tls.certificate}, {tls.key}, {tls.authority}: {error}") from (
            error
        )
    return context
