"""What is wrong with the items of a step is told before anything runs, at its place and with what was meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeproof.project import examine

PIPELINE = """\
parameters: {{origins: "EWR,JFK", start: 2026-01-01}}
sources:
  flights: {{path: flights.csv, contract: {{columns: {{origin: string, delay: integer}}}}}}
  planes: planes.csv
workflow:
  name: flow
  steps:
    - {{name: names, type: python, config: {{function: "code.py:names"}}}}
    - name: late
      type: python
      foreach: {items}
      {more}
      config: {{function: "code.py:late", inputs: [flights]}}
    - {{name: instead, type: python, config: {{function: "code.py:names", output_name: late}}}}
"""
PLACE = "flow.yaml:11"

Tell = Callable[..., list[str]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Return what is said of a pipeline whose step has these items."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code.py").write_text(
        "def names():\n    return ['a']\n\ndef late(flights, item):\n    return item\n"
    )
    for name in ("flights", "planes"):
        (tmp_path / f"{name}.csv").write_text("origin,delay\nEWR,1\n")

    def tell(items: str, more: str = "", *, instead: bool = False) -> list[str]:
        text = PIPELINE.format(items=items, more=more)
        kept = [line for line in text.splitlines() if line.strip() and (instead or "instead" not in line)]
        (tmp_path / "flow.yaml").write_text("\n".join(kept) + "\n")
        return [
            f"{finding.where.file}:{finding.where.line} {finding.code} {finding.what}; {finding.fix}"
            for finding in examine("flow.yaml").findings
            if finding.severity == "error" and finding.where is not None
        ]

    return tell


@pytest.mark.parametrize(
    "items",
    [
        "[EWR, JFK]",
        '"{origins}"',
        "names",
        "{first: 2026-01-01, last: 2026-01-31}",
        '{first: "{start}", last: 2026-01-31}',
        "{table: flights, by: origin}",
        "{dataset: names}",
        "[]",
    ],
)
def test_items_that_can_be_are_fine(told: Tell, items: str) -> None:
    assert told(items) == []


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ("nmaes", "takes its items from 'nmaes', which nobody makes; did you mean 'names'?"),
        (
            "{table: planes, by: origin}",
            "splits the table 'planes', which it does not read; known: flights",
        ),
        (
            "{table: flihgts, by: origin}",
            "splits the table 'flihgts', which it does not read; did you mean 'flights'?",
        ),
        (
            "{table: flights, by: orgin}",
            "splits flights by 'orgin', which it does not have; did you mean 'origin'?",
        ),
        ("[EWR, EWR]", "twice"),
        ("[[EWR], JFK]", "this is a list"),
        ("{first: 2026-02-01, last: 2026-01-01}", "2026"),
        ("{first: 1900-01-01, last: 2026-01-01}", "10,000"),
    ],
)
def test_items_that_cannot_be_are_told_at_their_place(told: Tell, items: str, says: str) -> None:
    (line,) = told(items)
    assert line.startswith(PLACE)
    assert says in line


def test_a_fallback_cannot_stand_in_for_some_of_the_items(told: Tell) -> None:
    (line,) = told("[EWR, JFK]", "on_failure: instead", instead=True)
    assert (
        "has a fallback, which cannot stand in for a part of its items; mark the step `optional: true`"
        in line
    )
    assert line.startswith("flow.yaml:12 PPF568")


def test_all_that_is_wrong_is_told_at_once(told: Tell) -> None:
    found = told("{table: planes, by: origin}", "on_failure: instead", instead=True)
    assert [line.partition(" ")[0] for line in found] == ["flow.yaml:11", "flow.yaml:12"]
