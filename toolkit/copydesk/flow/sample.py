"""Documents, suggestions and the labels so far go in, the documents to be labelled next come out, batch by batch.

Each choice is written down before anybody is asked, with its probability: ``flow/estimate.py`` says what follows for all documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from copydesk.engines import Watch, run
from copydesk.errors import ConfigError
from copydesk.flow.current import current_documents, zones_in
from copydesk.flow.labels import read_labels
from copydesk.flow.report import Report
from copydesk.flow.steps import Source, sources_of
from copydesk.flow.suggest import SHOWN, Suggested, Used, engine_of, suggestions
from copydesk.model.progress import Progress
from copydesk.model.settings import SampleSettings
from copydesk.model.tables import empty, from_rows
from copydesk.sampling import Candidates, Choice, Plan, choose, clusters, combine, keyed, representative, scores, strata
from copydesk.sampling.choose import RANDOM
from copydesk.sampling.draw import Floats
from copydesk.sampling.estimate import spread
from copydesk.store import locked
from copydesk.suggestions.suggester import Unsure, suggester_class
from copydesk.tasks import Left, build_tasks, without_copies
from copydesk.workspace import Workspace

_FEWEST_CLUSTERS = 8
_Row = dict[str, Any]


def sample(workspace: Workspace, *, more: bool, progress: Progress) -> Report:
    """Choose the next batch, once what was chosen before is read; with ``more`` at once.

    Raises ConfigError where the settings do not say how many documents a batch has.
    """
    if not workspace.settings.sample.size:
        raise ConfigError("copydesk.toml does not say how many documents a batch has", fix="[sample] with size = 50")
    with locked(workspace.lock):
        read_labels(workspace)
        waiting = waiting_samples(workspace)
        if not waiting.num_rows or more:
            chosen = _choose(workspace, progress=progress)
            return _report(workspace, chosen)
    return _report(workspace, None)


def sendable(workspace: Workspace, documents: pa.Table) -> tuple[pa.Table, Left]:
    """Make the tasks; without those of copies, unless the settings say that annotators are to see them."""
    tasks = build_tasks(documents)
    copies = workspace.copies.read("copies")
    return without_copies(tasks, copies.slice(0, 0) if workspace.settings.studio.send_copies else copies)


def only_chosen(workspace: Workspace, tasks: pa.Table) -> pa.Table:
    """Give the tasks of documents that were chosen, or sent before there was a choice; all, where the settings want none."""
    if not workspace.settings.sample.size:
        return tasks
    return tasks.filter(pc.is_in(tasks["doc_id"], pa.array(sorted(_asked(workspace)), pa.string())))


def order(workspace: Workspace, *, progress: Progress) -> pa.Table:
    """Give the chosen documents that nobody read yet, as they are to be labelled: doc_id, score (the lowest first, below 1) and cluster.

    Batches come in their order; within one, documents by what strategies say of them now, those that were drawn at random among
    them by lot. The caller holds the workspace's lock.
    """
    waiting = waiting_samples(workspace).sort_by("doc_id")
    every = current_documents(workspace)
    waits = pc.is_in(every["doc_id"], waiting["doc_id"].combine_chunks())
    asked = pc.is_in(every["doc_id"], pa.array(sorted(_asked(workspace)), pa.string()))
    documents, before = every.filter(waits), every.filter(pc.and_not(asked, waits))
    settings = workspace.settings.sample
    made = suggestions(workspace, progress=progress)
    said = _scores(workspace, documents, before, waiting["cluster"].to_pylist(), made)
    doc_ids = waiting["doc_id"].to_pylist()
    value, _ = combine(said, asdict(settings.weights), count=len(doc_ids))
    luck = np.array([keyed(settings.seed, "order", one) for one in doc_ids])
    value = np.where(pc.equal(waiting["slice"], RANDOM).to_numpy(), luck, value)
    places = np.argsort(np.lexsort((-value, waiting["batch"].to_numpy())))
    return pa.table(
        {"doc_id": waiting["doc_id"], "score": pa.array(places / max(len(places), 1)), "cluster": waiting["cluster"]}
    )


def waiting_samples(workspace: Workspace) -> pa.Table:
    """Give the rows of ``samples`` whose documents are there and not read."""
    samples = workspace.samples.read("samples")
    there = workspace.documents.read("documents", columns=["doc_id"])["doc_id"].combine_chunks()
    read = workspace.labels.read("reads", columns=["doc_id"])["doc_id"].combine_chunks()
    waits = pc.and_(pc.is_in(samples["doc_id"], there), pc.invert(pc.is_in(samples["doc_id"], read)))
    return samples.filter(waits)


def _asked(workspace: Workspace) -> set[str]:
    """Give the documents that were chosen, sent or read."""
    logs = (workspace.samples, "samples"), (workspace.sent, "sent"), (workspace.labels, "reads")
    return {one for log, table in logs for one in log.read(table, columns=["doc_id"])["doc_id"].to_pylist()}


def _choose(workspace: Workspace, *, progress: Progress) -> bool:
    """Choose a batch; says whether there was any document left."""
    settings, made = workspace.settings.sample, suggestions(workspace, progress=progress)
    documents = current_documents(workspace)
    tasks, _ = sendable(workspace, documents)
    asked = pa.array(sorted(_asked(workspace)), pa.string())
    mine = pc.and_(
        pc.is_in(documents["doc_id"], tasks["doc_id"].combine_chunks()),
        pc.invert(pc.is_in(documents["doc_id"], asked)),
    )
    documents, before = documents.filter(mine), documents.filter(pc.is_in(documents["doc_id"], asked))
    if not documents.num_rows:
        return False
    parts = workspace.samples.parts()
    batch = len(parts) + 1
    last = {row["doc_id"]: row for row in (parts[-1].read("chances") if parts else empty("chances")).to_pylist()}
    progress("choosing", 0, 2)
    doc_ids = documents["doc_id"].to_pylist()
    texts = [*documents["text"].to_pylist(), *before["text"].to_pylist()]
    found = clusters(texts, most=max(settings.size, _FEWEST_CLUSTERS))
    stories = _stories(workspace)
    candidates = Candidates(
        doc_ids=np.array(doc_ids, np.str_),
        strata=strata(documents, settings.strata),
        clusters=found[: len(doc_ids)],
        stories=np.array([stories.get(one, one) for one in doc_ids], np.str_),
        missed=np.array([1 - last[one]["by_now"] if one in last else 1.0 for one in doc_ids]),
        scores=_scores(workspace, documents, before, found.tolist(), made),
    )
    progress("choosing", 1, 2)
    seen = [stories.get(one, one) for one in before["doc_id"].to_pylist()]
    choice = choose(candidates, before=seen, plan=plan_of(workspace.settings.sample), batch=batch)
    since = {one: last[one]["since"] if one in last else batch for one in doc_ids}
    revisions = dict(zip(doc_ids, documents["revision"].to_pylist(), strict=True))
    tables = {
        "samples": _samples(workspace, choice, batch=batch, since=since, revisions=revisions),
        "chances": _chances(choice, since),
    }
    workspace.samples.append(tables, {"stage": "sample", "batch": batch})
    progress("choosing", 2, 2)
    return True


def plan_of(one: SampleSettings) -> Plan:
    """Give the plan that settings say."""
    return Plan(one.size, asdict(one.weights), one.random, one.floor, one.breadth, one.even, one.further, one.seed)


def _scores(
    workspace: Workspace, documents: pa.Table, before: pa.Table, found: Sequence[int], made: Suggested
) -> Mapping[str, Floats]:
    """Score these documents by each strategy that has a weight; ``found`` are their clusters, and then those of documents before."""
    size, weights = workspace.settings.sample.size, workspace.settings.sample.weights
    doc_ids = documents["doc_id"].to_pylist()
    of = made.read().spans
    said = {}
    if weights.representative:
        said["representative"] = representative(
            documents["text"].to_pylist(),
            before=before["text"].to_pylist(),
            costs=scores.labels_to_make(doc_ids, of) if of.num_rows else _words(documents),
            most=2 * size,
        )
    if weights.uncertainty:
        said["uncertainty"] = _doubt(workspace, documents, of, made.used) / scores.labels_to_make(doc_ids, of)
    if weights.disagreement:
        said["disagreement"] = scores.disagreement(doc_ids, of, suggesters=len(made.used))
    if weights.rare:
        agreed = Counter(workspace.agreed.read("agreed_spans", columns=["label"])["label"].to_pylist())
        said["rare"] = scores.rarity(doc_ids, of, agreed=agreed)
    if weights.diversity:
        said["diversity"] = scores.novelty(found[: len(doc_ids)], before=found[len(doc_ids) :])
    return said


def _doubt(workspace: Workspace, documents: pa.Table, spans: pa.Table, used: Sequence[Used]) -> Floats:
    """Give of how many words those suggesters are unsure that can say so, or else what the scores of suggestions say."""
    doc_ids = documents["doc_id"].to_pylist()
    able = [one for one in used if issubclass(suggester_class(one.name), Unsure)]
    if not able:
        return scores.doubt(doc_ids, spans)
    said: dict[str, float] = {}
    work = partial(_unsure, workspace=workspace, used=able)
    for one in run(work, sources_of(workspace.documents), options=engine_of(workspace)):
        said |= one
    return np.array([said[one] for one in doc_ids], np.float64) * _words(documents)


def _words(documents: pa.Table) -> Floats:
    return np.asarray(pc.add(pc.count_substring(documents["text"], " "), 1).to_numpy(), dtype=np.float64)


def _unsure(source: Source, _watch: Watch, *, workspace: Workspace, used: Sequence[Used]) -> dict[str, float]:
    """Ask suggesters how unsure they are of the documents of a part, in whatever process."""
    documents, zones = source.read("documents", SHOWN), zones_in(workspace, source.part)
    made = (suggester_class(one.name)(one.setup) for one in used)
    said = [one.uncertainty(documents, zones=zones) for one in made if isinstance(one, Unsure)]
    return dict(zip(documents["doc_id"].to_pylist(), np.mean(said, axis=0).tolist(), strict=True))


def _stories(workspace: Workspace) -> dict[str, str]:
    copies = workspace.copies.read("copies", columns=["doc_id", "story_id"])
    return dict(zip(copies["doc_id"].to_pylist(), copies["story_id"].to_pylist(), strict=True))


def _samples(
    workspace: Workspace, choice: Choice, *, batch: int, since: Mapping[str, int], revisions: Mapping[str, int]
) -> pa.Table:
    """Give the rows of what was chosen, in the order of their rank."""
    settings, now = workspace.settings.sample, datetime.now(UTC)
    chosen = np.flatnonzero(choice.ranks)
    rows: list[_Row] = []
    for row in chosen[np.argsort(choice.ranks[chosen])].tolist():
        own = choice.inclusion[str(choice.slices[row])]
        doc_id = str(choice.candidates.doc_ids[row])
        rows.append(
            {
                "doc_id": doc_id,
                "revision": revisions[doc_id],
                "batch": batch,
                "rank": int(choice.ranks[row]),
                "slice": str(choice.slices[row]),
                "strategy": RANDOM if choice.slices[row] == RANDOM else str(choice.strategies[row]),
                "score": float(choice.scores[row]),
                "cluster": int(choice.candidates.clusters[row]),
                "stratum": str(choice.candidates.strata[row]),
                "inclusion": float(own[row]),
                "by_now": float(choice.by_now[row]),
                "since": since[doc_id],
                "spread": spread(own[~np.isnan(own)]),
                "seed": settings.seed,
                "chosen_at": now,
            }
        )
    whose = _annotators([str(row["doc_id"]) for row in rows], settings.quotas, key=(settings.seed, batch))
    return from_rows("samples", [{**row, "annotator": whose.get(row["doc_id"])} for row in rows])


def _chances(choice: Choice, since: Mapping[str, int]) -> pa.Table:
    doc_ids = choice.candidates.doc_ids.tolist()
    columns = {"doc_id": doc_ids, "since": [since[one] for one in doc_ids], "by_now": choice.by_now}
    columns |= {name: pa.array(one, from_pandas=True) for name, one in choice.inclusion.items()}
    schema = empty("chances").schema
    return pa.table([pa.array(columns.get(field.name, [None] * len(doc_ids)), field.type) for field in schema], schema)


def _annotators(doc_ids: Sequence[str], quotas: Sequence[str], *, key: tuple[object, ...]) -> dict[str, str]:
    """Deal the documents of a batch out by lot, to each as many as their quota says; what is left is for everybody."""
    dealt: list[str] = []
    for quota in quotas:
        name, _, number = quota.rpartition(" ")
        if not name.strip() or not number.isdecimal():
            raise ConfigError(f"{quota!r} is no quota @ $.sample.quotas", fix='give a name and a number: "noor 20"')
        dealt += [name.strip()] * int(number)
    return dict(zip(sorted(doc_ids, key=lambda one: keyed(*key, "quota", one)), dealt, strict=False))


def _report(workspace: Workspace, chosen: bool | None) -> Report:
    """Tell what was chosen last; ``chosen`` is false where nothing was left, and empty where the last batch is not read."""
    rows = workspace.samples.read("samples")
    last = max(rows["batch"].to_pylist(), default=0)
    waiting = waiting_samples(workspace)
    batch = rows.filter(pc.equal(rows["batch"], last)).to_pylist()
    counts = {"batches": last, "chosen": rows.num_rows, "not read yet": waiting.num_rows, "in this batch": len(batch)}
    lines: tuple[str, ...] = ()
    if batch:
        why = Counter(row["strategy"] for row in batch)
        lines += (f"batch {last}: " + ", ".join(f"{n} by {name}" for name, n in sorted(why.items())),)
    whose = Counter(row["annotator"] for row in batch if row["annotator"])
    lines += tuple(f"for {name}: {number} documents" for name, number in sorted(whose.items()))
    if chosen is None:
        lines += (f"{waiting.num_rows} chosen documents are not read yet (fix: pull, or choose more with --more)",)
    elif not chosen:
        lines += ("there is no document left that nobody was asked about",)
    data = {"batch": last, "documents": [row["doc_id"] for row in batch]}
    return Report("sample", {name: n for name, n in counts.items() if n}, changed=bool(chosen), lines=lines, data=data)
