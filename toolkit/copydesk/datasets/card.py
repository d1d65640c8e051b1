"""The data card: tables and facts of a version go in, its README.md comes out, the same text for the same content.

The head is the YAML that Hugging Face's ``load_dataset`` reads: which file belongs to which configuration, and how many rows
it must find there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from copydesk.datasets.about import About
from copydesk.datasets.content import Content
from copydesk.datasets.hub import hub_terms
from copydesk.datasets.layout import NESTED, dictionary, file_of, meaning
from copydesk.datasets.pictures import Picture

_NO_AGREEMENT = "No document was read by two annotators, so there is nothing to compare."
_DECIDED = ("unanimous", "majority", "single")
_JUDGED = ("spans", "relations", "categories")
_TOLD = (
    "Of every label the tables hold who gave it (`votes` of `readers`, `annotation_ids`), which `method` decided, how likely\n"
    "it is to be right where a model did (`posterior`), and of spans what was moved to whole words (`boundary_changes`)."
)
_SHOWN = ("span_f1_exact", "span_f1_overlap", "gamma", "relation_f1", "category_alpha", "token_alpha")


def card(
    content: Content,
    *,
    version: str,
    sizes: Mapping[str, int],
    reasons: Sequence[str],
    pictures: Sequence[Picture] = (),
) -> str:
    """Write the data card of a version; ``sizes`` are the bytes of each table's file."""
    about, tables = content.about, content.tables
    template = Template(resources.files(__package__).joinpath("card.md").read_text(encoding="utf-8"))
    body = template.substitute(
        name=about.name,
        version=version,
        description=about.summary,
        facts=_facts(content, tables),
        loads=loads(about.name, version),
        labels=_labels(about, tables),
        overlap=about.schema.overlap,
        pictures=_pictures(pictures),
        decided=_decided(tables),
        disputes=_disputes(tables["disputes"]),
        agreement=_agreement(content.agreement),
        findings=_findings(about, content.findings),
        sources=_sources(tables["sources"]),
        tables=_dictionary(tables),
        changes="\n".join(f"* {reason}." for reason in reasons),
    )
    return _head(content, sizes) + body


def loads(name: str, version: str) -> str:
    """The lines that load a version's training split, one for each library."""
    folder = f"datasets/{name}/{version}"
    return "\n".join(
        (
            f'pandas.read_parquet("{folder}/{file_of(NESTED)}")',
            f'polars.read_parquet("{folder}/{file_of(NESTED)}")',
            f"duckdb.sql(\"SELECT doc_id, unnest(spans, recursive := true) FROM '{folder}/{file_of(NESTED)}'\").df()",
            f'datasets.load_dataset("{folder}")  # or load_dataset("{folder}", "spans")',
            f'copydesk.load("{name}", "{version}")',
        )
    )


def _head(content: Content, sizes: Mapping[str, int]) -> str:
    """YAML written as JSON within: every value quoted, one form only."""
    about, parts = content.about, content.parts
    configs, infos = [], []
    for name in next(iter(parts.values())):
        # An empty split cannot be loaded by Hugging Face's library at all: such a file is not offered.
        rows = {split: part[name].num_rows for split, part in parts.items() if part[name].num_rows}
        if rows:
            files = [{"split": split, "path": file_of(name, split)} for split in rows]
            splits = [
                {"name": split, "num_bytes": sizes[file_of(name, split)], "num_examples": count}
                for split, count in rows.items()
            ]
            configs.append({"config_name": name, "data_files": files} | ({"default": True} if name == NESTED else {}))
            infos.append({"config_name": name, "splits": splits})
    entries = {
        "pretty_name": about.name,
        **hub_terms(about, documents=sum(part["documents"].num_rows for part in parts.values())),
        "configs": configs,
        "dataset_info": infos,
    }
    lines = [line for key, value in entries.items() for line in _yaml(key, value)]
    return "\n".join(["---", *lines, "---", "", ""])


def _yaml(key: str, value: object) -> list[str]:
    if isinstance(value, list):
        return [f"{key}:", *(f"- {json.dumps(one, ensure_ascii=False)}" for one in value)] if value else []
    return [f"{key}: {json.dumps(value, ensure_ascii=False)}"]


def _facts(content: Content, tables: Mapping[str, pa.Table]) -> str:
    about = content.about
    splits = ", ".join(f"{part['documents'].num_rows} {split}" for split, part in content.parts.items())
    people = pc.unique(tables["reads"]["annotator"])
    rows = [
        ("documents", f"{tables['documents'].num_rows} ({splits})"),
        ("agreed spans", tables["spans"].num_rows),
        ("agreed relations", tables["relations"].num_rows),
        ("annotators (pseudonyms)", len(people)),
        ("annotations", tables["reads"].num_rows),
        ("disputes left", tables["disputes"].num_rows),
        ("language", ", ".join(about.language)),
        ("licence", about.licence),
    ]
    return _table(("", ""), rows)


