"""check, explain, steps, help, schema, and the way in: what can be asked without running anything."""

import json
import subprocess
import sys

import jsonschema
import pytest

from pipeproof.cli import COMMANDS, GROUPS, main, names_of_commands
from pipeproof.cli.parser import parser_for
from pipeproof.codes import CODES

HEAVY = {
    "pandas",
    "polars",
    "duckdb",
    "pydantic",
    "yaml",
    "rich",
    "sqlglot",
    "argparse",
    "dataclasses",
    "json",
}


def broken(shop):
    file = shop / "configs" / "workflows" / "shop.yaml"
    file.write_text(
        file.read_text().replace("contract: contracts/clean.yaml", "contrct: contracts/clean.yaml")
    )


def test_help_imports_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pipeproof", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "pipeproof" in modules
    assert modules & HEAVY == set()


def test_help_names_every_command_and_the_exit_codes(pipeproof):
    said = pipeproof("--help")
    assert said.code == 0
    assert all(f"  {name} " in said.out for name in COMMANDS)
    assert "130 interrupted" in said.out


@pytest.mark.parametrize("group", GROUPS)
def test_help_of_a_group_names_its_commands(group, pipeproof):
    said = pipeproof(group, "--help")
    assert said.code == 0
    assert all(f"  {name} " in said.out for name in GROUPS[group])


def test_a_group_without_its_second_word_is_an_error(pipeproof):
    assert pipeproof("data").code == 2


def test_a_misspelt_second_word_is_answered_with_the_one_that_was_meant(pipeproof):
    said = pipeproof("data", "profil")
    assert said.code == 2
    assert (
        said.err.splitlines()[0]
        == "PPF521  `pipeproof data` has no command 'profil'; did you mean 'profile'?"
    )


def test_no_command_at_all_is_an_error(pipeproof):
    assert pipeproof().code == 2


def test_the_version_is_said(pipeproof):
    assert pipeproof("--version").out.startswith("pipeproof 0.")


def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(pipeproof):
    said = pipeproof("chekc")
    assert said.code == 2
    assert said.err.splitlines()[0] == "PPF521  there is no command 'chekc'; did you mean 'check'?"


def test_an_option_before_the_command_is_answered_with_the_order(pipeproof):
    assert "write: pipeproof COMMAND [options]" in pipeproof("--debug", "check").err


@pytest.mark.parametrize("name", names_of_commands())
def test_every_command_has_help_and_takes_a_format(name, pipeproof):
    said = pipeproof(*name.split(), "--help")
    assert said.code == 0
    assert "--format text|json" in said.out
    assert "exit codes:" in said.out


@pytest.mark.parametrize("name", names_of_commands())
def test_every_option_of_a_command_is_explained(name):
    assert all(action.help for action in parser_for(name)._actions)


@pytest.mark.parametrize("name", names_of_commands())
def test_an_unknown_option_is_an_error_in_json_too(name, pipeproof):
    said = pipeproof(*name.split(), "--formt=x", "--format=json")
    assert said.code == 2
    assert said.json["findings"][0]["code"] == "PPF522"
    assert said.json["findings"][0]["fix"] == "did you mean '--format'?"


def test_a_word_too_many_is_said(pipeproof):
    assert "PPF522  pipeproof runs: 'flights' is one word too many" in pipeproof("runs", "flights").err


def test_a_misspelt_option_is_said_before_what_is_missing_for_want_of_it(pipeproof):
    said = pipeproof("contract", "check", "orders.csv", "--contrct", "orders.yaml")
    assert said.err.splitlines()[0].endswith("has no option --contrct; did you mean '--contract'?")


def test_a_value_that_begins_with_dashes_is_no_option(pipeproof):
    said = pipeproof("data", "shrink", "orders.csv", "--command", "--quiet {table}")
    assert "has no option" not in said.err


def test_a_missing_word_is_said(pipeproof):
    assert "PPF522  pipeproof logs: RUN, STEP is missing" in pipeproof("logs").err


@pytest.mark.usefixtures("shop")
def test_a_good_pipeline_is_counted(pipeproof):
    said = pipeproof("check")
    assert (said.code, said.out, said.err) == (0, "shop · 2 steps · 1 source · no problems\n", "")


def test_a_broken_pipeline_ends_with_2_and_its_findings(shop, pipeproof):
    broken(shop)
    said = pipeproof("check", "shop")
    assert said.code == 2
    assert said.out == ""
    line = next(line for line in said.err.splitlines() if "PPF103" in line)
    assert line.startswith("configs/workflows/shop.yaml:26:7")
    assert line.endswith("unknown key 'contrct' in step 'clean'; did you mean 'contract'?")


def test_check_as_json_says_whether_it_passed(shop, pipeproof):
    assert pipeproof("check", "--format", "json").json["passed"] is True
    broken(shop)
    said = pipeproof("check", "--format", "json")
    assert said.code == 2
    assert said.json["passed"] is False
    assert "PPF103" in {finding["code"] for finding in said.json["findings"]}


