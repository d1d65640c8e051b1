"""A language model behind an address, played by a real server on this machine that answers as it is told."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.errors import ConfigError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import empty
from copydesk.suggestions import Found, Setup, suggester_class
from copydesk.suggestions.endpoint.answer import read_answer

ROOT = Path(__file__).parents[2]
Tasks = Callable[..., pa.Table]
KEY = "sk-never-to-be-seen"
TEXT = "Qaim fell. 😀 Troops left Qaim on Friday."


@dataclass
class Model:
    """What is asked of the server, and what it answers: status, body and headers by turns, the last one for ever."""

    turns: list[tuple[int, str, Mapping[str, str]]]
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    hold: threading.Event | None = None


def said(*spans: Mapping[str, Any], content: str | None = None) -> tuple[int, str, Mapping[str, str]]:
    text = json.dumps({"spans": spans}) if content is None else content
    body = {"choices": [{"message": {"content": text}}], "usage": {"prompt_tokens": 100, "completion_tokens": 20}}
    return 200, json.dumps(body), {}


def span(quote: str, label: str = "PLACE", before: str = "", confidence: float = 0.8) -> dict[str, Any]:
    return {"quote": quote, "label": label, "before": before, "confidence": confidence}


@pytest.fixture
def model() -> Iterator[Model]:
    told = Model([said()])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.asked.append(json.loads(body))
            told.keys.append(self.headers.get("Authorization", ""))
            status, answer, headers = told.turns.pop(0) if len(told.turns) > 1 else told.turns[0]
            if told.hold is not None and told.hold.wait(5):
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    yield told
    if told.hold is not None:
        told.hold.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(tmp_path: Path, schema: LabelSchema, tasks_of: Tasks, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Found]:
    monkeypatch.setenv("COPYDESK_ENDPOINT_KEY", KEY)

    def asking(*texts: str, **options: Any) -> Found:
        given = {"model": "m", "wait": 0.0, "parallel": 1, "timeout": 0.5, "tries": 2, **options}
        setup = Setup(schema, tmp_path, options=given)
        return suggester_class("endpoint")(setup).suggest(tasks_of(texts), zones=empty("zones"))

    return asking


def test_relations_and_categories_are_asked_for_where_the_schema_has_them_and_those_that_may_not_stand_are_refused(
    model: Model, tmp_path: Path, tasks_of: Tasks
) -> None:
    folder = ROOT / "schemas/attribution-claims"
    schema = LabelSchema.read(tomllib.loads((folder / "schema.toml").read_text("utf-8")), place="schema.toml")
    spans = [span("Ester", "SOURCE"), span("it fell", "CONTENT"), span("Nobody", "SOURCE")]
    relations = [
        {"type": "source_of", "head": 0, "tail": 1, "confidence": 0.9},
        {"type": "source_of", "head": 1, "tail": 0, "confidence": 0.9},
        {"type": "source_of", "head": 2, "tail": 1, "confidence": 0.9},
        {"type": "causes", "head": 0, "tail": 1, "confidence": 0.9},
    ]
    categories = [{"name": "primary_frame", "value": value, "confidence": 0.6} for value in ("political", "mild")]
    model.turns = [said(content=json.dumps({"spans": spans, "relations": relations, "categories": categories}))]
    setup = Setup(schema, tmp_path, options={"model": "m", "url": model.url})
    found = suggester_class("endpoint")(setup).suggest(tasks_of(["Ester said it fell."]), zones=empty("zones"))
    (relation,) = found.relations.to_pylist()
    assert (relation["head_start"], relation["tail_start"], relation["label"]) == (0, 11, "source_of")
    (category,) = found.categories.to_pylist()
    assert (category["name"], category["value"], category["score"]) == ("primary_frame", "political", 0.6)
    for reason in (
        "relation of what is no span",
        "relation that may not stand there",
        "unknown relation",
        "unknown category",
    ):
        assert f"1 {reason}" in found.notes[1]
    (asked,) = model.asked
    assert set(asked["response_format"]["json_schema"]["schema"]["required"]) == {"spans", "relations", "categories"}


def marked(found: Found) -> list[tuple[int, int, str, str]]:
    return [(row["start"], row["end"], row["surface"], row["label"]) for row in found.spans.to_pylist()]


def test_what_the_model_quotes_is_looked_for_and_its_words_before_tell_which_place(
    model: Model, ask: Callable[..., Found]
) -> None:
    model.turns = [said(span("Qaim", before="Troops left "), span("Friday", "DATE"))]
    found = ask(TEXT, url=model.url)
    assert marked(found) == [(25, 29, "Qaim", "PLACE"), (33, 39, "Friday", "DATE")]
    (asked,) = model.asked
    assert (asked["model"], asked["temperature"], asked["messages"][-1]["content"]) == ("m", 0, TEXT)
    assert asked["response_format"]["json_schema"]["schema"]["properties"]["spans"]["items"]["properties"]["label"][
        "enum"
    ]
    assert model.keys == [f"Bearer {KEY}"]
    assert found.notes == ("endpoint m: 1 answers, 0 of them from before; 100 tokens asked, 20 answered",)


def test_nothing_is_asked_twice_and_without_an_address_what_was_answered_comes_again(
    model: Model, ask: Callable[..., Found], tmp_path: Path
) -> None:
    model.turns = [said(span("Qaim"))]
    first = ask(TEXT, url=model.url, price_asked=5.0, price_answered=10.0)
    assert "cost 0.0007" in first.notes[0]
    again = ask(TEXT)
    assert again.spans.equals(first.spans)
    assert "1 of them from before; 0 tokens asked" in again.notes[0]
    assert len(model.asked) == 1
    new = ask("Another text.")
    assert (new.unanswered, "not answered before" in new.notes[0]) == (1, True)
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert kept
    assert KEY.encode() not in kept


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (said(span("Mosul")), "1 not in the article"),
        (said(span("Qai")), "1 not in the article"),  # would cut a word
        (said(span("Qaim", "RIVER")), "1 unknown label"),
        (said({"label": "PLACE"}), "1 not as asked"),
        (said(content="Here are the spans: Qaim"), "1 not JSON"),
        (said(content="[1, 2]"), "1 not as asked"),
        (said(content='{"spans": [' + "[" * 50_000), "1 not JSON"),
    ],
)
def test_what_is_not_in_the_article_or_not_as_asked_is_no_suggestion_and_the_report_says_so(
    answer: tuple[int, str, Mapping[str, str]], reason: str, model: Model, ask: Callable[..., Found]
) -> None:
    model.turns = [answer]
    found = ask(TEXT, url=model.url)
    assert marked(found) == []
    assert found.notes[1] == f"endpoint m: of its answers was refused: {reason}"


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([(500, "{}", {})], "HTTP 500"),
        ([(429, "{}", {"Retry-After": "0"})], "HTTP 429"),
        ([(401, f'{{"error": "bad key {KEY}"}}', {})], "HTTP 401"),
        ([(200, "<html>", {})], "an answer that is no chat completion"),
        ([(200, '{"choices": []}', {})], "an answer that is no chat completion"),
        ([(200, "[" * 50_000, {})], "an answer that is no chat completion"),
    ],
)
def test_a_document_that_gets_no_answer_goes_without_and_the_report_says_why(
    turns: list[tuple[int, str, Mapping[str, str]]], reason: str, model: Model, ask: Callable[..., Found]
) -> None:
    model.turns = turns
    found = ask(TEXT, url=model.url)
    assert (found.spans.num_rows, found.unanswered) == (0, 1)
    assert found.notes == (f"endpoint m: 1 documents go without: d0000 ({reason})",)
    assert len(model.asked) == (2 if reason.startswith("HTTP 5") or "429" in reason else 1)


def test_what_passes_is_asked_again(model: Model, ask: Callable[..., Found]) -> None:
    model.turns = [(429, "{}", {"Retry-After": "0"}), said(span("Friday", "DATE"))]
    assert len(marked(ask(TEXT, url=model.url))) == 1


def test_a_model_that_does_not_answer_in_time_is_asked_about_three_documents_and_no_more(
    model: Model, ask: Callable[..., Found]
) -> None:
    model.hold = threading.Event()
    found = ask(*(f"Text {number}." for number in range(6)), url=model.url, timeout=0.1, tries=1)
    assert (found.unanswered, len(model.asked)) == (6, 3)
    assert "d0000 (no answer in time)" in found.notes[0]
    assert "d0003 (not asked, since others got no answer)" in found.notes[0]
    assert "and 1 more" in found.notes[0]


def test_a_long_article_is_asked_about_in_pieces(model: Model, ask: Callable[..., Found]) -> None:
    model.turns = [said(span("Qaim"))]
    text = "\n\n".join(f"Qaim fell {number} times." for number in range(10))
    found = ask(text, url=model.url, most_chars=40)
    assert len(model.asked) > 2
    assert all(text[start:end] == "Qaim" for start, end, *_ in marked(found))
    assert len({start for start, *_ in marked(found)}) == len(model.asked)


def test_a_model_has_to_be_named_and_unknown_options_are_refused(ask: Callable[..., Found]) -> None:
    with pytest.raises(ConfigError, match="no model"):
        ask(TEXT, model="")
    with pytest.raises(ConfigError, match=r"unknown key 'modell' @ \$\.suggest\.options\.endpoint"):
        ask(TEXT, modell="x")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["spans", "quote", "label", "PLACE", "Qaim"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["spans", "quote", "label", "before", "confidence"]), inner, max_size=5)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=300)
@given(value=json_values)
def test_whatever_a_model_writes_every_span_is_a_quote(value: Any, schema: LabelSchema) -> None:
    content = json.dumps({"spans": value} if isinstance(value, list) else value)
    read = read_answer(content, TEXT, schema)
    for start, end, label, score in read.spans:
        assert 0 <= start < end <= len(TEXT)
        assert label in schema.label_names
        assert 0 <= score <= 1
