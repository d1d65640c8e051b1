"""Suite files and the values of their parameters go in, checked suites come out.

A suite is a file of Great Expectations' own JSON, ``validation/NAME.json``. Beyond what Great Expectations asks for, the
``meta`` of each expectation holds ``code`` (unique in the suite), ``table`` (the table that it judges) and ``say`` (the sentence
of its finding, where ``{rows}``, ``{of}`` and ``{examples}`` are filled in); the ``meta`` of the suite lists under
``may_be_empty`` the tables that may have no rows, and names under ``gate`` where it stands: at documents, labels, agreed labels
(which it is where nothing is said) or a version. ``{"$PARAMETER": "labels"}`` stands for a value that is handed in.
The parameter ``checks`` holds those of the labelling schema, and makes one more suite.
"""

from __future__ import annotations

import hashlib
import json
import string
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from copydesk.errors import ConfigError, NotEvaluatedError
from copydesk.model.document import ZONE_KINDS
from copydesk.model.schema import Attribute, LabelSchema
from copydesk.model.settings import CURRENT, ValidationSettings
from copydesk.validation.checks import SUITE, suite_rows

SEVERITIES = {"critical": "error", "warning": "warning", "info": "info"}
GATES = (*CURRENT, "version")
FIELDS = ("rows", "of", "examples")
_SUITE_KEYS = {"name", "id", "meta", "notes", "suite_parameters", "expectations"}
_EXPECTATION_KEYS = {"id", "type", "kwargs", "meta", "notes", "description", "severity"}
_NAMESPACE = uuid.UUID("8f2f7d0a-54a4-5f0e-9a57-0c9d3f3c1b6e")


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation of a suite; ``kwargs`` are resolved, and ``severity`` is Great Expectations' own."""

    code: str
    id: str
    type: str
    kwargs: Mapping[str, Any]
    table: str
    say: str
    severity: str
    description: str


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as it will be run. ``digest`` is the SHA-256 of its file with the parameters filled in."""

    name: str
    digest: str
    expected: tuple[Expected, ...]
    may_be_empty: frozenset[str]
    gate: str = "agreed"

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the suite judges, in the order of the file."""
        return tuple(dict.fromkeys(one.table for one in self.expected))


def parameters_of(schema: LabelSchema, thresholds: ValidationSettings) -> dict[str, object]:
    """Give the values that a labelling schema and the settings set for the suites, as plain JSON values."""
    return {
        **thresholds.parameters,
        "labels": list(schema.label_names),
        "relations": list(schema.relation_names),
        "signatures": {one.name: {"heads": list(one.heads), "tails": list(one.tails)} for one in schema.relations},
        "attributes": {
            one.name: {
                "labels": list(one.labels),
                "choices": list(_every_choice(one)),
                "pattern": one.pattern,
            }
            for one in schema.attributes
        },
        "categories": {
            one.name: {"choices": list(_every_choice(one)), "pattern": one.pattern} for one in schema.categories
        },
        "roles": list(schema.events.roles) if schema.events else [],
        "checks": [check.as_json() for check in schema.checks],
        "overlap": schema.overlap,
        "zone_kinds": list(ZONE_KINDS),
    }


def _every_choice(said: Attribute) -> Iterator[str]:
    """Give the choices; of a taxonomy also those above them, which may be chosen too."""
    for choice, _ in said.choices:
        parts = choice.split("/") if said.kind == "taxonomy" else [choice]
        yield from ("/".join(parts[: depth + 1]) for depth in range(len(parts)))


def expectation_id(suite: str, code: str) -> str:
    """Give the id that an expectation always has: a UUID made from its suite and its code."""
    return str(uuid.uuid5(_NAMESPACE, f"{suite}/{code}"))


def read_suites(
    folders: Sequence[Path], parameters: Mapping[str, object], *, gates: Collection[str] = GATES
) -> tuple[Suite, ...]:
    """Read the suites of these folders that stand at these gates, sorted by name.

    Raises ConfigError that lists all that is wrong with a file, each with its place, and NotEvaluatedError where there is no
    suite, a suite is empty, or a parameter has no value.
    """
    paths = sorted((path for folder in folders for path in folder.glob("*.json")), key=lambda path: path.name)
    twice = [path for path, after in pairwise(paths) if path.name == after.name]
    if twice:
        raise ConfigError(f"two suites are called {twice[0].stem}", fix=f"rename {twice[0]}")
    suites = [one for path in paths if (one := read_suite(path, parameters, gates=gates))]
    checks = parameters.get("checks")
    if "agreed" in gates and isinstance(checks, list) and checks:
        suites.append(_suite_of_checks(checks))
    if not suites:
        raise NotEvaluatedError(
            f"no suite in {', '.join(map(str, folders))} for {', '.join(gates)}",
            fix="restore validation/*.json; copydesk init lays it out",
        )
    return tuple(suites)


def _suite_of_checks(checks: Sequence[Mapping[str, Any]]) -> Suite:
    """Make the suite of a labelling schema's own checks; its tables may be empty."""
    rows = suite_rows(checks)
    tables = frozenset(row["meta"]["table"] for row in rows)
    return Suite(
        SUITE, _digest({"name": SUITE, "expectations": rows}), tuple(_expected(row, SUITE) for row in rows), tables
    )


