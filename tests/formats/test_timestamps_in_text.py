"""Timestamps as people and programs write them in text, the usual spellings mixed with rare ones."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from pipeproof.formats.casts import cast_to
from pipeproof.model.contract import Column, TableSchema

TIMESTAMPS = TableSchema((Column("at", "timestamp"),))
MOMENT = dt.datetime(2024, 5, 1, 10, 20, 30)  # noqa: DTZ001 timestamps without a zone are the case
SPELLINGS = {
    "2024-05-01T10:20:30": MOMENT,
    "2024-05-01 10:20:30": MOMENT,
    "2024-05-01  10:20:30": MOMENT,
    "2024-05-01T 10:20:30": None,
    " 2024-05-01T10:20:30.250 ": MOMENT.replace(microsecond=250_000),
    "2024-05-01 10:20:30.25": MOMENT.replace(microsecond=250_000),
    "2024-05-01T10:20": MOMENT.replace(second=0),
    "2024-05-01 10:20": MOMENT.replace(second=0),
    "2024-05-01": MOMENT.replace(hour=0, minute=0, second=0),
    "2024-05-01T25:00:00": None,
    "2024-13-01 10:20:30": None,
    "2024-05-01T10:20:30Z": None,
    "tomorrow": None,
}


@pytest.mark.parametrize("first", [text for text in SPELLINGS if not text.endswith("Z")])
def test_each_spelling_is_read_whichever_stands_first(first):
    texts = [first, *(text for text in SPELLINGS if text != first)]
    got = cast_to(pl.LazyFrame({"at": texts}), TIMESTAMPS).frame.collect()["at"]
    assert got.to_list() == [SPELLINGS[text] for text in texts]
