import polars
from said import each_file, say


def read(path):
    frame = polars.read_parquet(path)
    return frame.columns, frame.to_dicts()


say(polars, each_file(read))
