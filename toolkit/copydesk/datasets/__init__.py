"""Datasets: agreed labels go in, immutable versions of Parquet files come out, and are found, loaded and checked again.

``publish.publish`` writes a version, ``load.load`` reads a table of one, ``load.verify`` checks one file by file.
"""
