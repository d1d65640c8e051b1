"""A document's name goes in, all that its page shows comes out: read from the rows that it has, and not from whole tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from copydesk.errors import StoreError, UnknownError
from copydesk.flow.chain import decision_told, vote_told
from copydesk.flow.current import titles_in, zones_of
from copydesk.flow.look import waiting_told
from copydesk.report.colour import numbers_of
from copydesk.report.reader import AGREED, Labelled, Layer, Mark, Places, Said, Sheet, Zone
from copydesk.report.search import Index
from copydesk.store import Latest, part_at
from copydesk.workspace import Workspace

Row = dict[str, Any]
RELATIONS = "Relations"
_LABELS = ("reads", "spans", "relations", "categories", "anchors")
_AGREED = (
    "agreed_spans",
    "agreed_relations",
    "agreed_categories",
    "disputes",
    "events",
    "arguments",
    "claims",
    "times",
)
_DRAWN = frozenset({"label", "boundary", "existence"})  # kinds of disputes that are of one place in the text
_FACTS = ("source", "url", "publisher", "published_at", "language", "authors", "licence", "recipe")


def sheet(workspace: Workspace, index: Index, name: str, *, revision: int | None = None) -> Sheet:
    """Give a revision of a document, by default the newest, with the labels that are of this revision.

    ``name`` is its ``doc_id`` or source. Raises UnknownError where there is no such document, or no such revision of it.
    """
    places = index.places(name)
    place = next((one for one in reversed(places) if revision in (None, one.revision)), None)
    if place is None:
        which = f"revision {revision} of document {name!r}" if places else f"document {name!r}"
        raise UnknownError(f"no {which} in this workspace", fix="find it by its words in the list of documents")
    part = part_at(workspace.documents.folder / place.part)
    row = part.row("documents", place.row)
    zones = [_zone(one) for one in zones_of(workspace, part, row)]
    found = _Found.of(workspace, row)
    layers = found.layers()
    return Sheet(
        doc_id=row["doc_id"],
        title=titles_in(workspace, part).get((row["doc_id"], row["revision"]), row["title"]),
        facts={one: _fact(row[one]) for one in _FACTS if row[one]},
        revision=row["revision"],
        revisions=[one.revision for one in places],
        text=row["text"],
        zones=zones,
        layers=layers,
        labels=found.labels(workspace),
        notes=found.notes(newest=places[-1].revision),
        beside=found.beside(layers[1:]),
    )


def _fact(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _zone(row: Mapping[str, Any]) -> Zone:
    speaker = None if row["speaker_start"] is None else (row["speaker_start"], row["speaker_end"])
    return Zone(row["kind"], row["start"], row["end"], row["rule"], speaker)


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows of a document in the tables of labels, by table; those of another revision are counted in ``elsewhere``."""

    document: Row
    rows: Mapping[str, list[Row]]
    elsewhere: Mapping[int, int]

    @classmethod
    def of(cls, workspace: Workspace, document: Row) -> _Found:
        doc_id, here = document["doc_id"], document["revision"]
        every = _rows(workspace.labels, _LABELS, doc_id) | _rows(workspace.agreed, _AGREED, doc_id)
        rows = {name: [row for row in of if row["revision"] == here] for name, of in every.items()}
        rows["made_here"] = [row for row in every["anchors"] if row["made_on_revision"] == here < row["revision"]]
        elsewhere = Counter(row["revision"] for row in every["agreed_spans"] if row["revision"] != here)
        return cls(document, rows, elsewhere)

    def labels(self, workspace: Workspace) -> list[Labelled]:
        """Give the labels of the schema, with how many of each are agreed."""
        schema = workspace.schema()
        colours = numbers_of({label.name: label.colour for label in schema.labels})
        counts = Counter(row["label"] for row in self.rows["agreed_spans"])
        return [Labelled(one.name, one.hotkey, colours[one.name], counts[one.name]) for one in schema.labels]

    def notes(self, *, newest: int) -> list[str]:
        """Give what has to be known of the labels as a whole."""
        notes = []
        if self.document["revision"] < newest:
            notes.append(f"This is an earlier revision; the newest is {newest}.")
        notes += [
            f"{count} agreed labels are of revision {revision}: copydesk agree carries them over."
            if revision < self.document["revision"]
            else f"{count} agreed labels are of revision {revision}."
            for revision, count in sorted(self.elsewhere.items())
        ]
        return notes

    def layers(self) -> list[Layer]:
        """Give what is agreed, with what is disputed and what waits, and then what each annotator marked."""
        agreed = [_agreed(row) for row in self.rows["agreed_spans"]]
        disputes = [_dispute(row) for row in self.rows["disputes"] if row["kind"] in _DRAWN]
        agreed += disputes
        agreed += [_waiting(number, row, self._text) for number, row in self._waiting() if row["start"] is not None]
        return [Layer(AGREED, tuple(agreed)), *self._votes(Places(disputes))]

    @property
    def _text(self) -> str:
        text: str = self.document["text"]
        return text

    def _waiting(self) -> Iterator[tuple[int, Row]]:
        return enumerate(row for row in self.rows["anchors"] if row["span_id"] is None)

    def _votes(self, disputes: Places) -> Iterator[Layer]:
        ids = {(row["start"], row["end"], row["label"]): row["span_id"] for row in self.rows["agreed_spans"]}
        reads = {row["annotation_id"]: row for row in self.rows["reads"]}
        anchors = {row["span_id"]: row for row in self.rows["anchors"]}
        people = sorted({row["annotator"] for name in ("reads", "made_here") for row in self.rows[name]})
        for person in people:
            marks = [
                _vote(row, vote_told(reads[row["annotation_id"]], anchors.get(row["span_id"])), ids, disputes)
                for row in self.rows["spans"]
                if row["annotator"] == person and row["annotation_id"] in reads
            ]
            marks += [
                _made_here(number, row)
                for number, row in enumerate(self.rows["made_here"])
                if row["annotator"] == person
            ]
            yield Layer(person, tuple(marks))

    def beside(self, people: Sequence[Layer]) -> dict[str, list[Said]]:
        """Give what is listed beside the text, under its headings."""
        listed = {
            "Disputes": [_dispute_said(row) for row in self.rows["disputes"]],
            RELATIONS: list(self._relations()),
            "Of the whole document": list(self._categories()),
            "Events": [self._event(row) for row in self.rows["events"]],
            "Claims": [_claim(row) for row in self.rows["claims"]],
            "Times": [_time(row) for row in self.rows["times"]],
            "Waiting for a person": [
                Said(f"about-waiting-{number}", row["label"], (waiting_told(row, self._text),), ())
                for number, row in self._waiting()
            ],
            "Marked, and neither agreed nor disputed": list(self._left(people)),
        }
        return {heading: said for heading, said in listed.items() if said}

    def _relations(self) -> Iterator[Said]:
        surfaces = {row["span_id"]: row["surface"] for name in ("spans", "agreed_spans") for row in self.rows[name]}

        def ends(row: Row) -> tuple[tuple[str, str, str], ...]:
            keys = {end: row[f"{end}_span_id"] for end in ("head", "tail")}
            return tuple((end, surfaces[key], key) for end, key in keys.items())

        for row in self.rows["agreed_relations"]:
            key = row["relation_id"]
            yield Said(key, row["label"], (decision_told(row),), ends(row), href=f"/labels/{key}")
        for row in self.rows["relations"]:
            yield Said(row["relation_id"], row["label"], (f"drawn by {row['annotator']}",), ends(row))

    def _categories(self) -> Iterator[Said]:
        for row in self.rows["agreed_categories"]:
            yield Said("", f"{row['name']}: {row['value']}", (decision_told(row),))
        for row in self.rows["categories"]:
            yield Said("", f"{row['name']}: {row['value']}", (f"said by {row['annotator']}",))

    def _event(self, row: Row) -> Said:
        arguments = [one for one in self.rows["arguments"] if one["event_id"] == row["event_id"]]
        links = [("trigger", row["surface"], one) for one in row["trigger_span_ids"][:1]]
        links += [(one["role"], one["surface"], one["span_id"]) for one in arguments]
        said = (f"{one['name']}: {one['value']}" for one in row["attributes"])
        return Said(row["event_id"], row["label"], (*((row["time"],) if row["time"] else ()), *said), tuple(links))

    def _left(self, people: Sequence[Layer]) -> Iterator[Said]:
        for mark in (mark for layer in people for mark in layer.marks if mark.href == f"#about-{mark.key}"):
            words = self._text[mark.start : mark.end]
            yield Said(mark.href[1:], mark.label, (mark.told,), (("", words, mark.key),))


