"""The law that pull(push(x)) = x, on a real Label Studio, for generated documents and labels."""

from __future__ import annotations

import itertools
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from copydesk.model.schema import LabelSchema
from copydesk.model.tables import TASKS
from copydesk.store import Log
from copydesk.studio.changes import current_state
from copydesk.studio.client import Studio
from copydesk.studio.codec import read_labels, shown_text, to_result
from copydesk.studio.listing import list_tasks
from copydesk.studio.projects import ProjectSpec
from copydesk.studio.pull import pull
from copydesk.studio.push import push
from copydesk.studio.suggested import Suggested

Documents = Callable[..., pa.Table]

# what scraping brings and what counts differently in other units than code points
PARTS = (
    *("Noor", " ", "  ", "\n", "\n\n", "\t", "Aleppó", "e\u0301", "a\u0323\u0302", "\u00a0", "\u202f", "’s", "“", "”"),
    *("😀", "👩\u200d👩\u200d👧", "🇸🇾", "𝔘", "\U000e0041", "\ufeff", "\u200b", "\u2028", "\u0085", "\ufffd", "□"),
    *(
        "حَلَب",
        "دير الزور",
        "\u200f",
        "שלום",
        "北京",
        "กรุงเทพ",
        "<b>",
        "&amp;",
        "\\n",
        '"',
        "\\",
        "$text",
        "%20",
        "{{x}}",
    ),
)
texts = (
    st.lists(st.sampled_from(PARTS) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4), max_size=30)
    .map("".join)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(str.strip)
)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(str.strip)
attributes = st.fixed_dictionaries({}, optional={"mention": st.sampled_from(["NAM", "NOM"]), "note": words})


@dataclass(frozen=True)
class Example:
    """A text and what somebody marked in it: spans as the codec takes them, relations between their places."""

    text: str
    spans: list[dict[str, Any]]
    relations: list[dict[str, Any]]


@st.composite
def examples(draw: st.DrawFn) -> Example:
    text = draw(texts)
    spans: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, len(text) - 1))
        cut = text[start : draw(st.integers(start + 1, len(text)))]
        if not cut.strip():
            continue
        start += len(cut) - len(cut.lstrip())
        end, label = start + len(cut.strip()), draw(st.sampled_from(["PERSON", "PLACE", "DATE"]))
        said = draw(attributes) | ({"timex": "2017-11"} if label == "DATE" and draw(st.booleans()) else {})
        spans[f"{start}:{end}:{label}"] = {
            "span_id": f"{start}:{end}:{label}",
            "start": start,
            "end": end,
            "surface": text[start:end],
            "label": label,
            "origin": draw(st.sampled_from(["manual", "prediction", "prediction-changed"])),
            "attributes": [{"name": name, "value": said[name]} for name in sorted(said)],
        }
    pairs = [
        {"head_span_id": a["span_id"], "tail_span_id": b["span_id"], "label": label}
        for a, b in itertools.permutations(spans.values(), 2)
        for label in ("lives_in", "same_as")
        if (label == "same_as" and place(a) < place(b))
        or (a["label"], b["label"], label) == ("PERSON", "PLACE", "lives_in")
    ]
    chosen = draw(st.lists(st.sampled_from(pairs), unique_by=lambda pair: tuple(pair.values()))) if pairs else []
    return Example(text, list(spans.values()), chosen)


def place(span: dict[str, Any]) -> tuple[int, int, str]:
    return span["start"], span["end"], span["label"]


def meant(example: Example) -> tuple[list[Any], list[Any]]:
    by_id = {span["span_id"]: place(span) for span in example.spans}
    return said(example.spans), sorted(
        (by_id[r["head_span_id"]], by_id[r["tail_span_id"]], r["label"]) for r in example.relations
    )


def said(spans: list[dict[str, Any]]) -> list[Any]:
    return sorted((*place(span), span["surface"], span["origin"], str(span["attributes"])) for span in spans)


def pulled(studio: Studio, project_id: int, folder: Path, documents: pa.Table, schema: LabelSchema) -> dict[str, Any]:
    """Pull a project into a new log, and give spans and relations by document as ``meant`` does; nothing may be rejected."""
    log = Log(folder / "pulls")
    owner = studio.whoami()["id"]
    project = studio.get(f"api/projects/{project_id}/")
    pull(studio, project=project, log=log, pseudonyms=lambda: {owner: "A1"}, progress=lambda *_: None)
    outcome = read_labels(current_state(log), documents=documents, schema=schema)
    assert outcome.rejected.to_pylist() == []
    spans, relations = outcome.kept["spans"].to_pylist(), outcome.kept["relations"].to_pylist()
    by_id = {span["span_id"]: place(span) for span in spans}
    return {
        doc_id: (
            said([span for span in spans if span["doc_id"] == doc_id]),
            sorted(
                (by_id[r["head_span_id"]], by_id[r["tail_span_id"]], r["label"])
                for r in relations
                if r["doc_id"] == doc_id
            ),
        )
        for doc_id in outcome.kept["reads"]["doc_id"].to_pylist()
    }


def generated(count: int) -> dict[str, Example]:
    """Let Hypothesis make examples first, so that the server is asked once for all of them."""
    found: list[Example] = []

    @settings(deadline=None, max_examples=count, database=None, phases=[Phase.generate])
    @given(examples())
    def gather(example: Example) -> None:
        found.append(example)

    gather()
    return {f"doc-{number:03}": example for number, example in enumerate(found)}


