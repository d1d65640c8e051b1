"""Agreed spans and relations in; what is said of them, events with their arguments, and claims out, as the schema puts them together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from copydesk.model.schema import Claims, Events, LabelSchema
from copydesk.model.tables import empty, from_rows
from copydesk.model.values import moment, typed

_Row = Mapping[str, Any]


def assemble(
    spans: pa.Table, relations: pa.Table, *, schema: LabelSchema, times: pa.Table | None = None
) -> dict[str, pa.Table]:
    """Make the tables ``agreed_attributes``, ``events``, ``arguments`` and ``claims``; what the schema does not declare is empty.

    ``times`` holds the values of spans that are dates; the first of an event's is its own.

    An event is a trigger, or several that the relation ``same`` joins, directly or through others; a claim likewise. Its identity
    is made of its document and of the identities of its spans. Rows do not depend on the order of those that go in.
    """
    tables = {name: empty(name) for name in ("events", "arguments", "claims")}
    tables["agreed_attributes"] = _attributes(spans, schema)
    joined = _Joined(spans, relations)
    values = {row["span_id"]: row for row in times.to_pylist()} if times else {}
    if schema.events:
        groups = {label.name for label in schema.labels if label.group == schema.events.triggers}
        tables |= _events(joined, schema.events, groups, values)
    if schema.claims:
        tables["claims"] = _claims(joined, schema.claims)
    return tables


class _Joined:
    """The spans in the order of the text, by identity, and the relations by label."""

    def __init__(self, spans: pa.Table, relations: pa.Table) -> None:
        rows = spans.to_pylist()
        rows.sort(key=lambda row: (row["doc_id"], row["start"], row["end"], row["label"]))
        self.spans: dict[str, _Row] = {row["span_id"]: row for row in rows}
        self._order = {span_id: number for number, span_id in enumerate(self.spans)}
        self._pairs: dict[str, list[tuple[str, str]]] = {}
        for row in relations.to_pylist():
            ends = (row["head_span_id"], row["tail_span_id"])
            if all(end in self.spans for end in ends):
                self._pairs.setdefault(row["label"], []).append(ends)

    def pairs(self, label: str) -> list[tuple[str, str]]:
        """Give heads and tails of the relations of a type."""
        return self._pairs.get(label, [])

    def sorted(self, span_ids: Iterable[str]) -> list[str]:
        """Give each span once, in the order of the text."""
        return sorted(set(span_ids), key=self._order.__getitem__)

    def clusters(self, members: Iterable[str], label: str) -> dict[str, list[str]]:
        """Give the cluster of each span: all that relations of this type join it to."""
        clusters = {member: [member] for member in members}
        for head, tail in self.pairs(label):
            if head in clusters and tail in clusters and clusters[head] is not clusters[tail]:
                both = clusters[head] + clusters[tail]
                clusters |= dict.fromkeys(both, both)
        return clusters

    def attributes(self, span_ids: Sequence[str]) -> list[dict[str, str]]:
        """Give what is said of any of these spans, each name and value once."""
        said = {(one["name"], one["value"]) for span_id in span_ids for one in self.spans[span_id]["attributes"]}
        return [{"name": name, "value": value} for name, value in sorted(said)]

    def cluster_rows(self, clusters: Mapping[str, list[str]], kind: str) -> dict[str, tuple[str, list[str]]]:
        """Give, by span, its cluster's identity and its spans in the order of the text."""
        found: dict[str, tuple[str, list[str]]] = {}
        for member in self.sorted(clusters):
            if member not in found:
                ordered = self.sorted(clusters[member])
                parts = [self.spans[ordered[0]]["doc_id"], *sorted(ordered)]
                digest = hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]
                found |= dict.fromkeys(ordered, (f"{kind}-{digest}", ordered))
        return found


def _attributes(spans: pa.Table, schema: LabelSchema) -> pa.Table:
    """Give a row for each value of an attribute, with the number or the instant that it stands for."""
    known = {one.name: one for one in schema.attributes}
    rows: list[dict[str, Any]] = [
        {
            **{name: span[name] for name in ("doc_id", "revision", "span_id")},
            "name": said["name"],
            "value": said["value"],
            "number": typed(known[said["name"]], said["value"])[0] if said["name"] in known else None,
            "at": moment(known[said["name"]], said["value"]) if said["name"] in known else None,
        }
        for span in spans.select(["doc_id", "revision", "span_id", "attributes"]).to_pylist()
        for said in span["attributes"]
    ]
    rows.sort(key=lambda row: (row["doc_id"], row["span_id"], row["name"], row["value"]))
    return from_rows("agreed_attributes", rows)


