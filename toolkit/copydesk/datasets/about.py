"""What a version says of itself beside its rows: name, licence, label set, where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version as installed
from typing import Any

from copydesk.datasets.version import LABELLING, Release, read_object
from copydesk.errors import ConfigError, StoreError
from copydesk.model.name import NAME_RULE, is_name
from copydesk.model.plain import from_plain
from copydesk.model.schema import Attribute, LabelSchema


@dataclass(frozen=True, slots=True)
class About:
    """The facts of a dataset that its tables do not hold.

    ``language`` holds BCP 47 tags, ``suites`` the digest of each expectation suite that the labels passed, ``lineage`` what a
    reader needs to find the work again (a project's number, say). All but ``tool_version`` is content: a change of it is a
    new version.
    """

    name: str
    description: str
    licence: str
    language: tuple[str, ...]
    schema: LabelSchema
    suites: Mapping[str, str]
    tool_version: str
    lineage: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise ConfigError(
                f"dataset name {self.name!r} cannot be the name of a folder and of a dataset",
                fix=NAME_RULE,
            )

    @property
    def label_set(self) -> dict[str, Any]:
        """The label set as ``labels.json`` holds it: what the labels mean, without the keys and colours of the screen."""
        schema = self.schema
        declared = {"categories": [_said(one) for one in schema.categories]} if schema.categories else {}
        maps: dict[str, dict[str, list[str]]] = {}
        for one in schema.mapped:
            maps.setdefault(one.target, {})[one.name] = list(one.theirs)
        return {
            **declared,
            **({"maps": maps} if maps else {}),
            "name": schema.name,
            "version": schema.version,
            "title": schema.title,
            "overlap": schema.overlap,
            "labels": [{"name": label.name, "definition": label.definition} for label in schema.labels],
            "relations": [_plain(asdict(relation)) for relation in schema.relations],
            "attributes": [_said(one) for one in schema.attributes],
        }

    @property
    def facts(self) -> dict[str, Any]:
        """Description, licence, language, suites and lineage: the part of a version's content that is no table."""
        return {
            "description": self.description,
            "licence": self.licence,
            "language": list(self.language),
            "suites": dict(self.suites),
            "lineage": dict(self.lineage),
        }


def about_of(release: Release) -> About:
    """Give the facts of a published version; raises StoreError where it does not hold its labelling schema."""
    manifest, path = release.manifest, release.path / LABELLING
    try:
        schema = from_plain(LabelSchema, read_object(path))
    except (KeyError, TypeError) as error:
        raise StoreError(
            f"{path} holds no labelling schema: {error}", fix="publish with this version of Copydesk"
        ) from error
    return About(
        name=manifest["name"],
        description=manifest["description"],
        licence=manifest["licence"],
        language=tuple(manifest["language"]),
        schema=schema,
        suites=manifest["suites"],
        tool_version=installed("copydesk"),
        lineage=manifest["lineage"],
    )


def _said(one: Attribute) -> dict[str, Any]:
    return _plain(asdict(one)) | {"choices": [choice for choice, _ in one.choices]}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}
