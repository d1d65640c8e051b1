import pyspark
from pyspark.sql import SparkSession
from said import each_file, say

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")  # it starts in half the time
    .getOrCreate()
)


def read(path):
    frame = spark.read.parquet(path)
    return frame.columns, [row.asDict(recursive=True) for row in frame.collect()]


say(pyspark, each_file(read))