def _events(joined: _Joined, events: Events, triggers: set[str], times: Mapping[str, _Row]) -> dict[str, pa.Table]:
    members = [span_id for span_id, row in joined.spans.items() if row["label"] in triggers]
    found = joined.cluster_rows(joined.clusters(members, events.same), "event")
    wholes: dict[str, set[str]] = {}
    for head, tail in joined.pairs(events.part):
        if head in found and tail in found and found[head][0] != found[tail][0]:
            wholes.setdefault(found[head][0], set()).add(found[tail][0])
    told = {(found[head][0], role, tail) for role in events.roles for head, tail in joined.pairs(role) if head in found}
    when = _first_times(joined, times, [(event_id, tail) for event_id, role, tail in told if role == events.time])
    rows = [
        {
            "event_id": event_id,
            **_first(joined.spans[ordered[0]]),
            "label": joined.spans[ordered[0]]["label"],
            "trigger_span_ids": ordered,
            "part_of": sorted(wholes.get(event_id, ())),
            "attributes": joined.attributes(ordered),
            **when.get(event_id, {"time": None, "at": None}),
        }
        for event_id, ordered in _once(found)
    ]
    arguments = [
        {"event_id": event_id, "role": role, "span_id": tail, "label": joined.spans[tail]["label"]}
        | _first(joined.spans[tail])
        for event_id, role, tail in told
    ]
    arguments.sort(key=lambda row: (row["doc_id"], row["event_id"], row["role"], row["start"], row["span_id"]))
    return {"events": from_rows("events", rows), "arguments": from_rows("arguments", arguments)}


def _first_times(
    joined: _Joined, times: Mapping[str, _Row], told: Sequence[tuple[str, str]]
) -> dict[str, dict[str, Any]]:
    """Give the value of the first time of each event, in the order of the text, that has one."""
    of_event: dict[str, list[str]] = {}
    for event_id, span_id in told:
        if span_id in times:
            of_event.setdefault(event_id, []).append(span_id)
    first = {event_id: times[joined.sorted(span_ids)[0]] for event_id, span_ids in of_event.items()}
    return {event_id: {"time": row["value"], "at": row["at"]} for event_id, row in first.items()}


def _claims(joined: _Joined, claims: Claims) -> pa.Table:
    members = [span_id for span_id, row in joined.spans.items() if row["label"] == claims.claim]
    found = joined.cluster_rows(joined.clusters(members, claims.same), "claim")
    contents = [row for row in joined.spans.values() if claims.content and row["label"] == claims.content]
    others = {
        name: _among(joined.pairs(label), found, both_ways=name == "contradicts")
        for name, label in (("contradicts", claims.contradicts), ("supports", claims.supports))
    }
    rows = []
    for claim_id, ordered in _once(found):
        holding = joined.sorted(row["span_id"] for row in contents for one in ordered if _holds(row, joined.spans[one]))
        said = {*ordered, *holding}
        sources, cues = (
            joined.sorted(head for head, tail in joined.pairs(label) if tail in said)
            for label in (claims.source_of, claims.cue_of)
        )
        rows.append(
            {
                "claim_id": claim_id,
                **_first(joined.spans[ordered[0]]),
                "span_ids": ordered,
                "content_span_ids": holding,
                "contents": [joined.spans[one]["surface"] for one in holding],
                "sources": [joined.spans[one]["surface"] for one in sources],
                "source_names": sorted({_named(joined.spans[one], claims.source_name) for one in sources}),
                "source_span_ids": sources,
                "cues": [joined.spans[one]["surface"] for one in cues],
                **{name: sorted(pairs.get(claim_id, ())) for name, pairs in others.items()},
                "attributes": joined.attributes(ordered),
            }
        )
    return from_rows("claims", rows)


def _named(source: _Row, attribute: str) -> str:
    """Give the name that the annotators say a source goes by; its words where they say none."""
    said = [one["value"] for one in source["attributes"] if one["name"] == attribute]
    return str(said[0] if said else source["surface"])


def _among(
    pairs: Iterable[tuple[str, str]], found: Mapping[str, tuple[str, list[str]]], *, both_ways: bool
) -> dict[str, set[str]]:
    """Give, for each cluster, the other clusters that relations lead to."""
    led: dict[str, set[str]] = {}
    for head, tail in pairs:
        if head in found and tail in found and found[head][0] != found[tail][0]:
            led.setdefault(found[head][0], set()).add(found[tail][0])
            if both_ways:
                led.setdefault(found[tail][0], set()).add(found[head][0])
    return led


def _once(found: Mapping[str, tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    return list(dict(found.values()).items())


def _first(span: _Row) -> dict[str, Any]:
    return {name: span[name] for name in ("doc_id", "revision", "start", "end", "surface")}


def _holds(outer: _Row, inner: _Row) -> bool:
    around: bool = outer["start"] <= inner["start"] and inner["end"] <= outer["end"]
    return around and bool(outer["doc_id"] == inner["doc_id"])
