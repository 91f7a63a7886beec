"""Contracts are enforced on the edges of a real run: source → sql → script."""

import pytest

import pipeproof as pp
from pipeproof.running.summary import summarise

FLOW = """
sources:
  orders:
    path: orders.csv
    contract:
      enforce: {source}
      columns:
        id: {{type: integer, unique: true}}
        amount: {{type: number, min: -100}}
workflow:
  name: shop
  steps:
    - name: paid
      type: sql
      config: {{query_template: "SELECT id, amount FROM orders ORDER BY id"}}
{promise}    - name: total
      type: script
      config: {{script: total.py, inputs: {{rows: paid}}, outputs: {{total: total}}}}
      retry_count: 0
      contract:
        enforce: {read}
        inputs:
          rows:
            format: csv
            columns:
              id: {{type: integer, unique: true}}
              amount: {{type: number, min: 0}}
        outputs: {{total: {{format: csv}}}}
"""
PROMISE = """
      contract:
        enforce: {made}
        columns:
          id: {{type: integer, unique: true}}
          amount: {{type: number, min: {least}}}
"""
SCRIPT = """
import csv

def main(input_paths, output_paths):
    rows = list(csv.DictReader(open(input_paths["rows"])))
    with open(output_paths["total"], "w") as out:
        out.write(f"rows,total\\n{len(rows)},{sum(float(row['amount']) for row in rows)}\\n")
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PIPEPROOF_WORKSPACE", raising=False)
    (tmp_path / "total.py").write_text(SCRIPT)

    def run(orders, source="fail", made=None, read="fail", least=0):
        (tmp_path / "orders.csv").write_text("id,amount\n" + orders)
        promise = PROMISE.format(made=made, least=least) if made else ""
        text = FLOW.format(source=source, promise=promise, read=read)
        (tmp_path / "flow.yaml").write_text(text)
        return pp.run("flow.yaml")

    return run


GOOD = "1,5\n2,7.5\n"
REFUND = "1,5\n2,-7.5\n3,1\n"


def statuses(run):
    return {name: step.status for name, step in run.record.steps.items()}


def total(run):
    return run["total"].outputs["total"].table().row(0)


def test_data_that_keep_all_contracts_pass_without_a_finding(shop):
    run = shop(GOOD)
    assert (run.record.status, run.record.findings, total(run)) == ("passed", (), (2, 12.5))


def test_a_consumer_that_is_stricter_than_its_producer_fails_on_its_edge(shop):
    run = shop(REFUND)
    assert statuses(run) == {"orders": "passed", "paid": "passed", "total": "failed"}
    [finding] = run.record.findings
    assert finding.what == "paid, read by total: column 'amount' breaks '≥ 0' in 1 of 3 rows"
    assert (finding.code, finding.edge, finding.evidence) == ("PPF303", ("paid", "total"), "row 2: -7.5")


def test_a_broken_contract_is_not_tried_again(shop):
    run = shop(REFUND)
    assert (run.record["total"].attempts, run.record["total"].failure.kind) == (1, "contract")


def test_a_consumer_that_warns_reads_all_rows(shop):
    run = shop(REFUND, read="warn")
    assert (run.record.status, total(run)) == ("passed", (3, -1.5))
    assert [finding.severity for finding in run.record.findings] == ["warning"]


def test_a_consumer_that_puts_rows_in_quarantine_reads_only_the_good_ones(shop):
    run = shop(REFUND, read="quarantine")
    assert (run.record.status, total(run)) == ("passed", (2, 6.0))
    assert [finding.severity for finding in run.record.findings] == ["warning"]


def test_the_rows_that_a_consumer_rejects_are_kept_under_its_own_name(shop):
    run = shop(REFUND, read="quarantine")
    assert run["total"].outputs["total.paid.rejected"].table().rows() == [(2, -7.5)]


def test_a_step_counts_the_rows_that_it_made_not_those_that_it_set_aside(shop):
    run = shop(REFUND, read="quarantine")
    steps = {step.name: step.rows_out for step in summarise(run.record).steps}
    assert steps["total"] == 1


def test_the_record_says_what_was_checked_of_passed_and_of_failed_steps(shop):
    for orders in (GOOD, REFUND):
        checked = shop(orders).record["total"].checked
        assert [(one.dataset, one.side, one.rules) for one in checked[:1]] == [("paid", "input", 8)]


def test_a_step_without_a_contract_has_checked_nothing(shop):
    assert shop(GOOD).record["paid"].checked == ()


def test_what_a_consumer_puts_in_quarantine_is_still_the_producers_dataset(shop):
    run = shop(REFUND, read="quarantine")
    assert run["paid"].outputs["paid"].table().height == 3


def test_a_consumer_that_does_not_check_reads_all_rows_without_a_word(shop):
    run = shop(REFUND, read="off")
    assert (run.record.findings, total(run)) == ((), (3, -1.5))


def test_a_producer_that_breaks_its_own_contract_fails(shop):
    run = shop(REFUND, made="fail")
    assert statuses(run) == {"orders": "passed", "paid": "failed", "total": "blocked"}
    assert run.record.findings[0].what.startswith("paid, written by paid: column 'amount' breaks")


def test_a_producer_may_put_rows_in_quarantine(shop):
    run = shop(REFUND, made="quarantine")
    assert (run.record.status, total(run)) == ("passed", (2, 6.0))
    assert run["paid"].outputs["paid.rejected"].table().rows() == [(2, -7.5)]


def test_a_producer_that_warns_hands_on_all_rows(shop):
    run = shop(REFUND, made="warn", read="off")
    assert (run.record.status, total(run)) == ("passed", (3, -1.5))
    assert run.record["paid"].findings[0].severity == "warning"


def test_a_source_that_breaks_its_contract_stops_the_run_there(shop):
    run = shop("1,5\n1,6\n")
    assert statuses(run) == {"orders": "failed", "paid": "blocked", "total": "blocked"}
    [finding] = run.record.findings
    assert (finding.column, finding.evidence) == ("id", "row 2: 1")


def test_a_source_may_put_rows_in_quarantine(shop):
    run = shop("1,5\n1,6\n", source="quarantine")
    assert total(run) == (1, 5.0)
    assert run["orders"].outputs["orders.rejected"].table().rows() == [(1, 6.0)]


@pytest.mark.parametrize("how", ["fail", "warn", "quarantine"])
def test_a_source_with_values_that_are_not_of_their_type_cannot_be_read(shop, how):
    run = shop("1,5\ntwo,6\n", source=how)
    [finding] = run.record.findings
    assert (finding.code, finding.column, finding.evidence) == ("PPF302", "id", "row 2: 'two'")


def test_a_source_with_a_broken_line_says_which(shop):
    run = shop("1,5\n2\n")
    assert "line 3 has 1 field, the header has 2" in run.record.findings[0].what


def test_that_a_consumer_is_stricter_is_said_before_anything_runs(shop):
    with pytest.raises(pp.ConfigError) as caught:
        shop(GOOD, made="fail", least=-100)
    [finding] = caught.value.findings
    assert (finding.code, finding.evidence) == ("PPF152", "{amount: -100.0, id: 0}")


@pytest.mark.parametrize(
    ("read", "severities"), [("warn", ["warning"]), ("quarantine", ["warning"]), ("off", [])]
)
def test_a_consumer_that_does_not_fail_on_bad_rows_may_be_stricter(shop, read, severities):
    assert shop(GOOD, made="fail", least=-100, read=read)
    found = [finding for finding in pp.examine("flow.yaml").findings if finding.code == "PPF152"]
    assert [finding.severity for finding in found] == severities


SET_ASIDE = """
sources:
  orders: {path: orders.csv, contract: {enforce: quarantine, columns: {id: {type: integer, unique: true}, amount: number}}}
