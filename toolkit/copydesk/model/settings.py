"""The settings of a workspace: what ``copydesk.toml`` may say, and what holds where it says nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, TypeVar, cast

from copydesk.errors import ConfigError
from copydesk.model.name import NAME_RULE, is_name
from copydesk.model.reading import Columns, Limits, ReadOptions

_Kind = TypeVar("_Kind")
CURRENT = (
    "documents",
    "labels",
    "agreed",
)  # the gates of what a workspace holds now: after ingest, after pull, after agree
_KINDS = {tuple: "a list of texts", int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def _within(default: float, least: float, most: float) -> Any:
    """A setting that is a number from ``least`` to ``most``, both included."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """``[ingest]``: what is read where a command names no path, and the limits."""

    paths: tuple[str, ...] = ("seeds",)
    max_bytes: int = _within(20_000_000, 1, 2_000_000_000)  # an article is held in memory as one value
    max_chars: int = _within(1_000_000, 1, 2_000_000_000)
    max_rejected: float = _within(0.5, 0, 1)  # share of the articles; more is a failure (exit 1)
    max_whole_bytes: int = _within(100_000_000, 1, 2_000_000_000)  # of a feed or a JSON object, which is held in memory
    max_entries: int = _within(50_000_000, 1, 10**12)  # of one input
    max_depth: int = _within(100, 1, 500)  # of values in values
    max_ratio: int = _within(300, 1, 1_000_000)  # bytes that compressed data may give for each of its own
    max_expanded_bytes: int = _within(10**12, 1, 10**15)  # that one input may give in all
    max_download_bytes: int = _within(2_000_000_000, 1, 10**12)  # of one https answer
    max_download_seconds: int = _within(600, 1, 86_400)
    columns: Columns = field(default_factory=Columns)  # [ingest.columns]: which column of a table is what

    @property
    def read_options(self) -> ReadOptions:
        """What the readers are told."""
        return ReadOptions(Limits(**{one.name: getattr(self, one.name) for one in fields(Limits)}), self.columns)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """``[engine]``: where the work of ingest is done: ``processes``, ``inline`` or ``spark``."""

    name: str = "processes"
    workers: int = _within(0, 0, 1_000)  # processes that work at once; 0: one for each processor
    seconds: float = _within(60.0, 0.1, 86_400)  # that one article may take
    master: str = ""  # Spark's; empty: what Spark itself was told, or else this machine


@dataclass(frozen=True, slots=True)
class StudioSettings:
    """``[studio]``: which Label Studio. Without ``url`` it is the embedded one; a token comes from the environment."""

    url: str = ""
    database: str = ""  # of the embedded one, as postgresql://user@host/name; empty: a file of SQLite in the workspace
    project: str = ""  # title; by default the workspace's name and the schema's
    annotators_per_task: int = _within(2, 1, 1_000)
    overlap: float = _within(1.0, 0, 1)  # share of the documents that so many label; the others are labelled by one
    timeout: int = _within(300, 1, 86_400)  # seconds
    connect_timeout: int = _within(10, 1, 86_400)  # seconds until a server takes the call
    ca_bundle: str = ""  # PEM file of who signed the server's certificate; empty: the usual ones
    verify: bool = True  # there for those who look for it: certificates are always verified
    proxy: str = ""  # empty: as the environment says; "none": no proxy
    untested: bool = False  # work also with releases and editions that Copydesk was never tried with
    project_tasks: int = _within(20_000, 1, 10_000_000)  # beyond that many, there is a second project, and so on
    window_chars: int = _within(20_000, 100, 2_000_000_000)  # a longer text is sent in windows, a task for each
    max_returns: int = _within(3, 1, 1_000)  # how often one task is given back to one person
    send_copies: bool = False  # send copies of other documents to annotators, too


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """``[watch]``: how often ``copydesk watch`` looks; the pause doubles from ``interval`` while the server does not answer."""

    interval: float = _within(30.0, 0.1, 86_400)  # seconds
    longest: float = _within(300.0, 0.1, 86_400)  # seconds


@dataclass(frozen=True, slots=True)
class AgreeSettings:
    """``[agree]``: what makes a label hold. A model decides from three readers up; with fewer, and with too little to learn from, votes do."""

    method: str = "span_ds"  # vote, unanimous, span_ds, bsc_seq
    min_votes: int = _within(1, 1, 1_000)
    min_share: float = _within(0.5, 0, 1)  # of the readers; more than that
    snap: bool = True  # spans are put on whole words first
    ground_truth: bool = (
        False  # what one annotation of a document is marked as in Label Studio is its truth, whatever others say
    )


@dataclass(frozen=True, slots=True)
class AdjudicateSettings:
    """``[adjudicate]``: beyond what a document is tangled, and decided as a whole instead of conflict by conflict."""

    dense: float = _within(20.0, 0, 1_000)  # conflicts per 1,000 characters; a shorter text counts as one of 1,000
    candidates: int = _within(6, 1, 1_000)  # spans of one conflict


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """``[quality]``: what newcomers' work counts for who were told to qualify on gold (``copydesk quality qualify``)."""

    qualifying_votes: bool = False  # what they read to qualify votes as any other reading
    newcomers_vote: bool = False  # what else they read votes before they have passed


