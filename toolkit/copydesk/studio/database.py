"""The address of a PostgreSQL database in, the settings by which Label Studio uses it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from copydesk.errors import ConfigError

_FIX = "write it as postgresql://user@host:5432/name, or postgresql://user@/name?host=/run/postgresql for a socket"
_FIX_PASSWORD = "take it out, and set PGPASSWORD or write it into ~/.pgpass (chmod 600)"
PASSED_ON = ("PGPASSFILE", "PGPASSWORD", "PGSSLMODE", "PGSSLROOTCERT")
"""The variables of PostgreSQL's own client library that reach Label Studio: the password, and how the connection is secured."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database of PostgreSQL that is Label Studio's alone; ``host`` is a name, or the folder of a socket."""

    user: str
    host: str
    port: int
    name: str

    @classmethod
    def read(cls, address: str) -> Postgres:
        """Read ``postgresql://user@host:port/name``. Raises ConfigError for another address, and for one with a password."""
        try:
            parts = urlsplit(address)
            port = parts.port or 5432
        except ValueError as error:
            raise ConfigError(f"[studio] database {address!r}: {error}", fix=_FIX) from error
        if parts.password is not None:
            raise ConfigError(f"[studio] database holds the password of {parts.username!r}", fix=_FIX_PASSWORD)
        query = parse_qs(parts.query)
        host = unquote(query.pop("host", [""])[0] or parts.hostname or "")
        name = unquote(parts.path.removeprefix("/"))
        is_whole = parts.scheme in {"postgresql", "postgres"} and parts.username and host and name and "/" not in name
        if not is_whole or query or parts.fragment:
            raise ConfigError(f"[studio] database {address!r} is not the address of a PostgreSQL database", fix=_FIX)
        return cls(unquote(parts.username or ""), host, port, name)

    def __str__(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}"

    @property
    def environment(self) -> Mapping[str, str]:
        """Say it in Label Studio's variables; the empty password leaves it to PostgreSQL's client library to find one."""
        return {
            "LABEL_STUDIO_DJANGO_DB": "default",
            "LABEL_STUDIO_POSTGRE_USER": self.user,
            "LABEL_STUDIO_POSTGRE_PASSWORD": "",
            "LABEL_STUDIO_POSTGRE_HOST": self.host,
            "LABEL_STUDIO_POSTGRE_PORT": str(self.port),
            "LABEL_STUDIO_POSTGRE_NAME": self.name,
        }
