import pandas
from said import each_file, say


def read(path):
    frame = pandas.read_parquet(path)
    return list(frame.columns), frame.to_dict("records")


say(pandas, each_file(read))
