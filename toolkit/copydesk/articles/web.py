"""An https address in, what it holds as a temporary file out: within limits, and from public addresses alone.

A name is resolved here, once for each connection; every address that it has must be public, and the connection is made to just
that address, so that what was checked is what is used (a name that means another address a moment later gains nothing).
Redirects are followed here for the same reason. Proxies of the environment are not used: they would resolve the name again.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import shutil
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import SplitResult, urljoin, urlsplit

from copydesk.articles.streams import BLOCK, Budget, InputFault, opened
from copydesk.model.reading import ReadOptions

REDIRECTS = 5
_QUIET = 30  # seconds without a byte
_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "copydesk", "Accept-Encoding": "identity", "Accept": "*/*"}
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a connection goes: the checked address, and the name that the server is asked for."""

    host: str
    port: int
    secure: bool
    family: int
    address: tuple[str, int]
    path: str


@contextmanager
def fetched(url: str, options: ReadOptions) -> Iterator[BinaryIO]:
    """Download an address to a temporary file and open it.

    Raises InputFault: ``forbidden-address`` for one that is not public or not https, ``too-large``, ``too-slow``,
    ``too-many-redirects``, and ``unreadable`` where the server does not give it.
    """
    until = time.monotonic() + options.limits.max_download_seconds
    with tempfile.TemporaryFile() as file:
        for _ in range(REDIRECTS + 1):
            moved = _visit(url, options, cast("BinaryIO", file), until=until)
            if moved is None:
                file.seek(0)
                yield cast("BinaryIO", file)
                return
            url = urljoin(url, moved)
    raise InputFault("too-many-redirects", f"{url}: more than {REDIRECTS} redirects (fix: name the last address)")


def _visit(url: str, options: ReadOptions, file: BinaryIO, *, until: float) -> str | None:
    """Ask once: the address that the server sends us to, or ``None`` when the file is filled."""
    target = _target(url, options)
    connection = _Pinned(target)
    watch = threading.Timer(max(until - time.monotonic(), 0), connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("GET", target.path, headers=_HEADERS)
        answer = connection.getresponse()
        if answer.status in _MOVED and (moved := answer.getheader("Location")):
            return moved
        if answer.status != http.client.OK:
            fix = "open it in a browser; correct the address, or leave it out"
            raise InputFault("unreadable", f"{url}: the server answers {answer.status} {answer.reason} (fix: {fix})")
        _save(answer, file, options)
        if connection.is_cut:  # which looks like the end of the answer
            raise TimeoutError("cut")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if connection.is_cut or time.monotonic() >= until:
            limit = f"no whole answer in {options.limits.max_download_seconds} seconds"
            raise InputFault("too-slow", f"{url}: {limit} (fix: raise [ingest] max_download_seconds)") from error
        raise InputFault("unreadable", f"{url}: {error or type(error).__name__} (fix: try again later)") from error
    finally:
        watch.cancel()
        connection.close()
    return None


def _save(answer: http.client.HTTPResponse, file: BinaryIO, options: ReadOptions) -> None:
    limit = options.limits.max_download_bytes
    size = 0
    while block := answer.read(BLOCK):
        size += len(block)
        if size > limit:
            fix = "raise [ingest] max_download_bytes"
            raise InputFault("too-large", f"the answer has more than {limit:,} bytes (fix: {fix})")
        file.write(block)
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
    if answer.getheader("Content-Encoding", "identity").lower() in {"gzip", "x-gzip"}:
        _unpack(file, options)


def _unpack(file: BinaryIO, options: ReadOptions) -> None:
    """Take off the compression that the server put on unasked."""
    with tempfile.TemporaryFile() as plain:
        file.seek(0)
        shutil.copyfileobj(opened(file, compression="gzip", budget=Budget(options.limits)), plain)
        file.seek(0)
        file.truncate()
        plain.seek(0)
        shutil.copyfileobj(plain, file)


def _target(url: str, options: ReadOptions) -> _Target:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InputFault("forbidden-address", f"{url}: {error} (fix: correct it)") from error
    secure = parts.scheme == "https"
    if not host or not (secure or (parts.scheme == "http" and options.loopback)) or parts.username is not None:
        raise InputFault("forbidden-address", f"{url} is no plain https address (fix: name one, without a password)")
    family, address = _resolved(host, port or (443 if secure else 80), url, options)
    if not secure and not ipaddress.ip_address(address[0]).is_loopback:
        raise InputFault("forbidden-address", f"{url} is not https (fix: use the https address)")
    return _Target(host, address[1], secure, family, address, _path(parts))


def _path(parts: SplitResult) -> str:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return urljoin("/", path) if path.isascii() and " " not in path else _quoted(path)


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/?&=%:@!$'()*+,;~-._")


def _resolved(host: str, port: int, url: str, options: ReadOptions) -> tuple[int, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise InputFault("unreadable", f"{url}: the name {host!r} is not known ({error}) (fix: correct it)") from error
    for *_, address in found:
        if not is_allowed(ipaddress.ip_address(str(address[0]).split("%")[0]), loopback=options.loopback):
            what = f"{host} is {address[0]}, which is not a public address"
            raise InputFault("forbidden-address", f"{url}: {what} (fix: fetch it yourself, and name the file)")
    family, *_, address = found[0]
    return int(family), (str(address[0]), port)


def is_allowed(address: _Address, *, loopback: bool) -> bool:
    """Tell whether an address may be asked: a public one, also where it is an IPv4 address written as IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_allowed(inner, loopback=loopback)
    if loopback and address.is_loopback:
        return True
    return address.is_global and not address.is_multicast


class _Pinned(http.client.HTTPConnection):
    """A connection to one checked address; over TLS, with the certificate of the name."""

    def __init__(self, target: _Target) -> None:
        super().__init__(target.host, target.port, timeout=_QUIET)
        self.default_port = 443 if target.secure else 80
        self._target = target
        self.is_cut = False
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the address that was checked; the name is not resolved again."""
        target = self._target
        self._socket = socket.socket(target.family, socket.SOCK_STREAM)
        self._socket.settimeout(_QUIET)
        self._socket.connect(target.address)
        if target.secure:
            self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=target.host)
        self.sock = self._socket
        if self.is_cut:
            raise TimeoutError("cut")

    def close(self) -> None:
        """Close the connection, also one that never came about."""
        super().close()
        if self._socket is not None:
            self._socket.close()

    def cut(self) -> None:
        """End the connection from another thread: whatever waits for it fails."""
        self.is_cut = True
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)
