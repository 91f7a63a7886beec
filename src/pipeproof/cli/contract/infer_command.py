"""Make a contract from sample data, or from watching a step at work.

pipeproof contract infer DATA [DATA ...]    types, ranges, categories, patterns, keys, references between files
pipeproof contract infer PIPELINE STEP      what the code of a step really needs and writes
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeproof.cli.frame import FOUND, PASSED, parameters
from pipeproof.cli.options import add_parameters
from pipeproof.cli.output import probe, refuse_existing, write_text
from pipeproof.cli.say import say, say_findings, say_json
from pipeproof.errors import Finding, UsageError
from pipeproof.model.contract import TableSchema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "what", metavar="DATA", nargs="+", help="sample tables; or a pipeline and one of its steps"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it; standard output unless given"
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")
    parser.add_argument(
        "--exact", action="store_true", help="ranges are just what was seen, not a round number beyond"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of data that are made for a step (0)")
    add_parameters(parser)


def run(options: argparse.Namespace) -> int:
    """Infer contracts and write them.

    Raises:
        UsageError: An option was given that is for steps alone.
    """
    of_step = _is_step(options.what)
    if not of_step:
        _refuse_of_steps(options)
    if options.out is not None:
        refuse_existing(options.out, force=options.force)
        probe(options.out)
    if of_step:
        return _of_step(options)
    from pipeproof.data.inferring import infer_all

    found = infer_all(options.what, exact=options.exact)
    _write(options, _document(found), {"tables": {name: _columns(schema) for name, schema in found.items()}})
    return PASSED


def _refuse_of_steps(options: argparse.Namespace) -> None:
    given = {"--seed": options.seed is not None, "-p": bool(options.parameters)}
    fix = "leave it out, or write: pipeproof contract infer PIPELINE STEP"
    wrong = [name for name, is_there in given.items() if is_there]
    if wrong:
        raise UsageError(
            *(Finding("PPF522", f"{name} is for a step of a pipeline", fix=fix) for name in wrong)
        )


def _is_step(words: list[str]) -> bool:
    """Say whether words are a pipeline and a step: two, of which the second is no table."""
    from pipeproof.formats.databases.address import is_address
    from pipeproof.formats.tables import format_of

    if len(words) != 2 or is_address(words[1]):  # noqa: PLR2004 pipeline and step
        return False
    return format_of(words[1]) is None and not Path(words[1]).exists()


def _document(found: dict[str, TableSchema]) -> dict[str, Any]:
    from pipeproof.standards.native import write_schema, write_schemas

    if len(found) == 1:
        return write_schema(*found.values())
    return write_schemas({name: replace(schema, name="") for name, schema in found.items()})


def _columns(schema: TableSchema) -> int:
    return len(schema.columns)


def _of_step(options: argparse.Namespace) -> int:
    from pipeproof.project.watching import infer_step
    from pipeproof.report.document import findings_document
    from pipeproof.standards.native import write_contract

    pipeline, step = options.what
    watched = infer_step(
        pipeline, step, parameters=parameters(options.parameters), seed=options.seed or 0, exact=options.exact
    )
    about = {"step": step, "run": watched.run, **findings_document(watched.findings)}
    _write(options, write_contract(watched.contract), about)
    if watched.findings and options.format == "text":
        say_findings(watched.findings, "text")
    return FOUND if any(finding.severity == "error" for finding in watched.findings) else PASSED


def _write(options: argparse.Namespace, document: dict[str, Any], about: dict[str, Any]) -> None:
    from pipeproof.standards.yaml_text import to_yaml

    text = to_yaml(document, lines=True)
    if options.out is not None:
        write_text(options.out, text)
    if options.format == "json":
        say_json({**about, "schema": "pipeproof.inferred/1", "contract": document})
    elif options.out is None:
        say(text.rstrip())
    else:
        say(f"{options.out} written")
