"""What ingest makes: articles, the documents made of them, how, and what was set aside."""

from __future__ import annotations

import pyarrow as pa

from copydesk.model.tables.column import INSTANT, NAMES, maybe, schema

# What the ingest log holds: every article read, the documents made of them, and how.
ARTICLES = schema(
    source=pa.string(),  # names the article for ever: a path in the workspace, a URL, or a place in a container
    container=maybe(pa.string()),  # address of the file that it came in; its own where it is a file by itself
    place=maybe(pa.string()),  # in that file: "line 17", "row 5", "entry 3", "record 12", or an archive member's path
    raw_sha256=pa.string(),
    bytes=pa.int64(),
    format=maybe(pa.string()),  # text, html
    encoding=maybe(pa.string()),  # a Python codec name: raw.decode(encoding) is the decoded article
    raw=maybe(pa.binary()),  # left out for a file past the size limit
    title=maybe(pa.string()),  # this and all that follows: as the container states it
    authors=maybe(NAMES),
    language=maybe(pa.string()),
    url=maybe(pa.string()),
    publisher=maybe(pa.string()),
    published_at=maybe(INSTANT),
    retrieved_at=maybe(INSTANT),
    licence=maybe(pa.string()),
)
DOCUMENTS = schema(
    doc_id=pa.string(),  # survives revisions: made from the source's identity
    revision=pa.int32(),  # counts from 1
    text_sha256=pa.string(),  # of the text's UTF-8
    source=pa.string(),
    raw_sha256=pa.string(),
    title=maybe(pa.string()),
    authors=maybe(NAMES),  # empty where nothing names them
    language=maybe(pa.string()),  # ISO 639-1; empty for a text too short to tell
    url=maybe(pa.string()),
    publisher=maybe(pa.string()),
    published_at=maybe(INSTANT),
    licence=maybe(pa.string()),
    recipe=pa.string(),  # name and version of the rules that made this text
    text=pa.string(),
)
ZONES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    seq=pa.int32(),
    kind=pa.string(),  # one of model.document.ZONE_KINDS
    start=pa.int64(),
    end=pa.int64(),
    rule=pa.string(),  # the rule that found it
    speaker_start=maybe(pa.int64()),  # of a quote
    speaker_end=maybe(pa.int64()),
)
EDITS = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    seq=pa.int32(),
    start=pa.int64(),  # into the decoded article
    end=pa.int64(),
    removed=pa.string(),  # article[start:end]
    inserted=pa.string(),
    rule=pa.string(),
)
# Of each revision of a document: what the search for copies needs to know (documents/copies says how it is made).
SKETCHES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    published_at=maybe(INSTANT),
    outlet=maybe(pa.string()),  # the publisher, casefolded, or else the address's host
    body_sha256=pa.string(),  # of the UTF-8 of the body's letters and digits, casefolded
    words=pa.int64(),  # of the body
    shingles=pa.int64(),  # runs of three words, with repetitions
    signature=pa.binary(512),  # one-permutation MinHash: 128 bins, little-endian uint32
    runs=pa.list_(pa.int64()),  # marks of runs of eight words, in their order
    lines=pa.list_(pa.int64()),  # the digest of each line with a word, in order
    line_words=pa.list_(pa.int32()),
)
# Of each document: the story that it tells, and whose copy it is.
COPIES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),  # the newest
    story_id=pa.string(),  # the same for a canonical member and its copies, each of which shares text with it
    group_id=pa.string(),  # the same for all that a chain of links joins: what a split must keep together
    canonical_doc_id=pa.string(),  # itself, where it is nobody's copy
    kind=pa.string(),  # original, exact, near, contained, related
    jaccard=maybe(pa.float64()),  # with the canonical member; of a copy alone, as all that follows
    containment=maybe(pa.float64()),  # share of the shorter body that the other holds
    shared_shingles=maybe(pa.int64()),
    own=maybe(pa.float64()),  # share of its own shingles that the canonical member has not
    copies=pa.int64(),  # of a canonical member: how many it has
)
SENTENCES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    seq=pa.int32(),
    start=pa.int64(),
    end=pa.int64(),
)
# Of each revision of a document: the lines at its ends, as documents/repeated says; none of a page, whose markup tells.
EDGES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    article=pa.int64(),  # digest of the article's bytes
    lines=pa.list_(pa.int64()),  # digests of its source, and of each line with its end and the source
)
# The lines that open or close many articles of a source.
REPEATED = schema(
    line=pa.int64(),  # as in edges
    documents=pa.int64(),  # articles that have it there
    of=pa.int64(),  # articles of the source
)
# The titles of documents whose first block turned out to be such a line.
TITLES = schema(
    doc_id=pa.string(),
    revision=pa.int32(),
    title=maybe(pa.string()),
)
REJECTED = schema(
    stage=pa.string(),
    item=pa.string(),  # what was rejected, as a person would name it
    doc_id=maybe(pa.string()),
    reason=pa.string(),  # a short fixed code, such as "nul-byte"
    detail=pa.string(),  # one sentence: the value, the place, the fix
    row=pa.string(),  # the input's columns as JSON
)
INGESTED = schema(  # one row for each row of articles: what the next ingest compares
    doc_key=pa.uint64(),  # digest of the source, as in doc_id
    article_key=pa.uint64(),  # digest of what was read: the article and why it was rejected
    document_key=maybe(pa.uint64()),  # digest of what its document says; empty where it was rejected
    revision=maybe(pa.int32()),  # of the document that says so
)
INPUTS = schema(  # one row for each file or stretch of a file that was read to its end
    address=pa.string(),
    stretch=pa.string(),  # empty for a whole file, otherwise "<first byte>-<byte after the last>"
    input_key=pa.string(),  # digest of its bytes, of what is known of its origin, and of how it was read
    bytes=pa.int64(),
    entries=pa.int64(),  # articles in it: kept + rejected
    rejected=pa.int64(),
)