def read_suite(path: Path, parameters: Mapping[str, object], *, gates: Collection[str] = GATES) -> Suite | None:
    """Read one suite; none where it stands at another gate. Raises as ``read_suites`` does."""
    data = _parse(path)
    wrong = _faults(data, path.stem)
    if wrong:
        raise ConfigError(f"{path}: " + "; ".join(wrong), fix="correct each place named above")
    gate = data.get("meta", {}).get("gate", "agreed")
    if gate not in gates:
        return None
    if not data["expectations"]:
        raise NotEvaluatedError(f"suite {path.stem} holds no expectation", fix=f"restore {path}")
    name: str = data["name"]
    resolved = {**data, "expectations": [_resolved(row, name, parameters) for row in data["expectations"]]}
    return Suite(
        name=name,
        digest=_digest(resolved),
        expected=tuple(_expected(row, name) for row in resolved["expectations"]),
        may_be_empty=frozenset(data.get("meta", {}).get("may_be_empty", ())),
        gate=gate,
    )


def as_great_expectations(one: Expected) -> dict[str, Any]:
    """Give an expectation as Great Expectations takes it; the code in ``meta`` finds its result again."""
    return {
        "id": one.id,
        "type": one.type,
        "kwargs": dict(one.kwargs),
        "severity": one.severity,
        "description": one.description or None,
        "meta": {"code": one.code},
    }


def _parse(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes(), object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read: {error}", fix="correct it; it must be one JSON object in UTF-8"
        ) from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected an object @ $", fix="write a suite of Great Expectations")
    return data


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"the key {twice[0]!r} stands twice in one object")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _faults(data: Mapping[str, Any], stem: str) -> list[str]:
    wrong = [f"unknown key {key!r} @ $" for key in data if key not in _SUITE_KEYS]
    if data.get("name") != stem:
        wrong.append(f"name {data.get('name')!r} @ $.name (fix: the file's name, {stem!r})")
    meta = data.get("meta", {})
    empties = meta.get("may_be_empty", []) if isinstance(meta, dict) else None
    if not _strings(empties):
        wrong.append("expected a list of tables @ $.meta.may_be_empty")
    if isinstance(meta, dict) and meta.get("gate", "agreed") not in GATES:
        wrong.append(f"unknown gate {meta['gate']!r} @ $.meta.gate (fix: {', '.join(GATES)})")
    rows = data.get("expectations")
    if not isinstance(rows, list):
        return [*wrong, "expected a list @ $.expectations"]
    for number, row in enumerate(rows):
        wrong += _row_faults(row, f"$.expectations[{number}]")
    codes = [_code(row) for row in rows]
    wrong += [f"code {code!r} stands twice @ $.expectations" for code in sorted(set(codes)) if codes.count(code) > 1]
    return wrong


def _row_faults(row: object, path: str) -> list[str]:
    if not isinstance(row, dict):
        return [f"expected an object @ {path}"]
    wrong = [f"unknown key {key!r} @ {path}" for key in row if key not in _EXPECTATION_KEYS]
    if not isinstance(row.get("type"), str):
        wrong.append(f"expected the name of an expectation @ {path}.type")
    if not isinstance(row.get("kwargs"), dict):
        wrong.append(f"expected an object @ {path}.kwargs")
    if row.get("severity", "critical") not in SEVERITIES:
        wrong.append(f"unknown severity {row['severity']!r} @ {path}.severity (fix: {', '.join(SEVERITIES)})")
    meta = row.get("meta")
    if not isinstance(meta, dict):
        return [*wrong, f"expected an object with code, table and say @ {path}.meta"]
    wrong += [
        f"expected a string @ {path}.meta.{key}"
        for key in ("code", "table", "say")
        if not isinstance(meta.get(key), str) or not meta[key]
    ]
    return wrong + _sentence_faults(meta.get("say"), f"{path}.meta.say")


def _sentence_faults(say: object, path: str) -> list[str]:
    if not isinstance(say, str):
        return []
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(say) if field is not None]
    except ValueError as error:
        return [f"{error} @ {path} (fix: write {{{{ for a brace)"]
    return [
        f"unknown field {field!r} @ {path} (fix: one of {', '.join(FIELDS)})" for field in fields if field not in FIELDS
    ]


def _code(row: object) -> str:
    meta = row.get("meta") if isinstance(row, dict) else None
    return str(meta.get("code", "")) if isinstance(meta, dict) else ""


def _strings(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(one, str) for one in value)


def _resolved(row: Mapping[str, Any], suite: str, parameters: Mapping[str, object]) -> dict[str, Any]:
    place = f"suite {suite}, expectation {_code(row)}"
    return {**row, "kwargs": {key: _value(value, place, parameters) for key, value in row["kwargs"].items()}}


def _value(value: Any, place: str, parameters: Mapping[str, object]) -> Any:
    if isinstance(value, list):
        return [_value(one, place, parameters) for one in value]
    if not isinstance(value, dict):
        return value
    if "$PARAMETER" not in value:
        return {key: _value(one, place, parameters) for key, one in value.items()}
    name = value["$PARAMETER"]
    if name not in parameters:
        known = ", ".join(sorted(parameters)) or "none"
        raise NotEvaluatedError(
            f"{place}: the parameter {name!r} has no value; known are: {known}", fix="hand it in, or correct its name"
        )
    return parameters[name]


def _digest(resolved: Mapping[str, Any]) -> str:
    try:
        canonical = json.dumps(resolved, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    except TypeError as error:
        raise NotEvaluatedError(
            f"suite {resolved['name']}: the value of a parameter is not JSON: {error}", fix="hand in plain values"
        ) from error
    return hashlib.sha256(canonical.encode()).hexdigest()


def _expected(row: Mapping[str, Any], suite: str) -> Expected:
    meta = row["meta"]
    return Expected(
        code=meta["code"],
        id=row.get("id") or expectation_id(suite, meta["code"]),
        type=row["type"],
        kwargs=row["kwargs"],
        table=meta["table"],
        say=meta["say"],
        severity=row.get("severity", "critical"),
        description=row.get("description") or "",
    )
