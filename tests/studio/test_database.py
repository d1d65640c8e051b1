"""The address of a PostgreSQL database, what is refused of it, and a workspace whose Label Studio has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.errors import ConfigError, StudioStartError
from copydesk.studio import server
from copydesk.studio.client import Studio
from copydesk.studio.database import Postgres


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("postgresql://desk@db.example.org/labels", Postgres("desk", "db.example.org", 5432, "labels")),
        ("postgres://desk@10.0.0.7:6000/labels", Postgres("desk", "10.0.0.7", 6000, "labels")),
        ("postgresql://de%20sk@/labels?host=/run/postgresql", Postgres("de sk", "/run/postgresql", 5432, "labels")),
    ],
)
def test_an_address_names_user_host_port_and_database(address: str, meant: Postgres) -> None:
    assert Postgres.read(address) == meant


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("postgresql://desk:hidden@db/labels", "holds the password of 'desk'"),
        ("postgresql://desk@db", "is not the address"),
        ("postgresql://db/labels", "is not the address"),
        ("postgresql://desk@/labels", "is not the address"),
        ("postgresql://desk@db/labels?sslmode=require", "is not the address"),
        ("mysql://desk@db/labels", "is not the address"),
        ("postgresql://desk@db:port/labels", "Port could not be cast"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(address: str, wrong: str) -> None:
    with pytest.raises(ConfigError, match=wrong) as refused:
        Postgres.read(address)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_server_is_not_started_on_another_database_than_its_own(
    studio_server: server.Server, studio: Studio, database: Postgres, tmp_path: Path
) -> None:
    folder = tmp_path / "studio"
    with pytest.raises(StudioStartError, match="does not take the token"):
        server.start(folder, say=lambda _: None, database=database)
    with pytest.raises(StudioStartError, match=r"keeps its data in postgresql://.*, not in label_studio\.sqlite3"):
        server.start(folder, say=lambda _: None)
    assert studio.whoami()["email"] == studio_server.email
