"""Labelling schemas as folders: laid out, checked with every fault at once, shown, and made of Label Studio's configurations."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, CopydeskError, SchemaError, StudioRefused, UsageError
from copydesk.flow.connect import connected
from copydesk.flow.report import Report
from copydesk.model.guidelines import example_faults, named
from copydesk.model.name import NAME_RULE, is_name
from copydesk.model.new_schema import new_guidelines, new_schema
from copydesk.model.schema import LabelSchema
from copydesk.model.schema_file import read_parts
from copydesk.model.toml_text import to_toml
from copydesk.store import TEMPORARY, read_text, write_file
from copydesk.studio.client import Studio
from copydesk.studio.from_xml import from_config
from copydesk.studio.interface import check_config, to_config
from copydesk.studio.preview import preview as preview_page
from copydesk.suggestions import check_rules, read_names
from copydesk.workspace import Workspace

FIRST_LABELS = ("PERSON", "ORG", "PLACE")
KEPT_XML = "source.xml"
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One thing that is wrong with a schema's folder: where, what, and what mends it."""

    place: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what} (fix: {self.fix})"


def new(workspace: Workspace, name: str, *, labels: Sequence[str]) -> Report:
    """Lay out the folder of a new schema with these labels; raises UsageError where it is there or cannot be made."""
    data = new_schema(name, labels or FIRST_LABELS)
    return _lay_out(workspace, "schema new", data, unmapped=(), kept="")


def from_xml(workspace: Workspace, file: Path, *, name: str) -> Report:
    """Lay out the folder of a schema made of a labelling configuration, which is kept in it whole."""
    text = read_text(file)
    made = from_config(text, name=name or file.stem.replace("_", "-"), place=str(file))
    return _lay_out(workspace, "schema from-xml", made.data, unmapped=made.unmapped, kept=text)


def _lay_out(
    workspace: Workspace, stage: str, data: Mapping[str, Any], *, unmapped: Sequence[str], kept: str
) -> Report:
    name = str(data["name"])
    if not is_name(name):
        raise UsageError(f"schema name {name!r} cannot be the name of a folder", fix=NAME_RULE)
    folder = workspace.schema_folder(name)
    guidelines = new_guidelines(data)
    schema = LabelSchema.read(data, place=f"schemas/{name}/schema.toml", guidelines=guidelines)
    head = "# A change here is a new version of the schema: raise `version`.\n\n"
    texts = {KEPT_XML: kept} if kept else {}
    texts |= {"guidelines.md": guidelines, "schema.toml": head + to_toml(data)}
    if folder.exists() and not _is_unfinished(folder, texts):
        raise UsageError(f"schema {name!r} is there already: {folder}", fix="choose another name")
    check_config(to_config(schema))
    for file, text in texts.items():
        write_file(folder / file, text.encode())
    counts = {
        "labels": len(schema.labels),
        "relations": len(schema.relations),
        "attributes": len(schema.attributes),
        "categories": len(schema.categories),
        **({"not mapped": len(unmapped)} if unmapped else {}),
    }
    lines = [f"schema: {folder}", *(f"not mapped: {one}" for one in unmapped)]
    if name not in workspace.schemas:
        listed = ", ".join(f'"{one}"' for one in (*workspace.schemas, name) if one != workspace.settings.schema)
        lines.append(f"to use it, say schemas = [{listed}] in copydesk.toml, then copydesk push --schema {name}")
    return Report(
        stage, counts, lines=tuple(lines), data={"schema": name, "folder": str(folder), "unmapped": list(unmapped)}
    )


def _is_unfinished(folder: Path, texts: Mapping[str, str]) -> bool:
    """Say whether a folder is what an interrupted command left of the same schema, and nothing of anybody else's."""
    there = [path for path in folder.iterdir() if not path.name.startswith(TEMPORARY)]
    return len(there) < len(texts) and all(
        path.name in texts and path.read_bytes() == texts[path.name].encode() for path in there
    )


def check(workspace: Workspace, named: str, *, on_server: bool) -> Report:
    """Look for every fault of a schema, by its name or its folder; with ``on_server`` ask Label Studio, too."""
    folder = _folder(workspace, named)
    found = list(faults(folder))
    if on_server and not found:
        found += _on_server(workspace, folder)
    data = [{"place": one.place, "what": one.what, "fix": one.fix} for one in found]
    return Report(
        f"check {folder.name}",
        {"faults": len(found)},
        changed=True,
        lines=tuple(str(one) for one in found),
        data={"schema": folder.name, "faults": data},
    )


def faults_fault(report: Report) -> CopydeskError | None:
    """Give the error where a schema is not good."""
    count = report.counts["faults"]
    return (
        SchemaError(f"{report.data['schema']} has {count} faults", fix="correct each place named above")
        if count
        else None
    )


def preview(workspace: Workspace, named: str, *, file: Path | None) -> Report:
    """Write one page that shows a schema; raises SchemaError where it is wrong."""
    schema = read_schema(_folder(workspace, named))
    target = (file or Path(f"{schema.name}-preview.html")).absolute()
    write_file(target, preview_page(schema).encode())
    return Report(
        "preview",
        {"labels": len(schema.labels)},
        lines=(f"page: {target}",),
        data={"page": str(target), "schema": schema.name},
    )


