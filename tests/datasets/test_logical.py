"""The logical digest: what counts as the same data."""

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.datasets.logical import logical_digest

LEAF = pa.struct([pa.field("n", pa.string()), pa.field("v", pa.list_(pa.int64()))])
KIND = pa.schema(
    [
        pa.field("s", pa.string()),
        pa.field("i", pa.int32()),
        pa.field("b", pa.bool_()),
        pa.field("f", pa.float64()),
        pa.field("t", pa.timestamp("us", tz="UTC")),
        pa.field("l", pa.list_(LEAF)),
    ]
)
WORD = st.none() | st.text(st.sampled_from("aé🚢\n"), max_size=3)
ROW = st.fixed_dictionaries(
    {
        "s": WORD,
        "i": st.none() | st.integers(-3, 3),
        "b": st.none() | st.booleans(),
        "f": st.none() | st.sampled_from([0.0, 1.5]),
        "t": st.none() | st.integers(0, 3),
        "l": st.none()
        | st.lists(
            st.none()
            | st.fixed_dictionaries({"n": WORD, "v": st.none() | st.lists(st.none() | st.integers(0, 2), max_size=2)}),
            max_size=2,
        ),
    }
)


@settings(deadline=None)
@given(st.lists(ROW, max_size=6), st.integers(0, 6), st.data())
def test_the_logical_digest_sees_values_and_nothing_of_their_encoding(tmp_path_factory, rows, cut, data):
    table = pa.Table.from_pylist(rows, schema=KIND)
    twice = pa.concat_tables([table, table]).combine_chunks().slice(table.num_rows)
    assert logical_digest(pa.concat_tables([table.slice(0, cut), twice.slice(cut)])) == logical_digest(table)
    path = tmp_path_factory.getbasetemp() / "digest.parquet"
    pq.write_table(table, path, compression="none", row_group_size=2, use_dictionary=False)
    assert logical_digest(pq.read_table(path)) == logical_digest(table)
    others = data.draw(st.lists(ROW, max_size=6))
    other = pa.Table.from_pylist(others, schema=KIND)
    assert (logical_digest(other) == logical_digest(table)) == (other.to_pylist() == table.to_pylist())


def test_the_logical_digest_sees_names_types_and_what_may_be_empty():
    table = pa.table({"a": pa.array([1, 2], pa.int64())})
    renamed = table.rename_columns(["b"])
    retyped = table.cast(pa.schema([("a", pa.int32())]))
    strict = table.cast(pa.schema([pa.field("a", pa.int64(), nullable=False)]))
    digests = {logical_digest(one) for one in (table, renamed, retyped, strict)}
    assert len(digests) == 4