def _rows(table: Latest, names: Sequence[str], doc_id: str) -> dict[str, list[Row]]:
    """Read the rows of a document in these tables; once more, where a command put others in their place meanwhile."""
    part = table.part()
    if part is None:
        return {name: [] for name in names}
    try:
        return {name: part.where(name, "doc_id", doc_id).to_pylist() for name in names}
    except StoreError:
        if part.path.exists():
            raise
        return _rows(table, names, doc_id)


def _agreed(row: Row) -> Mark:
    said = "".join(f"; {one['name']}: {one['value']}" for one in row["attributes"])
    href = f"/labels/{row['span_id']}"
    return Mark(row["span_id"], row["start"], row["end"], row["label"], href, decision_told(row) + said)


def _vote(row: Row, told: str, agreed: Mapping[tuple[int, int, str], str], disputes: Places) -> Mark:
    """A mark of an annotator leads to the agreed label that it is, to the dispute that it is in, or to its own entry."""
    key = agreed.get((row["start"], row["end"], row["label"]))
    disputed = next(disputes.meeting(row["start"], row["end"]), None)
    href = f"/labels/{key}" if key else disputed.href if disputed else f"#about-{row['span_id']}"
    return Mark(row["span_id"], row["start"], row["end"], row["label"], href, told)


