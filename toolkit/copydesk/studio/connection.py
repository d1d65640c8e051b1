"""How a server is reached: its address, certificates, proxy and patience go in, an open HTTP client comes out."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

from copydesk.errors import ConfigError

DIRECT = "none"  # what is written for the proxy where none is to be used


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a server.

    ``timeout`` is in seconds; Label Studio does all work inside the request, so it is long. ``connect_timeout`` is how long a
    server that does not even take the call is waited for. ``ca_bundle`` is a file of certificates (PEM) that are trusted
    instead of the usual ones; certificates are always verified. ``proxy`` is an address, ``none`` for no proxy at all, or
    empty for what the environment says (``HTTPS_PROXY``, ``NO_PROXY``), which is never used for this very machine.
    """

    timeout: float = 300.0
    connect_timeout: float = 10.0
    ca_bundle: Path | None = None
    proxy: str = ""


def base_url(url: str) -> str:
    """Give an address with its trailing slash, so that a server below a path keeps that path.

    Raises ConfigError where it is none that Label Studio could have.
    """
    fix = "write it as http://127.0.0.1:8080 or https://example.org/label-studio"
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError) as error:
        raise ConfigError(f"{url!r} is not an address", fix=fix) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConfigError(f"{url!r} is not the address of a web server", fix=fix)
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise ConfigError(f"the address of {parsed.host} holds a password, a query or a fragment", fix=fix)
    return str(parsed).rstrip("/") + "/"


def open_http(url: str, connection: Connection) -> httpx.Client:
    """Open connections to a server.

    Raises ConfigError where the certificates or the proxy that are named cannot be used.
    """
    named = bool(connection.proxy) and connection.proxy != DIRECT
    try:
        return httpx.Client(
            timeout=httpx.Timeout(connection.timeout, connect=connection.connect_timeout),
            verify=_trusted(connection.ca_bundle),
            proxy=connection.proxy if named else None,
            trust_env=not connection.proxy and not _is_local(httpx.URL(url).host),
        )
    except (ValueError, TypeError, ImportError, httpx.InvalidURL) as error:
        place = connection.proxy if named else "of the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)"
        raise ConfigError(
            f"the proxy {_without_password(place)} cannot be used", fix="write it as http://proxy.example.org:3128"
        ) from error


def _trusted(bundle: Path | None) -> ssl.SSLContext | bool:
    if bundle is None:
        return True
    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificates {bundle} cannot be read: {error.strerror or error}",
            fix="name a file of certificates in PEM as [studio] ca_bundle",
        ) from error


def _without_password(proxy: str) -> str:
    head, at, rest = proxy.rpartition("@")
    return f"{head.partition('//')[0]}//…@{rest}" if at else proxy


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
