"""Datatrove's side of ``curation.py``, run in its own environment: read JSON Lines, repair with ftfy, filter, write Parquet.

``python curation_peer.py FILE STEPS`` (``repair``, or ``repair-and-redact`` for e-mail and IP addresses as well) prints the CPU seconds of the run, without those of its imports.
"""

import sys
import tempfile
import time
from pathlib import Path

import ftfy
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import ParquetWriter
from loguru import logger


def main(file: Path, steps: str, folder: Path) -> None:
    logger.remove()
    ftfy.fix_text("é")  # the first call reads its tables
    begin = time.process_time()
    pipeline = [
        JsonlReader(str(file.parent), glob_pattern=file.name),
        FTFYFormatter(),
        *([PIIFormatter()] if steps == "repair-and-redact" else []),
        LambdaFilter(lambda document: 20 <= len(document.text.split()) <= 100_000),
        ParquetWriter(str(folder / "documents")),
    ]
    LocalPipelineExecutor(pipeline=pipeline, tasks=1, logging_dir=str(folder / "logs")).run()
    print(time.process_time() - begin)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(sys.argv[1]), sys.argv[2], Path(scratch))