workflow:
  name: aside
  steps:
    - name: paid
      type: sql
      config: {query_template: "SELECT id, amount FROM orders"}
      contract: {enforce: quarantine, columns: {id: integer, amount: {type: number, min: 0}}}
    - name: refunds
      type: transform
      config: {input_name: paid.rejected, transformations: [{type: sort, by: id}]}
    - name: twice
      type: sql
      config: {query_template: "SELECT count(*) AS n FROM orders.rejected"}
"""


@pytest.mark.parametrize(
    ("orders", "refunds", "twice"),
    [("3,-3\n1,-1\n1,2\n2,5\n", [(1, -1.0), (3, -3.0)], 1), (GOOD, [], 0)],
)
def test_a_later_step_reads_what_was_rejected_even_when_that_is_nothing(tmp_path, orders, refunds, twice):
    (tmp_path / "orders.csv").write_text("id,amount\n" + orders)
    (tmp_path / "flow.yaml").write_text(SET_ASIDE)
    run = pp.run(tmp_path / "flow.yaml")
    assert run["refunds"].outputs["refunds"].table().rows() == refunds
    assert run["twice"].outputs["twice"].table().rows() == [(twice,)]
    assert run.record["refunds"].needs == ("paid",)


def test_a_part_of_a_pipeline_takes_rejected_rows_from_an_earlier_run(tmp_path):
    (tmp_path / "orders.csv").write_text("id,amount\n3,-3\n")
    (tmp_path / "flow.yaml").write_text(SET_ASIDE)
    assert pp.run(tmp_path / "flow.yaml")
    run = pp.run(tmp_path / "flow.yaml", only=["refunds"])
    assert run["refunds"].outputs["refunds"].table().rows() == [(3, -3.0)]


def test_nobody_makes_rejected_rows_of_a_dataset_that_is_not_put_in_quarantine(tmp_path):
    (tmp_path / "orders.csv").write_text("id,amount\n" + GOOD)
    (tmp_path / "flow.yaml").write_text(SET_ASIDE.replace("enforce: quarantine, ", ""))
    found = [
        finding.what for finding in pp.examine(tmp_path / "flow.yaml").findings if finding.code == "PPF121"
    ]
    assert [what.partition(" reads ")[2].partition(";")[0] for what in found] == [
        "'paid.rejected'",
        "'orders.rejected'",
    ]


TWO_INPUTS = """
sources: {a: a.csv, b: b.csv}
workflow:
  name: two
  steps:
    - name: join
      type: script
      retry_count: 0
      config: {script: join.py, inputs: {a: a, b: b}}
      contract:
        inputs:
          a: {columns: {x: {type: integer, min: 0}}}
          b: {columns: {x: {type: integer, min: 0}}, enforce: HOW}
"""


@pytest.mark.parametrize(("how", "severity"), [("fail", "error"), ("warn", "warning")])
def test_all_datasets_are_looked_at_before_a_step_fails(tmp_path, how, severity):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("x\n-1\n")
    (tmp_path / "join.py").write_text("def main(i, o): pass\n")
    (tmp_path / "flow.yaml").write_text(TWO_INPUTS.replace("HOW", how))
    record = pp.run(tmp_path / "flow.yaml").record["join"]
    assert [(finding.what[:1], finding.severity) for finding in record.findings] == [
        ("a", "error"),
        ("b", severity),
    ]
    assert [(one.dataset, one.rows) for one in record.checked] == [("a", 1), ("b", 1)]
