"""A model of the shape of GLiNER's, made here: it marks the words that a label is called by."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from copydesk.errors import ConfigError, MissingExtraError
from copydesk.model.schema import LabelSchema
from copydesk.model.tables import empty
from copydesk.suggestions import Setup
from copydesk.suggestions.gliner import Gliner

Tasks = Callable[..., pa.Table]
WIDTH = 3
PROMPTS = ["PLACE=harbour", "DATE=monday", "GROUP=guild"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    absent = [one for one in ("onnx", "onnxruntime", "tokenizers") if importlib.util.find_spec(one) is None]
    if absent:
        lacking = f"{', '.join(absent)}, not installed: a large runtime that one suggester needs (fix: make gliner)"
        if os.environ.get("CI"):
            pytest.fail(lacking)
        pytest.skip(lacking)
    folder = tmp_path_factory.mktemp("models") / "gliner"
    folder.mkdir()
    save_tokenizer(folder / "tokenizer.json")
    save_model(folder / "model.onnx")
    (folder / "gliner_config.json").write_text(json.dumps({"max_width": WIDTH}))
    return folder


def save_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import Lowercase

    pieces = [
        "[UNK]",
        "<<ENT>>",
        "<<SEP>>",
        "harbour",
        "monday",
        "guild",
        "har",
        "##bours",
        "##s",
        *"abcdefghijklmnopqrstuvwxyz",
    ]
    pieces += [
        "date",
        "number",
        "residue",
        "place",
        "group",
        *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
    ]
    tokenizer = Tokenizer(WordPiece({piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.add_special_tokens(["<<ENT>>", "<<SEP>>"])
    tokenizer.save(str(path))


def save_model(path: Path) -> None:
    """Write a graph that scores a span of one word 6 where its first piece is that of a label in the prompt, and all else -6.

    Label number c of the prompt stands at token 2c + 1.
    """
    from onnx import TensorProto, helper, save

    labels = 5
    make = helper.make_node
    given = {"input_ids": 7, "attention_mask": 7, "words_mask": 7, "text_lengths": 7, "span_idx": 7, "span_mask": 9}
    shapes = {"text_lengths": ["b", 1], "span_idx": ["b", "s", 2], "span_mask": ["b", "s"]}
    inputs = [helper.make_tensor_value_info(name, kind, shapes.get(name, ["b", "t"])) for name, kind in given.items()]
    constants = {
        "one": (TensorProto.INT64, [1], [1]),
        "last": (TensorProto.INT64, [1], [2 * labels]),
        "two": (TensorProto.INT64, [1], [2]),
        "axis": (TensorProto.INT64, [1], [1]),
        "on_off": (TensorProto.FLOAT, [2], [0.0, 1.0]),
        "six": (TensorProto.FLOAT, [], [6.0]),
        "minus": (TensorProto.FLOAT, [], [-6.0]),
        "widths": (TensorProto.FLOAT, [1, 1, WIDTH, 1], [1.0] + [0.0] * (WIDTH - 1)),
        "half": (TensorProto.FLOAT, [], [0.5]),
        "unit": (TensorProto.INT64, [], [1]),
        "ax2": (TensorProto.INT64, [1], [2]),
        "ax1": (TensorProto.INT64, [1], [1]),
        "big": (TensorProto.INT64, [1], [10_000]),
    }
    nodes = [
        make("Slice", ["input_ids", "one", "last", "axis", "two"], ["called"]),  # [b, c]
        make("Squeeze", ["text_lengths"], ["length"]),
        make("Add", ["length", "unit"], ["depth"]),
        make("OneHot", ["words_mask", "depth", "on_off"], ["where"], axis=-1),  # [b, t, w + 1]
        make("Slice", ["where", "one", "big", "ax2"], ["of_words"]),  # [b, t, w]
        make("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
        make("Unsqueeze", ["ids", "ax1"], ["row"]),  # [b, 1, t]
        make("MatMul", ["row", "of_words"], ["first"]),  # [b, 1, w]
        make("Transpose", ["first"], ["column"], perm=[0, 2, 1]),  # [b, w, 1]
        make("Cast", ["called"], ["names"], to=TensorProto.FLOAT),
        make("Unsqueeze", ["names", "ax1"], ["wanted"]),  # [b, 1, c]
        make("Sub", ["column", "wanted"], ["apart"]),
        make("Abs", ["apart"], ["distance"]),
        make("Less", ["distance", "half"], ["same"]),  # [b, w, c]
        make("Cast", ["same"], ["hit"], to=TensorProto.FLOAT),
        make("Unsqueeze", ["hit", "ax2"], ["wide"]),  # [b, w, 1, c]
        make("Mul", ["wide", "widths"], ["found"]),  # [b, w, k, c]
        make("Greater", ["found", "half"], ["is_found"]),
        make("Where", ["is_found", "six", "minus"], ["logits"]),
    ]
    held = [helper.make_tensor(name, *value) for name, value in constants.items()]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "w", "k", "c"])
    graph = helper.make_graph(nodes, "names", inputs, [output], held)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))


def test_the_words_of_each_label_are_found_in_every_piece_of_a_long_article(
    model: Path, schema: LabelSchema, tasks_of: Tasks
) -> None:
    text = "😀 The Harbour was shut on Monday.\n\nA guild met there.\n\nHarbours are no harbour, said the guild."
    options: dict[str, Any] = {"folder": model.name, "prompts": PROMPTS, "most_chars": 40}
    suggester = Gliner(Setup(schema, model, options=options, root=model.parent))
    found = suggester.suggest(tasks_of([text]), zones=empty("zones")).spans.to_pylist()
    assert [(row["surface"], row["label"]) for row in found] == [
        ("Harbour", "PLACE"),
        ("Monday", "DATE"),
        ("guild", "GROUP"),
        ("Harbours", "PLACE"),  # its first piece is the label's, and its second is no word of its own
        ("harbour", "PLACE"),
        ("guild", "GROUP"),
    ]
    assert all(text[row["start"] : row["end"]] == row["surface"] for row in found)
    assert {row["score"] for row in found} == {0.997527}


def test_a_version_is_that_of_the_model_and_of_what_labels_are_called(model: Path, schema: LabelSchema) -> None:
    versions = {
        Gliner(Setup(schema, model, options={"folder": ".", "prompts": prompts}, root=model)).version
        for prompts in (PROMPTS, PROMPTS, PROMPTS[:1])
    }
    assert len(versions) == 2


def test_a_folder_without_a_model_and_a_label_that_there_is_not_are_refused(model: Path, schema: LabelSchema) -> None:
    for options, told in (
        ({"folder": "nowhere"}, "no model.onnx in"),
        ({}, "no model.onnx in"),
        ({"folder": ".", "prompts": ["RIVER=river"]}, "'RIVER'"),
        ({"folder": ".", "prompts": ["harbour"]}, "'harbour'"),
    ):
        with pytest.raises(ConfigError, match=told):
            Gliner(Setup(schema, model, options=options, root=model))


def test_what_is_not_installed_is_named_with_the_line_that_installs_it(
    model: Path, schema: LabelSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'copydesk\[gliner\]'"):
        Gliner(Setup(schema, model, options={"folder": "."}, root=model))