def test_what_is_marked_in_any_text_comes_back_as_it_was(
    studio: Studio,
    make_project: Callable[..., dict[str, Any]],
    spec: ProjectSpec,
    documents_of: Documents,
    schema: LabelSchema,
    tmp_path: Path,
) -> None:
    """Traps 5 and 7, and the law of the whole exchange."""
    named = generated(400)
    project = make_project(spec.title, spec.config)["id"]
    documents = imported(studio, project, named, documents_of, schema)
    back = pulled(studio, project, tmp_path, documents, schema)
    assert back == {doc_id: meant(example) for doc_id, example in named.items()}
    drawn = [example for example in named.values() if example.spans]
    assert any(crossing(a, b) for one in drawn for a, b in itertools.permutations(one.spans, 2))
    assert any(nested(a, b) for one in drawn for a, b in itertools.permutations(one.spans, 2))


def imported(
    studio: Studio, project: int, named: dict[str, Example], documents_of: Documents, schema: LabelSchema
) -> pa.Table:
    """Send examples to a project as tasks with annotations, by one request; gives the documents."""
    documents = documents_of({doc_id: example.text for doc_id, example in named.items()})
    tasks = [
        {
            "data": {**row, "text": shown_text(row["text"]), "review_note": ""},
            "annotations": [{"result": turned(to_result(one.spans, one.relations, schema)), "ground_truth": False}],
        }
        for row, one in zip(documents.select(TASKS.names).to_pylist(), named.values(), strict=True)
    ]
    studio.post(f"api/projects/{project}/import", json=tasks)
    return documents


def turned(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw every other relation from its tail to its head, as an annotator may who then turns its arrow."""
    for item in result[::2]:
        if item["type"] == "relation" and item["direction"] == "right":
            item |= {"from_id": item["to_id"], "to_id": item["from_id"], "direction": "left"}
    return result


def nested(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return bool(a["start"] < b["start"] and b["end"] < a["end"])


def crossing(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return bool(a["start"] < b["start"] < a["end"] < b["end"])


def scripts() -> dict[str, str]:
    """Give, of every script that Unicode has letters of, the first and the last of them, by the script's name there."""
    found: dict[str, list[str]] = {}
    for code in range(sys.maxunicode + 1):
        sign = chr(code)
        words = unicodedata.name(sign, "").replace("-", " ").split()
        if words and unicodedata.category(sign).startswith("L") and unicodedata.normalize("NFC", sign) == sign:
            found.setdefault(" ".join(words[: 2 if words[0] in {"OLD", "NEW"} else 1]), []).append(sign)
    return {name: "".join((*signs[:3], *signs[-3:])) for name, signs in found.items()}


def of_script(letters: str) -> Example:
    """Mark two words of a script that lie in one another, one that crosses them, and relations in both directions."""
    text = f"😀 {letters} e\u0301\u0323 {letters[::-1]}\u200d🇸🇾\n{letters}."
    text = unicodedata.normalize("NFC", text)
    first, length = text.index(letters[0]), len(letters)
    places = [
        ("PERSON", first, first + length),
        ("PLACE", first, first + 1),
        ("PLACE", first + length - 1, len(text) - 1),
    ]
    spans = [
        {
            "span_id": f"{start}:{end}:{label}",
            **{"start": start, "end": end, "surface": text[start:end], "label": label, "origin": "manual"},
            "attributes": [{"name": "mention", "value": "NAM"}, {"name": "note", "value": letters}],
        }
        for label, start, end in places
    ]
    pairs = [(0, 1, "lives_in"), (0, 2, "lives_in"), (1, 0, "same_as"), (1, 2, "same_as")]
    named = [
        {"head_span_id": spans[head]["span_id"], "tail_span_id": spans[tail]["span_id"], "label": label}
        for head, tail, label in pairs
    ]
    return Example(text, spans, named)


def test_what_is_marked_in_a_text_of_any_script_comes_back_as_it_was(
    studio: Studio,
    make_project: Callable[..., dict[str, Any]],
    spec: ProjectSpec,
    documents_of: Documents,
    schema: LabelSchema,
    tmp_path: Path,
) -> None:
    named = {name: of_script(letters) for name, letters in scripts().items()}
    assert len(named) > 150
    project = make_project(spec.title, spec.config)["id"]
    documents = imported(studio, project, named, documents_of, schema)
    back = pulled(studio, project, tmp_path, documents, schema)
    assert back == {name: meant(example) for name, example in named.items()}


def test_what_is_pushed_and_then_annotated_comes_back_as_it_was(
    studio: Studio, spec: ProjectSpec, documents_of: Documents, schema: LabelSchema, tmp_path: Path
) -> None:
    named = generated(15)
    documents = documents_of({doc_id: example.text for doc_id, example in named.items()})
    tasks = documents.select(TASKS.names).cast(TASKS)
    done = push(studio, project=spec, tasks=tasks, suggested=Suggested(), progress=lambda *_: None)
    for page, _ in list_tasks(studio, done.project_id, fields=("id", "data"), size=100):
        for task in page:
            example = named[task["data"]["doc_id"]]
            result = to_result(example.spans, example.relations, schema)
            studio.post(f"api/tasks/{task['id']}/annotations/", json={"result": result, "ground_truth": False})
    back = pulled(studio, done.project_id, tmp_path, documents, schema)
    assert back == {doc_id: meant(example) for doc_id, example in named.items()}
