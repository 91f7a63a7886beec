"""`references:` of columns and `rows: {of:, share:}`: read in both forms, and checked as far as can be known."""

from __future__ import annotations

import pytest

from pipeproof.model.contract import Reference, RowsOf
from pipeproof.planning.lint import lint
from pipeproof.plugins import Kinds

FLOW = """
sources:
  planes: {{path: planes.csv, contract: {{columns: {{tailnum: string, seats: integer}}}}}}
  raw: {{path: raw.csv}}
workflow:
  name: flow
  steps:
    - name: clean
      type: script
      config: {{script: clean.py, inputs: {{raw: raw, fleet: planes}}, outputs: {{out: out}}}}
      contract:
        outputs:
          out:
            format: csv
            rows: {rows}
            columns:
              plane: {{type: string, references: {references}}}
"""


@pytest.fixture
def flow(load, tmp_path):
    """Load the pipeline with a reference and a rule of rows; returns what was loaded and linted."""
    (tmp_path / "clean.py").write_text("def main(i, o, e, a):\n    pass\n")
    for name in ("planes", "raw"):
        (tmp_path / f"{name}.csv").write_text("tailnum,seats\n")

    def flow(references="planes.tailnum", rows="{of: raw}"):
        loaded = load(flow=FLOW.format(references=references, rows=rows))
        return loaded, [*loaded.findings, *lint(loaded.pipeline, Kinds(), environment={})]

    return flow


def schema_of(loaded):
    return loaded.pipeline.by_name["clean"].contract.outputs["out"].schema


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("planes.tailnum", Reference("planes", "tailnum")),
        ("{to: planes.tailnum, orphans: true}", Reference("planes", "tailnum", orphans=True)),
        ("fleet.seats", Reference("fleet", "seats")),
        ("{to: raw.anything}", Reference("raw", "anything")),
    ],
)
def test_a_reference_names_a_dataset_or_an_input_and_a_column(flow, written, meant):
    loaded, findings = flow(references=written)
    assert schema_of(loaded)["plane"].references == meant
    assert [finding for finding in findings if finding.severity == "error"] == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{of: raw}", RowsOf("raw")),
        ("{of: fleet, share: 0.95}", RowsOf("fleet", 0.95)),
        ("{of: raw, share: {min: 0.5, max: 1}}", RowsOf("raw", 0.5, 1.0)),
        ("{of: raw, share: {max: 2}}", RowsOf("raw", 1.0, 2.0)),
        ("{min: 1}", None),
    ],
)
def test_the_rows_of_an_output_are_a_share_of_those_of_an_input(flow, written, meant):
    loaded, findings = flow(rows=written)
    assert schema_of(loaded).rows_of == meant
    assert [finding for finding in findings if finding.severity == "error"] == []


@pytest.mark.parametrize(
    ("changed", "code", "what", "fix"),
    [
        ({"references": "plane.tailnum"}, "PPF157", "'plane', which is no dataset", "did you mean 'planes'?"),
        ({"references": "planes.tail_num"}, "PPF157", "no such column", "did you mean 'tailnum'?"),
        ({"rows": "{of: raws}"}, "PPF157", "no input of it", "did you mean 'raw'?"),
        ({"references": "tailnum"}, "PPF105", "references", ""),
        ({"rows": "{share: 0.5}"}, "PPF105", "needs `of`", ""),
        ({"rows": "{of: raw, share: {min: 0.9, max: 0.5}}"}, "PPF105", "cannot be", ""),
        ({"rows": "{min: 5, max: 4}"}, "PPF105", "cannot both hold", ""),
        ({"rows": "{of: raw, share: -1}"}, "PPF105", "share", ""),
    ],
)
def test_what_leads_nowhere_or_cannot_hold_is_said(flow, changed, code, what, fix):
    _, findings = flow(**changed)
    errors = [finding for finding in findings if finding.severity == "error"]
    assert [finding.code for finding in errors] == [code]
    assert what in errors[0].what
    assert fix in errors[0].fix


def test_only_outputs_count_the_rows_of_inputs(load, tmp_path):
    (tmp_path / "raw.csv").write_text("id\n1\n")
    text = "sources: {raw: {path: raw.csv, contract: {rows: {of: raw}}}}\nworkflow: {name: flow, steps: []}\n"
    found = lint(load(flow=text).pipeline, Kinds(), environment={})
    assert "only steps have inputs" in next(finding.what for finding in found if finding.code == "PPF157")