@dataclass(frozen=True, slots=True)
class PublishSettings:
    """``[publish]``: what the data card says beside the figures, and how documents are divided."""

    description: str = ""
    licence: str = "other"
    language: tuple[str, ...] = ("en",)
    validation: float = _within(0.1, 0, 1)  # share of the documents that is drawn for validation
    test: float = _within(0.1, 0, 1)  # and for test; what was drawn stays
    split_key: str = ""  # another key is another draw, of documents that are in no version yet
    stratify: str = ""  # publisher, year or language: the shares hold within each
    pictures: bool = True  # the card's, as files beside it
    store: str = ""  # where datasets lie, such as s3://news/datasets; empty: in the workspace's folder datasets


@dataclass(frozen=True, slots=True)
class ValidationSettings:
    """``[validation]``: suites and expectations of one's own, and the thresholds that suites name as ``$PARAMETER``."""

    gates: tuple[str, ...] = field(
        default=(), metadata={"choices": CURRENT}
    )  # that ingest, pull and agree judge at their end
    suites: tuple[str, ...] = ()  # more folders of suites, from the workspace
    modules: tuple[str, ...] = ()  # with expectations: files from the workspace (x.py), or names of modules
    min_chars: int = _within(1, 0, 2_000_000_000)  # of a document
    max_chars: int = _within(1_000_000, 1, 2_000_000_000)
    min_agreement: float = _within(0.0, 0, 1)  # span_f1_exact of each label; 0: no floor
    max_shift: float = _within(0.1, 0, 1)  # of a label's share of all labels, from one version to the next
    max_loss: float = _within(0.1, 0, 1)  # share of a label's rows that may go from one version to the next
    quote_words: int = _within(40, 5, 10_000)  # so many words in a row that stand in two splits are a leak

    @property
    def parameters(self) -> dict[str, object]:
        """The thresholds by the names that suites know them by."""
        return {one.name: getattr(self, one.name) for one in fields(self) if type(one.default) is not tuple}


@dataclass(frozen=True, slots=True)
class SuggestSettings:
    """``[suggest]``: what suggests, and in what tasks annotators are to see nothing of it."""

    use: tuple[str, ...] = (
        "rules",
        "seen",
        "copies",
        "tagger",
    )  # what there is nothing to learn from yet suggests nothing
    bare: float = _within(
        0.0, 0, 1
    )  # share of the documents that are sent without, to see what suggestions do to people
    least: float = _within(0.0, 0, 1)  # score
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)  # [suggest.options.NAME]


@dataclass(frozen=True, slots=True)
class StrategyWeights:
    """``[sample.weights]``: how much each strategy counts beside the others; 0 leaves it out."""

    representative: float = _within(0.0, 0, 1_000)  # words that many documents have and few chosen ones, for each label
    uncertainty: float = _within(1.0, 0, 1_000)  # how unsure suggesters that learn are of a document
    disagreement: float = _within(0.0, 0, 1_000)  # of several suggesters
    diversity: float = _within(0.0, 0, 1_000)  # of what kinds of texts few were chosen yet
    rare: float = _within(0.0, 0, 1_000)  # labels are suggested of which few are agreed yet


@dataclass(frozen=True, slots=True)
class SampleSettings:
    """``[sample]``: which documents are labelled next. Without ``size`` all are, in no order."""

    size: int = _within(0, 0, 1_000_000)  # documents of a batch
    random: float = _within(0.1, 0, 1)  # share of a batch that is drawn at random alone, for evaluation
    floor: float = _within(0.05, 0.001, 1)  # share of the probability that is spread evenly; with 1 all is
    breadth: float = _within(0.1, 0.1, 1_000)  # by how many batches' places probabilities fall by a factor of e
    strata: tuple[str, ...] = ()  # publisher, month, length, language
    even: float = _within(0.0, 0, 1)  # 0: strata as in the corpus, 1: as much of each
    further: float = _within(0.25, 0, 1)  # what each further document of a story is worth beside the one before
    seed: int = _within(0, 0, 2**31)  # another seed is another choice
    quotas: tuple[str, ...] = ()  # such as "noor 20": how many documents of a batch are for whom
    weights: StrategyWeights = field(default_factory=StrategyWeights)