def _labels(about: About, tables: Mapping[str, pa.Table]) -> str:
    spans, relations = (_tally(tables[name]["label"]) for name in ("spans", "relations"))
    rows = [(label.name, spans[label.name], label.definition) for label in about.schema.labels]
    parts = [_table(("label", "spans", "definition"), rows)]
    if about.schema.relations:
        linked = [(one.name, relations[one.name], one.definition) for one in about.schema.relations]
        parts.append(_table(("relation", "relations", "definition"), linked))
    if about.schema.attributes:
        said = [
            (one.name, ", ".join(choice for choice, _ in one.choices), one.definition)
            for one in about.schema.attributes
        ]
        parts.append(_table(("attribute", "choices", "definition"), said))
    if about.schema.maps:
        targets = [target for target, _ in about.schema.maps]
        called = {(one.name, one.target): "; ".join(one.theirs) for one in about.schema.mapped}
        elsewhere = [(name, *(called.get((name, to), "") for to in targets)) for name in about.schema.label_names]
        parts.append(
            "What the labels are called elsewhere, where they have a counterpart; with relations and choices in\n"
            "[maps.json](maps.json):"
        )
        parts.append(_table(("label", *targets), elsewhere))
    return "\n\n".join(parts)


def _pictures(pictures: Sequence[Picture]) -> str:
    shown = [f"### {one.title}\n\n![Chart: {one.title}]({one.path})\n\n{one.says}" for one in pictures]
    return "\n\n".join(["## Figures", *shown, ""]) if shown else ""


def _decided(tables: Mapping[str, pa.Table]) -> str:
    parts = [_counted(tables, "decided", _DECIDED), _TOLD]
    return "\n\n".join([*parts, _counted(tables, "method", ())])


def _counted(tables: Mapping[str, pa.Table], column: str, first: Sequence[str]) -> str:
    """Count the agreed labels by a column that says how they were decided."""
    counts = {name: _tally(tables[name][column]) for name in _JUDGED if name in tables}
    kinds = [*first, *sorted(set().union(*counts.values()) - set(first))]
    return _table((column, *counts), [(kind, *(counts[name][kind] for name in counts)) for kind in kinds])


def _disputes(disputes: pa.Table) -> str:
    if not disputes.num_rows:
        return "No dispute is left."
    kinds = ", ".join(f"{count} in {kind}" for kind, count in sorted(_tally(disputes["kind"]).items()))
    return f"Left undecided: {disputes.num_rows} ({kinds}). They are in the table `disputes`, not in the spans."


def _agreement(rows: Sequence[Mapping[str, Any]]) -> str:
    """One row a label, one column a measure that tells most, over all annotators; the rest is in agreement.json."""
    if not rows:
        return _NO_AGREEMENT
    over_all = [row for row in rows if row["annotators"] == row["scope"] == "all" and row["measure"] in _SHOWN]
    measures = [measure for measure in _SHOWN if any(row["measure"] == measure for row in over_all)]
    values = {(row["label"], row["measure"]): row for row in over_all}
    labels = sorted({row["label"] for row in over_all}, key=lambda label: (label != "all", label))
    cells = [(label, *(_value(values.get((label, measure))) for measure in measures)) for label in labels]
    notes = sorted({f"* {row['measure']}: {row['note']}" for row in over_all if row["note"]})
    told = (
        "In parentheses the units that a figure rests on. More measures, intervals and pairs of annotators are in "
        "[agreement.json](agreement.json)."
    )
    return "\n\n".join([_table(("label", *measures), cells), told, *(["\n".join(notes)] if notes else [])])


def _value(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"– ({row['n']})" if row["value"] is None else f"{row['value']:.3f} ({row['n']})"


def _findings(about: About, rows: Sequence[Mapping[str, Any]]) -> str:
    suites = ", ".join(f"`{name}`" for name in sorted(about.suites)) or "none"
    if not rows:
        return f"Expectation suites: {suites}. Nothing was found."
    listed = [(row["severity"], row["suite"], row["table"], row["rows"], row["message"]) for row in rows]
    return f"Expectation suites: {suites}.\n\n" + _table(("severity", "suite", "table", "rows", "finding"), listed)


def _sources(sources: pa.Table) -> str:
    columns = (sources[name].to_pylist() for name in ("publisher", "licence"))
    counted = Counter(
        (publisher or "not stated", licence or "not stated") for publisher, licence in zip(*columns, strict=True)
    )
    rows = [(publisher, licence, count) for (publisher, licence), count in sorted(counted.items())]
    text = "The licence of each text is its source's; the dataset's own licence covers the labels."
    return f"{text}\n\n" + _table(("publisher", "licence", "documents"), rows)


def _dictionary(tables: Mapping[str, pa.Table]) -> str:
    parts = []
    for name, table in tables.items():
        title = dictionary()["tables"][name]["title"]
        rows = [(f"`{field.name}`", _type(field.type), meaning(name, field.name)) for field in table.schema]
        parts.append(f"### `{name}` ({table.num_rows})\n\n{title}.\n\n" + _table(("column", "type", "meaning"), rows))
    return "\n\n".join(parts)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else str(kind)


def _tally(column: pa.ChunkedArray) -> Counter[str]:
    return Counter({entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()})


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
