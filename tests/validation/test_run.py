"""How a run behaves in its surroundings: other runs, the network, imports, size."""

from __future__ import annotations

import copy
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from copydesk.model.tables import TABLES

ROOT = Path(__file__).parents[2]


def test_runs_at_the_same_time_do_not_see_each_other(clean, judge, suite_folder):
    folder = suite_folder("annotations")

    def changed(number: int) -> dict[str, Any]:
        rows = copy.deepcopy(clean)
        for row in rows["spans"][: number % 4]:
            row["surface"] = f"another {number}"
        if number % 2:
            rows["reads"][2]["annotator"] = f"person {number}"
        return rows

    alone = [judge(changed(number), folder).findings.to_pylist() for number in range(1, 7)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda number: judge(changed(number), folder).findings.to_pylist(), range(1, 7)))
    assert together == alone
    assert len({str(findings) for findings in alone}) == 6


def test_a_run_opens_no_connection_and_asks_for_no_name(clean, parameters, tmp_path, monkeypatch):
    from copydesk.validation import validate

    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    tables = {name: pa.Table.from_pylist(rows, schema=TABLES[name]) for name, rows in clean.items()}
    done = validate(tables, suites=ROOT / "validation", parameters=parameters, data_docs=tmp_path / "pages")
    assert done.evaluated == done.expected
    assert asked == []


def test_the_package_loads_neither_great_expectations_nor_pandas_before_it_is_used():
    code = "import sys, copydesk.validation; print(sorted({'great_expectations', 'pandas'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.strip() == "[]"


def test_a_run_prints_nothing(clean, judge, capfd):
    judge(clean)
    assert capfd.readouterr() == ("", "")


def many_spans(clean: dict[str, list[dict[str, Any]]], count: int) -> dict[str, pa.Table]:
    """Tables with ``count`` spans over ``count / 20`` documents, made of the clean ones; every thousandth surface is wrong."""
    tables = {name: pa.Table.from_pylist(rows, schema=TABLES[name]) for name, rows in clean.items()}
    sentence = "Zoë 😀 and Ana met Bo. "
    documents, text = count // 20, sentence * 20
    number = np.repeat(np.arange(documents), 20)
    start = np.tile(np.arange(20) * len(sentence), documents)
    surface = np.where(np.arange(count) % 1000 == 999, "Zoe", "Zoë")
    from copydesk.model.document import text_sha256

    def fill(name: str, rows: int, **columns: Any) -> pa.Table:
        base = tables[name].slice(0, 1)
        made = {
            field.name: pa.array(columns[field.name], field.type)
            if field.name in columns
            else pa.concat_arrays([base[field.name].combine_chunks().take(pa.array(np.zeros(rows, dtype=np.int64)))])
            for field in base.schema
        }
        return pa.table(made, schema=base.schema)

    ids = np.char.add("doc-", np.char.zfill(np.arange(documents).astype(str), 16))
    digest = text_sha256(text)
    whole = {"doc_id": ids[number], "text_sha256": [digest] * count}
    tables["documents"] = fill(
        "documents", documents, doc_id=ids, text=[text] * documents, text_sha256=[digest] * documents
    )
    tables["reads"] = fill(
        "reads",
        documents,
        doc_id=ids,
        annotation_id=ids,
        text_sha256=[digest] * documents,
        spans=[20] * documents,
        relations=[0] * documents,
    )
    tables["spans"] = fill(
        "spans",
        count,
        **whole,
        span_id=np.char.add("s", np.arange(count).astype(str)),
        annotation_id=ids[number],
        start=start,
        end=start + 3,
        surface=surface,
    )
    return {
        **tables,
        **{name: TABLES[name].empty_table() for name in ("zones", "edits", "relations", "anchors", "unread")},
    }


def test_many_spans_are_judged_without_their_texts_in_a_frame(clean, parameters, suite_folder):
    from copydesk.validation import validate

    tables = many_spans(clean, 20_000)
    done = validate(tables, suites=suite_folder("annotations"), parameters=parameters, data_docs=None)
    (found,) = done.findings.to_pylist()
    assert found["expectation"] == "S09 expect_surface_to_be_slice_of_text"
    assert found["rows"] == 20
    assert found["row_ids"][0] == "s999"
