"""spaCy's DocBin: every span in ``doc.spans["sc"]``, one layer of them in ``doc.ents``, and the rest in ``doc.user_data``."""

from __future__ import annotations

from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.datasets.exports.corpus import Corpus, Labelled
from copydesk.datasets.exports.layer import Placed, aligned, one_layer
from copydesk.datasets.exports.report import LeftOut, Made, Tally
from copydesk.datasets.exports.words import Token
from copydesk.errors import MissingExtraError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

SPANS_KEY = "sc"  # where spaCy's span categorizer looks
_ANY = "xx"
_ATTRIBUTES = ("ORTH", "ENT_IOB", "ENT_TYPE", "ENT_ID")  # of tokens; what no model said is not stored


def write_docbin(corpus: Corpus, place: Path) -> Made:
    """Write ``SPLIT.spacy``, in tokens of ``spacy.blank`` for the dataset's language; no model is needed.

    Of several languages, and of one whose tokenizer needs a package that is not there, the tokens are those of the language "xx".
    ``doc.user_data`` has ``doc_id``, ``text_sha256``, ``relations``, ``categories``, and ``attributes`` by span id. Raises MissingExtraError
    without spaCy.
    """
    try:
        from spacy.tokens import DocBin
    except ImportError as error:
        raise MissingExtraError("this format needs spacy", fix="pip install 'copydesk[spacy]'") from error
    nlp = _blank(corpus.language)
    tally = Tally(f'spacy.blank("{nlp.lang}") (spaCy {installed("spacy")})')
    for split in corpus.splits:
        docs = DocBin(attrs=_ATTRIBUTES, store_user_data=True)
        for document in corpus.documents(split):
            docs.add(_doc(nlp, document, split, tally))
        (place / f"{split}.spacy").write_bytes(docs.to_bytes())
    return tally.made()


def _blank(language: tuple[str, ...]) -> Language:
    import spacy

    try:
        nlp = spacy.blank(language[0].split("-")[0].lower() if len(language) == 1 else _ANY)
    except ImportError:
        nlp = spacy.blank(_ANY)
    nlp.max_length = 2**31 - 1  # the usual limit is for models, of which there is none
    return nlp


def _doc(nlp: Language, document: Labelled, split: str, tally: Tally) -> Doc:
    from spacy.tokens import Span

    doc = nlp.make_doc(document.text)
    tokens = [Token(token.idx, token.idx + len(token)) for token in doc]
    placed, misaligned = aligned(document, tokens, split=split)
    taken, _ = one_layer(document, placed, split=split)

    def spans(those: list[Placed]) -> list[Span]:
        return [Span(doc, one.first, one.last, one.span["label"], span_id=one.span["span_id"]) for one in those]

    doc.spans[SPANS_KEY] = spans(placed)
    doc.set_ents(spans(taken))
    there = {one.span["span_id"] for one in placed}
    relations = [one for one in document.relations if {one["head_span_id"], one["tail_span_id"]} <= there]
    doc.user_data |= {
        "doc_id": document.doc_id,
        "text_sha256": document.row["text_sha256"],
        "relations": [dict(one) for one in relations],
        "categories": [dict(one) for one in document.categories],
        "attributes": {one.span["span_id"]: one.span["attributes"] for one in placed if one.span["attributes"]},
    }
    tally.add(documents=1, spans=len(placed), entities=len(taken), relations=len(relations))
    tally.left_out += misaligned
    tally.left_out += _endless(document, there, split)
    return doc


def _endless(document: Labelled, there: set[Any], split: str) -> list[LeftOut]:
    """The relations of which a span was left out."""
    return [
        LeftOut(split, document.doc_id, "relation", one["relation_id"], one["label"], "end-left-out")
        for one in document.relations
        if not {one["head_span_id"], one["tail_span_id"]} <= there
    ]
