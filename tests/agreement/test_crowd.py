"""Merging what a crowd drew, on simulated crowds over real texts."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import spearmanr

from copydesk.agreement.crowd import Crowd, consensus, merge
from copydesk.agreement.crowd.__main__ import main
from copydesk.agreement.crowd.corpus import Corpus, faults, read_corpus, worst_fifth
from copydesk.agreement.crowd.tokens import tokens_of
from copydesk.agreement.words import without_marks
from copydesk.errors import DataError, UsageError

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
GUM = {"person": "Person", "organization": "Organisation", "place": "Location", "abstract": "Quantity"}
MODELS = ("span_ds", "bsc_seq")


@pytest.fixture(scope="module")
def golds(simulate):
    """Documents of some nine sentences each, from re3d and GUM, with four types."""
    if not (DATA / "re3d").is_dir() or not (DATA / "gum-wikinews").is_dir():
        pytest.skip(
            "../shared/data/re3d and gum-wikinews are not beside the checkout: other people's data, which is not ours to copy into the project"
        )
    parts = simulate.sentences(simulate.read_re3d(DATA / "re3d") + simulate.read_gum(DATA / "gum-wikinews"))
    renamed = [
        [
            simulate.Gold(one.text, tuple((*place, GUM.get(label, label)) for *place, label in _whole(one)))
            for one in own
        ]
        for own in parts
    ]
    return [own[at : at + 9] for own in renamed for at in range(0, len(own), 9)]


def _whole(gold):
    """The spans that begin and end with a token, and not with a comma: some of re3d's do not."""
    tokens = tokens_of([gold.text])
    begins, ends = set(tokens.start.tolist()), set(tokens.end.tolist())
    whole = [span for span in gold.spans if span[0] in begins and span[1] in ends]
    return [span for span in whole if without_marks(gold.text, *span[:2]) == span[:2]]


@pytest.fixture(scope="module")
def crowd(simulate, golds):
    """A crowd like the one of the crowd corpus: 47 people, five a text, of very different skill, who err alike."""
    return simulate.crowd(golds, simulate.workers(47, seed=1), seed=1, readers=5, hard=0.3)


@pytest.fixture(scope="module")
def part(crowd):
    """Some of its texts, where all of them tell no more."""
    return tuple(rows[:250] for rows in crowd)


@pytest.fixture(scope="module")
def found(crowd):
    texts, drawn, truth = crowd
    return {method: consensus(texts, drawn, gold=truth, method=method) for method in ("vote", *MODELS)}


@pytest.mark.parametrize("method", MODELS)
def test_a_model_beats_the_vote(found, method):
    assert found[method].score.f1 > found["vote"].score.f1 + 0.01


def test_sequences_with_words_beat_spans_alone(found):
    assert found["bsc_seq"].score.f1 > found["span_ds"].score.f1


@pytest.mark.parametrize("method", MODELS)
def test_people_are_ranked_as_they_are(crowd, found, simulate, method):
    _, drawn, truth = crowd
    own = {}
    for people, gold in zip(drawn, truth, strict=True):
        for name, spans in people.items():
            own.setdefault(name, ([], []))
            own[name][0].append(spans)
            own[name][1].append(gold)
    real = [simulate.score(*own[one.name])[2] for one in found[method].annotators]
    assert spearmanr(real, [one.f1 or 0 for one in found[method].annotators]).statistic >= 0.9


@pytest.mark.parametrize(("method", "share"), [("span_ds", 0.75), ("bsc_seq", 0.55)])
def test_the_most_doubtful_fifth_of_the_texts_is_worth_nearly_what_any_fifth_can_be(crowd, found, method, share):
    _, _, truth = crowd
    gain, reach = worst_fifth(found[method], truth)
    blind = replace(found[method], doubt=tuple(random.Random(1).random() for _ in truth))
    assert gain >= min(0.09, share * reach)
    assert gain > worst_fifth(blind, truth)[0] + 0.02


@pytest.mark.parametrize("method", ["vote", *MODELS])
def test_slips_of_the_mouse_cost_at_most_one_point_and_leave_no_half_words(crowd, found, simulate, method):
    texts, drawn, truth = crowd
    slips = simulate.slipped(drawn, texts, share=0.1, seed=4)
    merged = consensus(texts, slips, gold=truth, method=method)
    assert merged.score.f1 >= found[method].score.f1 - 0.01
    assert faults(Corpus(texts, slips, truth, None), merged.spans) == (0, 0, 0)


@pytest.mark.parametrize("method", ["vote", *MODELS])
def test_the_order_of_texts_and_people_changes_nothing(part, method):
    texts, drawn, _ = part
    found = consensus(texts, drawn, method=method)
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    mixed = [{name: list(reversed(drawn[at][name])) for name in reversed(drawn[at])} for at in order]
    again = consensus([texts[at] for at in order], mixed, method=method)
    assert [_places(again.spans[n]) for n in range(len(order))] == [_places(found.spans[at]) for at in order]


def _places(spans):
    return [(one.start, one.end, one.label) for one in spans]


@pytest.mark.parametrize("method", ["vote", "unanimous", *MODELS])
def test_perfect_copies_are_the_consensus(part, method):
    texts, _, truth = part
    copies = [{f"A{n}": list(gold) for n in range(4)} for gold in truth]
    assert consensus(texts, copies, gold=truth, method=method).score.f1 == 1.0


