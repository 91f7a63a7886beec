"""`pipeproof contract infer` and `pipeproof data shrink`, as a person types them."""

from __future__ import annotations

import sqlite3
import sys

import pytest
import yaml


@pytest.fixture
def samples(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{number},{number % 3},2024-01-{number % 28 + 1:02}" for number in range(30))
    (tmp_path / "orders.csv").write_text(f"id,user_id,day\n{rows}\n")
    (tmp_path / "users.csv").write_text("id,name\n0,Ann\n1,Bob\n2,Eve\n")
    return tmp_path


@pytest.mark.usefixtures("samples")
def test_a_contract_is_printed_as_yaml(pipeproof):
    said = pipeproof("contract", "infer", "orders.csv")
    assert said.code == 0
    assert yaml.safe_load(said.out)["columns"]["id"] == {"type": "integer", "unique": True, "min": 0}


def test_contracts_of_several_tables_refer_to_each_other(samples, pipeproof):
    said = pipeproof("contract", "infer", "orders.csv", "users.csv", "--out", "all.yaml")
    assert said.out == "all.yaml written\n"
    tables = yaml.safe_load((samples / "all.yaml").read_text())["tables"]
    assert tables["orders"]["columns"]["user_id"]["references"] == "users.id"


@pytest.mark.usefixtures("samples")
def test_an_inferred_contract_holds_for_its_sample(pipeproof):
    pipeproof("contract", "infer", "orders.csv", "--out", "c.yaml")
    said = pipeproof("contract", "check", "orders.csv", "--contract", "c.yaml")
    assert said.code == 0, said


@pytest.mark.usefixtures("samples")
def test_a_contract_is_data_for_programs(pipeproof):
    said = pipeproof("contract", "infer", "users.csv", "--format", "json")
    assert said.json["schema"] == "pipeproof.inferred/1"
    assert said.json["contract"]["columns"]["name"] == "string"


@pytest.mark.usefixtures("samples")
def test_the_second_sample_may_be_the_only_table_of_a_database(pipeproof):
    with sqlite3.connect("shop.db") as base:
        base.execute("CREATE TABLE users (id INTEGER, name TEXT)")
        base.execute("INSERT INTO users VALUES (0, 'Ann'), (1, 'Bob'), (2, 'Eve')")
    base.close()
    said = pipeproof("contract", "infer", "orders.csv", "sqlite:///shop.db")
    assert set(yaml.safe_load(said.out)["tables"]) == {"orders", "users"}


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("contract infer orders.csv --seed 1", "--seed is for a step of a pipeline"),
        ("contract infer orders.csv -p a=1", "-p is for a step of a pipeline"),
        ("data shrink shop clean --pytest t.py --timeout 9 --jobs 2", "--jobs is for a --command"),
        ("data shrink orders.csv --command {table} --input a -p a=1", "--input is for a step of a pipeline"),
        ("data shrink orders.csv --command {table} --pytest no/t.py", "t.py is not beside orders.min.csv"),
    ],
)
def test_an_option_that_would_not_be_used_is_refused(pipeproof, words, told):
    said = pipeproof(*words.split())
    assert (said.code, said.out) == (2, "")
    assert told in said.err


@pytest.mark.usefixtures("samples")
def test_a_sample_that_is_not_there_is_told(pipeproof):
    said = pipeproof("contract", "infer", "ordrs.csv")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("PPF391  there is no file ordrs.csv")


@pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")
@pytest.mark.usefixtures("past")
def test_a_step_is_watched_on_what_the_last_run_gave_it(pipeproof):
    said = pipeproof("contract", "infer", "shop", "clean")
    assert said.code in {0, 1}
    assert set(yaml.safe_load(said.out)) >= {"inputs", "outputs"}


@pytest.mark.usefixtures("shop")
def test_a_step_that_is_not_there_is_told(pipeproof):
    said = pipeproof("contract", "infer", "shop", "claen")
    assert said.code == 2
    assert "there is no step 'claen'; did you mean 'clean'?" in said.err


@pytest.fixture
def failing(samples):
    (samples / "job.py").write_text("import sys\nif '7,1,' in open(sys.argv[1]).read(): sys.exit('bad 7')\n")
    return f"{sys.executable} -S job.py {{table}}"


def test_a_failing_table_is_shrunk_beside_itself(samples, failing, pipeproof):
    said = pipeproof("data", "shrink", "orders.csv", "--command", failing, "--pytest", "test_it.py")
    assert said.code == 0, said
    assert "rows            30 → 1" in said.out
    assert (samples / "orders.min.csv").read_text().splitlines()[1].startswith("7,1,")
    assert "def test_the_command_takes_orders() -> None:" in (samples / "test_it.py").read_text()


@pytest.mark.usefixtures("samples")
def test_what_was_shrunk_is_data_for_programs(failing, pipeproof):
    said = pipeproof("data", "shrink", "orders.csv", "--command", failing, "--format", "json")
    assert said.json["rows"] == {"before": 30, "after": 1}
    assert said.json["failure"]["message"] == "bad 7"


@pytest.mark.usefixtures("samples")
def test_a_command_that_does_not_fail_is_told(pipeproof):
    said = pipeproof("data", "shrink", "orders.csv", "--command", f"{sys.executable} -S -c 0 {{table}}")
    assert said.code == 2
    assert "PPF365  the whole table does not fail" in said.err


@pytest.mark.usefixtures("samples")
def test_a_command_without_its_table_is_told(pipeproof):
    said = pipeproof("data", "shrink", "orders.csv", "--command", "python job.py")
    assert "PPF366  --command has no {table}" in said.err


@pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")
def test_the_input_of_a_failing_step_is_shrunk(shop, pipeproof):
    script = shop / "scripts" / "clean.py"
    whole = script.read_text()
    assert pipeproof("run", "shop").code == 0
    script.write_text(
        whole.replace(
            "def main(",
            "def main(*given):\n    if open(given[0]['orders']).read().count(',') > 9: raise ValueError('7')\n    return inner(*given)\n\ndef inner(",
        )
    )
    said = pipeproof("data", "shrink", "shop", "clean", "--out", "small.parquet")
    assert said.code == 0, said
    assert said.out.startswith("fails with ValueError: 7 (scripts/clean.py:")
    assert (shop / "small.parquet").exists()