def test_a_warning_passes_unless_strict(shop, pipeproof):
    file = shop / "configs" / "workflows" / "shop.yaml"
    file.write_text(file.read_text().replace("sources:\n", "sources:\n  unused: data/orders.csv\n"))
    said = pipeproof("check")
    assert said.code == 0
    assert "warning: nobody reads the source 'unused'" in said.out
    assert said.out.splitlines()[-1] == "shop · 2 steps · 2 sources · 1 warning in 1 file"
    assert pipeproof("check", "--strict").code == 1


@pytest.mark.usefixtures("shop")
def test_an_error_with_debug_shows_its_traceback():
    from pipeproof.errors import UsageError

    with pytest.raises(UsageError):
        main(["check", "nowhere", "--debug"])


@pytest.mark.usefixtures("shop")
def test_explain_says_where_a_value_stands(pipeproof):
    said = pipeproof("explain", "shop", "workflow.steps.clean.config.script")
    assert said.code == 0
    assert "configs/workflows/shop.yaml:22:" in said.out
    assert said.out.rstrip().endswith("scripts/clean.py")


def test_explain_says_what_a_value_overrode(shop, pipeproof):
    file = shop / "configs" / "workflows" / "shop.yaml"
    (shop / "configs" / "base.yaml").write_text("workflow: {timeout: 60}\n")
    file.write_text(
        "extends: base.yaml\n" + file.read_text().replace("  name: shop\n", "  name: shop\n  timeout: 90\n")
    )
    lines = pipeproof("explain", "shop", "workflow.timeout").out.splitlines()
    assert lines[0].endswith("90")
    assert "configs/base.yaml:1:" in lines[1]
    assert lines[1].endswith("overrode  60")


@pytest.mark.usefixtures("shop")
def test_explain_as_json(pipeproof):
    document = pipeproof("explain", "shop", "workflow.name", "--format", "json").json
    assert document["value"] == "shop"
    assert document["where"]["line"] > 1
    assert document["overrode"] == []


@pytest.mark.usefixtures("shop")
def test_explain_of_a_key_that_is_not_there_says_which_are(pipeproof):
    said = pipeproof("explain", "shop", "workflow.stpes")
    assert said.code == 2
    assert "did you mean 'steps'?" in said.err


def test_steps_lists_the_kinds_that_users_may_write(pipeproof):
    said = pipeproof("steps")
    names = {line.split()[0] for line in said.out.splitlines()[:-1]}
    assert {"script", "sql", "python"} <= names
    assert "source" not in names
    assert "SnowparkQueryStep" in said.out


@pytest.mark.parametrize("name", ["sql", "SnowparkQueryStep"])
def test_a_kind_is_explained_with_keys_defaults_and_an_example(name, pipeproof):
    said = pipeproof("steps", name).out
    assert "needs\n  query_template" in said
    assert "(unless given: duckdb)" in said
    assert "example:\n  - name: extract" in said


def test_every_kind_can_be_explained(pipeproof):
    kinds = pipeproof("steps", "--format", "json").json["kinds"]
    assert all(key["doc"] for kind in kinds for key in kind["keys"])
    for kind in kinds:
        assert pipeproof("steps", kind["name"]).out.startswith(f"{kind['name']} · ")


def test_an_unknown_kind_is_an_error_with_what_was_meant(pipeproof):
    said = pipeproof("steps", "scirpt")
    assert said.code == 2
    assert "did you mean 'script'?" in said.err


def test_help_without_a_code_lists_all(pipeproof):
    said = pipeproof("help").out
    assert all(f"  {code.code}  {code.title}" in said for code in CODES.values())


@pytest.mark.parametrize("name", ["PPF103", "ppf103", "103"])
def test_help_explains_a_code_with_an_example(name, pipeproof):
    said = pipeproof("help", name)
    assert said.code == 0
    assert said.out.startswith("PPF103  unknown key")
    assert "    - name: one" in said.out
    assert "What to do" in said.out


def test_help_of_a_command_is_its_help(pipeproof):
    assert "usage: pipeproof run" in pipeproof("help", "run").out


def test_help_of_an_unknown_code_says_how_to_list_them(pipeproof):
    said = pipeproof("help", "PPF999")
    assert said.code == 2
    assert said.err.startswith("PPF525  there is no code 'PPF999'; ")
    assert "`pipeproof help` lists all" in said.err


def test_every_code_can_be_explained_in_json(pipeproof):
    assert {code["code"] for code in pipeproof("help", "--format", "json").json["codes"]} == set(CODES)


@pytest.mark.parametrize("of", ["pipeline", "run"])
def test_schemas_are_schemas(of, pipeproof):
    jsonschema.Draft202012Validator.check_schema(pipeproof("schema", "--of", of).json)


def test_a_schema_can_go_to_a_file(tmp_path, pipeproof):
    file = tmp_path / "pipeline.schema.json"
    assert pipeproof("schema", "--out", file).out == f"{file} written\n"
    assert "properties" in json.loads(file.read_text())


def test_a_schema_file_that_cannot_be_written_is_an_error(tmp_path, pipeproof):
    said = pipeproof("schema", "--out", tmp_path / "nowhere" / "x.json")
    assert said.code == 2
    assert "PPF523" in said.err
