"""Hold tables against a contract: how many rows break each rule, and which.

TABLE is a file (csv, tsv, jsonl, parquet, arrow; text also .gz or .zst), a folder of parts, or the table of a
database: sqlite:///shop.db#orders, duckdb:///shop.duckdb#orders. Several tables find their contracts in the
file by their names, and references between them are checked.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import FOUND, PASSED
from pipeproof.cli.output import probe, write_text
from pipeproof.cli.say import say, say_findings, say_json, say_lines, style_for
from pipeproof.errors import ContractError, Finding, UsageError

if TYPE_CHECKING:
    from pipeproof.data.checking.result import CheckResult
    from pipeproof.model.contract import TableSchema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "tables", metavar="TABLE", nargs="+", help="file, folder of parts, or table of a database"
    )
    parser.add_argument("--contract", required=True, type=Path, metavar="FILE", help="the contract")
    parser.add_argument(
        "--dataset", metavar="NAME", help="the contract that is meant, where the file has several"
    )
    parser.add_argument("--fail-fast", action="store_true", help="stop reading at the first breach")
    parser.add_argument(
        "--low-memory", action="store_true", help="keep on disk what must be remembered; takes longer"
    )
    parser.add_argument("--all", action="store_true", help="list the rules that are kept too")
    parser.add_argument("--show-private", action="store_true", help="show personal data in example rows")
    parser.add_argument(
        "--rejected", type=Path, metavar="FILE", help="write the rows that fail to this table"
    )
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the result as JUnit XML")


def run(options: argparse.Namespace) -> int:
    """Check every table, and say what came of it."""
    from pipeproof.data.contract_files import contracts_for, read_contract_file

    _refuse_together(options)
    for path in (options.junit, options.rejected):
        if path is not None:
            probe(path)
    file = read_contract_file(options.contract)
    schemas = contracts_for(file, options.tables, options.dataset)
    contracts = dict(zip(options.tables, schemas, strict=True))
    results: list[CheckResult] = []
    unread: list[Finding] = []
    for table, schema in contracts.items():
        try:
            results.append(_check(table, schema, options, contracts))
        except ContractError as error:
            unread += error.findings
    if options.junit is not None and not unread:
        from pipeproof.report.check_junit import check_junit

        write_text(options.junit, check_junit(results, str(options.contract)))
    passed = not unread and all(results)
    if options.format == "json":
        say_json(_document(options, results, [*file.not_enforced, *unread], passed=passed))
    else:
        _say(options, results, unread, file.not_enforced)
    return PASSED if passed else FOUND


def _refuse_together(options: argparse.Namespace) -> None:
    problems = []
    if options.rejected is not None and options.low_memory:
        what = "--rejected has to remember which values came before, --low-memory must not"
        problems.append(Finding("PPF522", what, fix="leave one of them out"))
    if options.rejected is not None and options.fail_fast:
        what = "--rejected wants all bad rows, --fail-fast stops at the first"
        problems.append(Finding("PPF522", what, fix="leave one of them out"))
    if options.rejected is not None and len(options.tables) > 1:
        what = "--rejected takes the rows of one table"
        problems.append(Finding("PPF522", what, fix="check the tables one by one"))
    if problems:
        raise UsageError(*problems)


def _check(
    table: str, schema: TableSchema, options: argparse.Namespace, contracts: Mapping[str, Any]
) -> CheckResult:
    from pipeproof.data.checking.check import check
    from pipeproof.data.inputs import table_name

    return check(
        table,
        schema,
        others={table_name(other): other for other in contracts},
        fail_fast=options.fail_fast,
        low_memory=options.low_memory,
        show_private=options.show_private,
        rejected=options.rejected,
    )


def _say(
    options: argparse.Namespace,
    results: Sequence[CheckResult],
    unread: Sequence[Finding],
    kept: Sequence[Finding],
) -> None:
    import sys

    from pipeproof.report.check_text import check_lines, verdict_line
    from pipeproof.report.findings import place_of

    style = style_for(sys.stdout)
    for result in results:
        say_lines(check_lines(result, style, whole=options.all))
    say_lines(style("dim", f"  · {place_of(part)}  not enforced: {part.what}") for part in kept)
    if unread:
        say_findings(unread, "text", stream=sys.stdout)
    elif results:
        say(verdict_line(results))


def _document(
    options: argparse.Namespace, results: Sequence[CheckResult], unread: Sequence[Finding], *, passed: bool
) -> dict[str, Any]:
    from pipeproof.report.document import finding_document

    found = [finding for result in results for finding in result.findings]
    return {
        "schema": "pipeproof.contract-check/1",
        "contract": str(options.contract),
        "passed": passed,
        "tables": [
            {**result.to_dict(), "findings": [finding_document(one) for one in result.findings]}
            for result in results
        ],
        "findings": [finding_document(finding) for finding in (*unread, *found)],
    }