def _dispute(row: Row) -> Mark:
    label, href = f"disputed {row['kind']}", f"#about-{row['dispute_id']}"
    return Mark(row["dispute_id"], row["start"], row["end"], label, href, row["detail"], kind="dispute")


def _waiting(number: int, row: Row, text: str) -> Mark:
    key, told = f"waiting-{number}", waiting_told(row, text)
    return Mark(key, row["start"], row["end"], row["label"], f"#about-{key}", told, kind="waiting")


def _made_here(number: int, row: Row) -> Mark:
    told = f"carried over to revision {row['revision']}: {row['anchored']} (score {row['anchor_score']:.2f})"
    key = f"made-{number}"
    return Mark(key, row["made_start"], row["made_end"], row["label"], f"#about-{key}", told)


def _dispute_said(row: Row) -> Said:
    links = [("", row["surface"], row["dispute_id"])] if row["kind"] in _DRAWN else []
    return Said(f"about-{row['dispute_id']}", row["kind"], (*row["readings"], row["detail"]), tuple(links))


def _claim(row: Row) -> Said:
    links = [("", row["surface"], row["span_ids"][0])] if row["span_ids"] else []
    links += [("source", *one) for one in zip(row["sources"], row["source_span_ids"], strict=False)]
    others = [f"{name} {other}" for name in ("contradicts", "supports") for other in row[name]]
    said = [f"{one['name']}: {one['value']}" for one in row["attributes"]]
    return Said(row["claim_id"], ", ".join(row["source_names"]) or "no source", (*said, *others), tuple(links))


def _time(row: Row) -> Said:
    return Said("", row["value"], (row["evidence"],), (("", row["surface"], row["span_id"]),))
