"""What is known of a label goes in, what each reader of its document drew there comes out."""

from __future__ import annotations

from typing import Any

from copydesk.flow.chain import vote_told
from copydesk.flow.evidence import Evidence, Row

_ORIGINS = {
    "manual": "by hand",
    "prediction": "a suggestion that was kept",
    "prediction-changed": "a suggestion that was changed",
}


def votes(found: Evidence) -> tuple[Row, list[str]]:
    """Give a vote for each reader: ``this`` label, another one there (``other``), or ``nothing``; and a sentence for each."""
    drawn = _relations(found) if found.kind == "relation" else _spans(found)
    told = [
        _vote(read, found, [one for one in drawn if one["annotation_id"] == read["annotation_id"]])
        for read in found.reads
    ]
    return {"votes": [vote for vote, _ in told]}, [line for _, line in told]


def _vote(read: Row, found: Evidence, drawn: list[Row]) -> tuple[Row, str]:
    places = [(end["start"], end["end"]) for end in found.ends]
    there = [one for one in drawn if _touches(one["places"], places)]
    same = [one for one in there if one["places"] == places and one["label"] == found.label["label"]]
    is_this = bool(same) or read["annotation_id"] in found.label["annotation_ids"]
    says = "this" if is_this else "other" if there else "nothing"
    facts = {key: read[key] for key in ("annotator", "annotation_id", "created_at", "updated_at", "lead_time")}
    facts |= {"says": says, "drawn": same or there}
    if is_this:
        anchor = next((one["anchor"] for one in same if one["anchor"]), None)
        line = vote_told(read, anchor) + "".join(_how(one) for one in same)
    else:
        instead = ", ".join(f"{one['label']} {one['surface']!r}" for one in there) or "nothing"
        line = f"{read['annotator']} drew {instead} there, in annotation {read['annotation_id']}"
    seconds = f", {read['lead_time']:.0f} s for the document" if read["lead_time"] is not None else ""
    return facts, line + seconds


def _how(drawn: Row) -> str:
    """Say whether it was suggested, and where it was drawn if that was not on whole words."""
    origin = f", {_ORIGINS[drawn['origin']]}" if drawn["origin"] in _ORIGINS else ""
    made = "".join(f", drawn at [{one['made_start']}:{one['made_end']}] ({one['rule']})" for one in drawn["moved"])
    return origin + made


def _spans(found: Evidence) -> list[Row]:
    """Give the spans that the readers drew, where they stand on whole words."""
    moved = {(row["annotation_id"], row["made_start"], row["made_end"]): row for row in found.moved}
    anchors = {(row["annotation_id"], row["span_id"]): row for row in found.anchors}
    return [
        _drawn(
            row,
            moved.get((row["annotation_id"], row["start"], row["end"])),
            anchors.get((row["annotation_id"], row["span_id"])),
        )
        for row in found.drawn
    ]


def _drawn(row: Row, moved: Row | None, anchor: Row | None) -> Row:
    place = (moved["start"], moved["end"]) if moved else (row["start"], row["end"])
    return {
        **{key: row[key] for key in ("annotation_id", "span_id", "label", "surface", "origin")},
        "places": [place],
        "moved": [{key: moved[key] for key in ("made_start", "made_end", "rule")}] if moved else [],
        "anchor": anchor and {key: anchor[key] for key in anchor.keys() & _ANCHORED},
    }


_ANCHORED = {"made_on_revision", "made_start", "made_end", "made_surface", "anchored", "anchor_score"}


def _relations(found: Evidence) -> list[Row]:
    """Give the relations that the readers drew, by the places of their ends."""
    spans = {(one["annotation_id"], one["span_id"]): one for one in _spans(found)}
    rows: list[dict[str, Any]] = []
    for row in found.relations:
        head, tail = (spans[row["annotation_id"], row[f"{end}_span_id"]] for end in ("head", "tail"))
        rows.append(
            {
                **{key: row[key] for key in ("annotation_id", "relation_id", "label")},
                "surface": f"{head['surface']} → {tail['surface']}",
                "places": [*head["places"], *tail["places"]],
                "origin": "",
                "moved": [*head["moved"], *tail["moved"]],
                "anchor": head["anchor"] or tail["anchor"],
            }
        )
    return rows


def _touches(here: list[tuple[int, int]], there: list[tuple[int, int]]) -> bool:
    """Whether two labels overlap: relations at both ends, in whichever direction."""
    pairs = (zip(here, there, strict=True), zip(here, reversed(there), strict=True))
    return any(all(a[0] < b[1] and b[0] < a[1] for a, b in pair) for pair in pairs)
