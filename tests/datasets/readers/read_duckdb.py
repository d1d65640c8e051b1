import duckdb
from said import each_file, say


def read(path):
    frame = duckdb.sql(f"SELECT * FROM '{path}'").df()
    return list(frame.columns), frame.to_dict("records")


say(duckdb, each_file(read))
