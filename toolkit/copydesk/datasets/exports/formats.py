"""The formats that need nothing but the published tables, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from copydesk.datasets.exports.brat import write_brat
from copydesk.datasets.exports.corpus import Corpus
from copydesk.datasets.exports.docbin import write_docbin
from copydesk.datasets.exports.report import Made
from copydesk.datasets.exports.tables import write_csv, write_delta, write_hugging_face, write_parquet
from copydesk.datasets.exports.tagged import write_bilou, write_bio, write_conll
from copydesk.datasets.exports.web_annotation import write_web_annotations


@dataclass(frozen=True, slots=True)
class Format:
    """How a corpus is written: ``write`` fills an empty folder and reports.

    ``holds`` names the tables of agreed labels beside the spans that the format holds; of tables, those that are asked for.
    ``needs_text`` is false where there is a flavour without texts.
    """

    write: Callable[[Corpus, Path], Made]
    holds: frozenset[str] = frozenset()
    is_tables: bool = False
    needs_text: bool = True


_ALL = frozenset({"relations", "attributes", "categories"})
FORMATS: Mapping[str, Format] = {
    "conll2003": Format(write_conll),
    "bio": Format(write_bio),
    "bilou": Format(write_bilou),
    "docbin": Format(write_docbin, _ALL),
    "brat": Format(write_brat, frozenset({"relations", "attributes"})),
    "webannotation": Format(write_web_annotations, _ALL, needs_text=False),
    "csv": Format(write_csv, is_tables=True, needs_text=False),
    "parquet": Format(write_parquet, is_tables=True, needs_text=False),
    "huggingface": Format(write_hugging_face, is_tables=True, needs_text=False),
    "delta": Format(write_delta, is_tables=True, needs_text=False),
}