def config_of(workspace: Workspace, named: str) -> str:
    """Give the labelling configuration (XML) of a schema."""
    return to_config(read_schema(_folder(workspace, named)))


def read_schema(folder: Path) -> LabelSchema:
    """Read the schema of a folder; raises SchemaError that names the first faults."""
    wrong = list(faults(folder))
    if wrong:
        raise SchemaError("; ".join(map(str, wrong)), fix="correct each place named above")
    data = tomllib.loads(read_text(folder / "schema.toml"))
    return LabelSchema.read(data, place=str(folder), guidelines=read_text(folder / "guidelines.md"))


def read_toml(path: Path) -> dict[str, Any]:
    """Read a file of TOML; raises ConfigError where it is none."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}", fix="correct it at that place") from error


def _folder(workspace: Workspace, named: str) -> Path:
    if not named:
        return workspace.schema_folder()
    if is_name(named) and (workspace.root / "schemas" / named).is_dir():
        return workspace.schema_folder(named)
    path = Path(named)
    if not path.is_dir():
        there = ", ".join(sorted(one.name for one in (workspace.root / "schemas").glob("*") if one.is_dir()))
        raise ConfigError(f"there is no schema {named!r}", fix=f"name a folder, or one of these: {there}")
    return path.resolve()


def faults(folder: Path) -> Iterator[SchemaFault]:
    """Give all that is wrong with the folder of a schema: in its files alone, without a server."""
    place = f"{folder.name}/schema.toml"
    try:
        text = read_text(folder / "schema.toml", missing="")
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        yield SchemaFault(place, f"not TOML: {error}", "correct it at that place")
        return
    except ConfigError as error:
        yield SchemaFault(place, error.message, error.fix)
        return
    if not text:
        yield SchemaFault(place, "it is not there, or empty", f"copydesk schema new {folder.name}")
        return
    parts, wrong = read_parts(data)
    yield from (_told(place, one) for one in wrong)
    if not is_name(folder.name) or (data.get("name") and data["name"] != folder.name):
        yield SchemaFault(
            place, f"name {data.get('name')!r} @ $.name is not the folder's", f"{folder.name!r}; {NAME_RULE}"
        )
    if isinstance(data.get("version"), str) and not _VERSION.fullmatch(data["version"]):
        yield SchemaFault(place, f"version {data['version']!r} @ $.version", "three numbers, such as 1.0.0")
    guidelines = read_text(folder / "guidelines.md", missing="")
    yield from _of_guidelines(f"{folder.name}/guidelines.md", guidelines, [one.name for one in parts["labels"]])
    if not wrong:
        yield from _of_schema(folder, LabelSchema(**parts, guidelines=guidelines))


def _of_guidelines(place: str, text: str, names: Sequence[str]) -> Iterator[SchemaFault]:
    if not text.strip():
        yield SchemaFault(place, "it is not there, or empty", "write what annotators are to read")
        return
    for name in names:
        if not named(name).search(text):
            yield SchemaFault(place, f"label {name} is not in it", f"say when {name} is marked, with an example")


def _of_schema(folder: Path, schema: LabelSchema) -> Iterator[SchemaFault]:
    colours: dict[str, str] = {}
    for label in schema.labels:
        other = colours.setdefault(label.colour.lower(), label.name)
        if other != label.name:
            what = f"labels {other} and {label.name} have one colour, {label.colour}"
            yield SchemaFault(f"{folder.name}/schema.toml", what, "give one of them another colour")
    for fault in example_faults(schema.guidelines, schema):
        yield _told(f"{folder.name}/guidelines.md", fault)
    names = f"{folder.name}/names.tsv"
    looks: tuple[Callable[[], object], ...] = (
        lambda: check_config(to_config(schema)),
        lambda: check_rules(schema),
        lambda: read_names(read_text(folder / "names.tsv", missing=""), place=names, schema=schema),
    )
    for look in looks:
        try:
            look()
        except CopydeskError as error:
            yield SchemaFault(folder.name, error.message, error.fix)


def _told(place: str, wrong: str) -> SchemaFault:
    """Take a sentence apart that ends with its fix, or with its line after that."""
    what, _, rest = wrong.partition(" (fix: ")
    fix, _, line = rest.rpartition(")")
    return SchemaFault(place, what + line, fix)


def _on_server(workspace: Workspace, folder: Path) -> list[SchemaFault]:
    with connected(workspace) as studio:
        said = refusal(studio, to_config(read_schema(folder)))
    return [SchemaFault(folder.name, f"Label Studio refuses it: {said}", "correct schema.toml")] if said else []


def refusal(studio: Studio, config: str) -> str:
    """Ask Label Studio whether it takes a labelling configuration; gives what it says against it, or nothing."""
    try:
        studio.post("api/projects/validate/", json={"label_config": config})
    except StudioRefused as error:
        return error.message
    return ""
