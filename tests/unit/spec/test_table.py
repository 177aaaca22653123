"""Rows of the files that a spec names."""

from __future__ import annotations

from io import BytesIO

import pyarrow
import pytest
from pyarrow import parquet

from planner.spec.report import Report
from planner.spec.table import TableError, read_table


def test_rows_keep_their_lines() -> None:
    report = Report()
    table = read_table("a.csv", b'\xef\xbb\xbfa, b\n1,"x\ny"\n\n2,z\n', "csv", report)
    assert table is not None
    assert table.columns == ("a", "b")
    assert table.rows == (("1", "x\ny"), ("2", "z"))
    assert table.lines == (3, 5)


def test_objects_need_not_have_the_same_keys() -> None:
    table = read_table("a.jsonl", b'{"a": 1}\n{"b": [2], "a": null}\n', "jsonl", Report())
    assert table is not None
    assert table.columns == ("a", "b")
    assert table.rows == ((1, None), (None, [2]))


def test_parquet_is_read() -> None:
    stream = BytesIO()
    parquet.write_table(pyarrow.table({"t": [0.5, 1.5], "n": [3, None]}), stream)
    table = read_table("a.parquet", stream.getvalue(), "parquet", Report())
    assert table is not None
    assert table.rows == ((0.5, 3), (1.5, None))
    with pytest.raises(TableError, match="is no parquet file"):
        read_table("a.parquet", b"PAR1", "parquet", Report())