@dataclass(frozen=True, slots=True)
class Settings:
    """``copydesk.toml``, read and checked."""

    name: str
    schema: str
    schemas: tuple[str, ...] = ()  # more of them: the documents are labelled under each
    ingest: IngestSettings = field(default_factory=IngestSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    studio: StudioSettings = field(default_factory=StudioSettings)
    publish: PublishSettings = field(default_factory=PublishSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    agree: AgreeSettings = field(default_factory=AgreeSettings)
    validation: ValidationSettings = field(default_factory=ValidationSettings)
    adjudicate: AdjudicateSettings = field(default_factory=AdjudicateSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    suggest: SuggestSettings = field(default_factory=SuggestSettings)
    sample: SampleSettings = field(default_factory=SampleSettings)


def read_settings(data: Mapping[str, Any], *, place: str) -> Settings:
    """Read the parsed ``copydesk.toml``, which ``place`` names in errors.

    Raises ConfigError that lists everything wrong at once.
    """
    sections = {
        "ingest": IngestSettings,
        "engine": EngineSettings,
        "studio": StudioSettings,
        "publish": PublishSettings,
        "watch": WatchSettings,
        "agree": AgreeSettings,
        "validation": ValidationSettings,
        "adjudicate": AdjudicateSettings,
        "quality": QualitySettings,
        "suggest": SuggestSettings,
        "sample": SampleSettings,
    }
    wrong = [f"unknown key {key!r} @ $" for key in data if key not in {"name", "schema", "schemas", *sections}]
    wrong += [fault for key in ("name", "schema") for fault in _name_faults(data, key)]
    schemas = data.get("schemas", [])
    if not isinstance(schemas, list) or not all(isinstance(one, str) and is_name(one) for one in schemas):
        wrong.append(f"expected a list of names of folders @ $.schemas ({NAME_RULE}), found {_shown(schemas)}")
    made = {name: _section(kind, data.get(name, {}), f"$.{name}", wrong) for name, kind in sections.items()}
    if wrong:
        raise ConfigError(
            f"{place}: " + "; ".join(wrong), fix="correct these keys; docs/reference/settings.md lists them"
        )
    return Settings(name=data["name"], schema=data["schema"], schemas=tuple(schemas), **made)


def _name_faults(data: Mapping[str, Any], key: str) -> Iterator[str]:
    if key not in data:
        yield f"missing {key!r} @ $"
    elif not isinstance(data[key], str):
        yield f"expected text @ $.{key}, found {_shown(data[key])}"
    elif not is_name(data[key]):
        yield f"expected a name of a folder @ $.{key} ({NAME_RULE}), found {_shown(data[key])}"


def read_section(kind: type[_Kind], data: Mapping[str, object], *, place: str) -> _Kind:
    """Read a table of settings as a dataclass whose defaults say what each of them must be.

    ``place`` is its path in ``copydesk.toml``. Raises ConfigError that lists everything wrong at once.
    """
    wrong: list[str] = []
    made: _Kind = _section(kind, data, f"$.{place}", wrong)
    if wrong:
        raise ConfigError("copydesk.toml: " + "; ".join(wrong), fix="correct these keys")
    return made


def _section(kind: type[Any], data: object, place: str, wrong: list[str]) -> Any:
    if not isinstance(data, Mapping):
        wrong.append(f"expected a table @ {place}, found {_shown(data)}")
        return kind()
    known = {one.name: one for one in fields(kind)}
    given: dict[str, Any] = {}
    for key, value in data.items():
        if key in known and known[key].default_factory is dict:
            given[key] = _tables(value, f"{place}.{key}", wrong)
        elif key in known and known[key].default_factory is not MISSING:
            given[key] = _section(cast("type[Any]", known[key].default_factory), value, f"{place}.{key}", wrong)
        elif key not in known:
            wrong.append(f"unknown key {key!r} @ {place} (known: {', '.join(known)})")
        elif expected := _expected(value, known[key]):
            wrong.append(f"expected {expected} @ {place}.{key}, found {_shown(value)}")
        else:
            given[key] = tuple(value) if isinstance(value, list) else value
    return kind(**given)


def _tables(data: object, place: str, wrong: list[str]) -> Mapping[str, Mapping[str, object]]:
    """Take tables whose names are not known here; who reads them says what may be in them."""
    if isinstance(data, Mapping) and all(isinstance(one, Mapping) for one in data.values()):
        return data
    wrong.append(f"expected tables @ {place}, found {_shown(data)}")
    return {}


def _expected(value: Any, setting: Field[Any]) -> str:
    """Say what a setting must be, in the words of TOML, where this value is not that; empty where it is."""
    expected = _KINDS[type(setting.default)]
    if not _fits(value, setting.default):
        return expected
    choices = setting.metadata.get("choices")
    if choices and not set(value) <= set(choices):
        return f"a list of {', '.join(choices)}"
    least, most = setting.metadata.get("least"), setting.metadata.get("most")
    if least is None or least <= value <= most:  # nan is in no range
        return ""
    return f"{expected} from {least} to {most}"


def _shown(value: object) -> str:
    """Write a value much as TOML does."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _fits(value: object, default: object) -> bool:
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
