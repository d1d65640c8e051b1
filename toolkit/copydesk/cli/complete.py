"""What the shell offers for a word that is being typed: names of this workspace, found without loading what commands work with.

What cannot be read is not offered: a shell that completes is no place for errors.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from copydesk.errors import CopydeskError
from copydesk.model.marker import MARKER, nearest_marked

MOST = 1_000  # that are offered
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_DOCUMENTS = "completion.tsv"

_Items = Iterable[tuple[str, str]]  # a name, and what is said of it where the shell shows that
_Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _offered(found: Callable[[Path, click.Context], _Items]) -> _Completer:
    """Offer what is found in the workspace and begins with what was typed."""

    @wraps(found)
    def offer(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
        named = ctx.find_root().params.get("workspace")
        try:
            root = Path(named) if named else nearest_marked(Path.cwd())
            items = (
                [CompletionItem(name, help=told) for name, told in found(root, ctx) if name.startswith(typed)]
                if root
                else []
            )
        except (OSError, ValueError, LookupError, CopydeskError):
            return []
        return items[:MOST]

    return offer


@_offered
def schemas(root: Path, _: click.Context) -> _Items:
    """The schemas that the settings name."""
    settings = tomllib.loads((root / MARKER).read_text(encoding="utf-8"))
    return [(str(name), "") for name in (settings["schema"], *settings.get("schemas", []))]


@_offered
def schema_folders(root: Path, _: click.Context) -> _Items:
    """The folders in ``schemas``."""
    return [(path.parent.name, "") for path in sorted(root.glob("schemas/*/schema.toml"))]


@_offered
def datasets(root: Path, _: click.Context) -> _Items:
    """The datasets that lie in the workspace."""
    return [(path.name, "") for path in sorted(root.glob("datasets/*")) if any(_versions(path))]


@_offered
def versions(root: Path, ctx: click.Context) -> _Items:
    """The versions of the dataset that was named before, the newest first."""
    found = sorted(_versions(root / "datasets" / str(ctx.params.get("name"))), reverse=True)
    return [(".".join(map(str, numbers)), "") for numbers in found]


@_offered
def people(root: Path, _: click.Context) -> _Items:
    """The annotators whose accounts the workspace made."""
    told = json.loads((root / ".copydesk" / "people.json").read_text(encoding="utf-8"))
    return [(one["name"], one["pseudonym"] or "") for one in told["people"]]


@_offered
def documents(root: Path, _: click.Context) -> _Items:
    """The documents by their ids and sources, each with its title."""
    log = root / ".copydesk" / "documents"
    parts = sorted(entry.name for entry in log.iterdir() if entry.name.isdigit())
    stamp = " ".join([str(len(parts)), *parts[-1:]])
    kept = log.parent / _DOCUMENTS
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    if lines[:1] != [stamp]:
        lines = [stamp, *_documents(root)]
        kept.write_text("\n".join(lines), encoding="utf-8")
    return [(name, title) for name, _, title in (line.partition("\t") for line in lines[1:])]


def _versions(folder: Path) -> Iterable[tuple[int, ...]]:
    return [tuple(map(int, path.name.split("."))) for path in folder.glob("*") if _VERSION.fullmatch(path.name)]


def _documents(root: Path) -> Iterable[str]:
    """Read them from the tables: after each ingest the first completion does."""
    from copydesk.store import Log

    rows = Log(root / ".copydesk" / "documents").read("documents", columns=["doc_id", "source", "title"]).to_pylist()
    titles = {row["doc_id"]: row["title"] or "" for row in rows}
    sources = {row["source"]: titles[row["doc_id"]] for row in rows if not re.search(r"[\s:]", row["source"])}
    return [f"{name}\t{' '.join(title.split())}" for name, title in sorted({**titles, **sources}.items())]