@pytest.mark.parametrize("method", MODELS)
def test_what_an_adjudicator_decided_holds(part, method):
    texts, drawn, truth = part
    known = {0: [], 3: truth[3], 5: truth[5]}
    merged = merge(Crowd(texts, drawn, known=known), method=method)
    for text, spans in known.items():
        assert _places(merged.spans[text]) == [tuple(one) for one in spans]
        assert merged.doubt[text] == 0


def test_spans_inside_others_stay_where_overlap_is_allowed():
    text = "the Qaim district council"
    drawn = {"A1": [[4, 8, "PLACE"], [4, 25, "ORG"]], "A2": [[4, 8, "PLACE"], [4, 25, "ORG"]], "A3": [[4, 25, "ORG"]]}
    found = consensus([text], [drawn], method="vote", overlap=True)
    assert {(one.start, one.end) for one in found.spans[0]} == {(4, 8), (4, 25)}
    assert _places(consensus([text], [drawn], method="vote").spans[0]) == [(4, 25, "ORG")]


def test_who_is_absent_does_not_vote_and_an_empty_list_does():
    text, span = "Qaim fell", [0, 4, "PLACE"]
    absent = consensus([text], [{"A1": [span]}], method="vote")
    silent = consensus([text], [{"A1": [span], "A2": [], "A3": [], "A4": []}], method="vote")
    assert absent.spans[0][0].posterior == 1.0
    assert silent.spans[0] == ()


@pytest.mark.parametrize(
    ("spans", "said"), [([[0, 40, "X"]], "does not lie in the text"), ([[3, 3, "X"]], "does not lie in the text")]
)
def test_a_span_outside_its_text_is_refused_with_its_place(spans, said):
    with pytest.raises(DataError, match=said):
        consensus(["Qaim"], [{"A1": spans}])


def test_a_span_of_someone_who_has_not_read_is_refused():
    with pytest.raises(DataError, match="is no reader"):
        consensus(["Qaim"], [{"A1": [[0, 4, "X"]]}], readers=[["A2"]])


def test_an_unknown_method_and_overlapping_sequences_are_refused():
    with pytest.raises(UsageError, match="unknown method"):
        consensus(["a"], [{}], method="coin")
    with pytest.raises(UsageError, match="cannot overlap"):
        consensus(["a"], [{}], method="bsc_seq", overlap=True)


@pytest.mark.parametrize("method", ["vote", "unanimous", *MODELS])
@pytest.mark.parametrize("texts", [[], [""], ["", " "], ["a b"]])
def test_a_crowd_that_drew_nothing_agrees_on_nothing(texts, method):
    found = consensus(texts, [{"A1": [], "A2": [], "A3": []} for _ in texts], method=method)
    assert found.spans == tuple(() for _ in texts)


def test_a_span_of_white_space_is_counted_and_left_out():
    found = consensus(["a  b"], [{"A1": [[1, 3, "X"], [0, 1, "X"]]}], method="vote")
    assert (found.blank, _places(found.spans[0])) == (1, [(0, 1, "X")])


def test_the_command_prints_a_line_for_each_method(tmp_path, capsys):
    rows = [
        {
            "text": "Qaim fell",
            "annotators": {"A1": [[0, 4, "PLACE"]], "A2": [[0, 4, "PLACE"]]},
            "gold": [[0, 4, "PLACE"]],
        },
        {"text": "Mosul", "annotators": {"A1": [], "A2": []}, "gold": []},
    ]
    file = tmp_path / "crowd.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main([str(file)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("2 texts, 2 people, 2 spans drawn")
    assert [line.split()[0] for line in said[2:]] == ["unanimous", "vote", "span_ds", "bsc_seq"]
    assert [float(line.split()[3]) for line in said[2:4]] == [100.0, 100.0]
    file.write_text('{"text": 1}', encoding="utf-8")
    assert main([str(file)]) == 1
    assert "line 1" in capsys.readouterr().err


def test_the_command_shows_the_worst_fifth_and_that_nothing_is_out_of_place(tmp_path, capsys, part):
    texts, drawn, truth = part
    file = tmp_path / "crowd.jsonl"
    rows = [
        {"text": text, "annotators": own, "gold": gold} for text, own, gold in zip(texts, drawn, truth, strict=True)
    ]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main([str(file), "--method", "span_ds"]) == 0
    cells = capsys.readouterr().out.splitlines()[2].split()
    assert float(cells[4]) > float(cells[3])
    assert cells[-4:-1] == ["0", "0", "0"]


def test_a_document_is_cut_at_line_breaks_that_no_span_crosses(tmp_path):
    row = {
        "text": "Qaim fell\nIraqi\narmy there",
        "annotators": {"A1": [[0, 4, "PLACE"], {"start": 10, "end": 20, "label": "ORG"}]},
        "readers": ["A1", "A2"],
        "gold": [[10, 20, "ORG"]],
    }
    file = tmp_path / "crowd.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    corpus = read_corpus(file)
    assert corpus.texts == ["Qaim fell", "Iraqi\narmy there"]
    assert corpus.drawn == [{"A2": [], "A1": [(0, 4, "PLACE")]}, {"A2": [], "A1": [(0, 10, "ORG")]}]
    assert corpus.gold == [[], [(0, 10, "ORG")]]
