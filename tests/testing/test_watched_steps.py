"""What a step really needs, seen by taking things away from it."""

from __future__ import annotations

import sys
import textwrap

import polars as pl
import pytest
import yaml

import pipeproof as pp
from pipeproof.errors import ConfigError, UsageError
from pipeproof.project.watching import Watched, infer_step

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")

CODE = """
    import csv, json, os

    def main(input_paths, output_paths, environ_vars, job_args):
        rates = json.load(open("rates.json"))
        rows = list(csv.DictReader(open(input_paths["raw"])))
        with open(output_paths["clean"], "w") as out:
            out.write("id,total\\n")
            for row in rows:
                price = float(row["price"]) * rates["EUR"] + float(row.get("fee", 0))
                out.write(f"{row['id']},{price + int(job_args.extra)}\\n")
        environ_vars["REGION"], environ_vars.get("ZONE"), os.environ.get("LEVEL")
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory) -> Watched:
    folder = tmp_path_factory.mktemp("shop")
    pl.DataFrame({"id": range(30), "price": [1.5] * 30, "fee": [2] * 30, "note": ["x"] * 30}).write_csv(
        folder / "raw.csv"
    )
    (folder / "rates.json").write_text('{"EUR": 2}')
    (folder / "clean.py").write_text(textwrap.dedent(CODE))
    contract = {
        "inputs": {
            "raw": {
                "format": "csv",
                "columns": {
                    "id": "integer",
                    "note": "string",
                    "price": {"type": "number", "required": False},
                },
            }
        },
        "outputs": {"clean": {"format": "csv"}, "report": {"format": "csv", "required": False}},
        "environment": {"required": ["UNUSED"], "optional": {"REGION": "north"}},
        "arguments": {"extra": {"required": False}, "silent": {"default": 1}},
    }
    step = {
        "name": "clean",
        "type": "script",
        "config": {"script": "clean.py", "inputs": {"raw": "raw"}, "arguments": {"extra": 1}},
        "contract": contract,
        "env": {"UNUSED": "1"},
    }
    pipeline = {"workflow": {"name": "shop", "steps": [step]}, "sources": {"raw": "raw.csv"}}
    (folder / "shop.yaml").write_text(yaml.safe_dump(pipeline))
    assert pp.run(str(folder / "shop.yaml"))
    return infer_step(str(folder / "shop.yaml"), "clean")


def test_columns_are_needed_used_or_unused(watched):
    assert watched.observed.columns["raw"] == {
        "id": "needed",
        "price": "needed",
        "fee": "used",
        "note": "unused",
    }


def test_variables_are_those_that_the_code_asks_for(watched):
    assert watched.observed.variables == {
        "UNUSED": "unused",
        "REGION": "needed",
        "ZONE": "used",
        "LEVEL": "used",
    }


def test_arguments_are_those_that_the_code_asks_for(watched):
    assert watched.observed.arguments == {"extra": "needed", "silent": "unused"}


def test_files_that_are_opened_by_path_are_seen(watched):
    assert watched.observed.files == ("rates.json",)


def test_the_step_is_known_to_repeat_itself(watched):
    assert watched.observed.repeatable


def test_the_contract_that_follows_requires_what_is_needed(watched):
    raw = watched.contract.inputs["raw"].schema
    assert {column.name: column.required for column in raw.columns} == {
        "id": True,
        "price": True,
        "fee": False,
    }


def test_the_contract_that_follows_has_what_was_written(watched):
    assert watched.contract.outputs["clean"].schema.names == ("id", "total")


@pytest.mark.parametrize(
    "told",
    [
        "the column note of raw is declared and never used",
        "the column price of raw is called optional and is needed",
        "the environment variable UNUSED is declared and was never used",
        "the environment variable REGION is called optional and is needed",
        "the environment variable ZONE is asked for and not declared",
        "the argument silent is declared and was never used",
        "the output report is declared and was never written",
        "the file rates.json of the project is opened by its path",
    ],
)
def test_each_difference_to_the_declared_contract_is_told(watched, told):
    assert f"clean: {told}" in [finding.what for finding in watched.findings]


def test_nothing_else_is_told(watched):
    assert len(watched.findings) == 9  # those above, and the variable LEVEL


def script(folder, code, **more):
    (folder / "work.py").write_text(textwrap.dedent(code))
    step = {
        "name": "work",
        "type": "script",
        "config": {"script": "work.py", "outputs": {"out": "out"}},
        **more,
    }
    (folder / "p.yaml").write_text(yaml.safe_dump({"workflow": {"name": "p", "steps": [step]}}))
    return str(folder / "p.yaml")


def test_a_step_that_never_repeats_itself_is_told(tmp_path):
    code = """
        import secrets
        def main(input_paths, output_paths, environ_vars, job_args):
            open(output_paths["out"], "w").write(secrets.token_hex())
    """
    watched = infer_step(script(tmp_path, code), "work")
    assert [finding.what for finding in watched.findings] == [
        "work: it does not give equal outputs for equal inputs, so what it uses without needing it cannot be told"
    ]


def test_a_step_that_fails_as_it_is_cannot_be_watched(tmp_path):
    with pytest.raises(ConfigError, match="cannot be watched, since it fails as it is: ZeroDivisionError"):
        infer_step(
            script(tmp_path, "def main(input_paths, output_paths, environ_vars, job_args): 1 / 0"), "work"
        )


def test_inputs_that_nobody_knows_are_told(tmp_path):
    code = "def main(input_paths, output_paths, environ_vars, job_args): pass"
    (tmp_path / "raw.csv").write_text("a\n1\n")
    path = script(tmp_path, code)
    data = yaml.safe_load((tmp_path / "p.yaml").read_text())
    data["workflow"]["steps"][0]["config"]["inputs"] = {"raw": "raw"}
    data["sources"] = {"raw": "raw.csv"}
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(UsageError, match="nothing is known of raw, which work reads"):
        infer_step(path, "work")


def test_a_step_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="there is no step 'wrok'; did you mean 'work'"):
        infer_step(script(tmp_path, "def main(a, b, c, d): pass"), "wrok")
