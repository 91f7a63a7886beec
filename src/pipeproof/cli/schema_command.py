"""Write the JSON Schema of pipeline files, so that editors complete and check them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pipeproof.cli.frame import PASSED
from pipeproof.cli.parser import one_of
from pipeproof.cli.say import as_json, say, say_json
from pipeproof.errors import Finding, UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to write it; standard output unless given"
    )
    parser.add_argument(
        "--of",
        type=one_of("pipeline", "settings", "run", "test"),
        default="pipeline",
        metavar="pipeline|settings|run|test",
        help="what is described: `pipeline`, files with a workflow; `settings`, pipeproof.yaml; `run` and `test`, the JSON"
        " that `pipeproof run` and `pipeproof test` write with --json",
    )


def run(options: argparse.Namespace) -> int:
    """Write the schema."""
    schema = _schema(options.of)
    if options.out is None:
        say_json(schema)
        return PASSED
    try:
        options.out.write_text(as_json(schema) + "\n", "utf-8")
    except OSError as error:
        what = f"{options.out} cannot be written: {(error.strerror or str(error)).lower()}"
        fix = "name a file in a folder that you may write to"
        raise UsageError(Finding("PPF523", what, fix=fix)) from error
    if options.format == "json":
        say_json({"schema": "pipeproof.schema/1", "file": str(options.out)})
    else:
        say(f"{options.out} written")
    return PASSED


def _schema(of: str) -> dict[str, Any]:
    if of == "run":
        from pipeproof.report.document import run_schema

        return run_schema()
    if of == "test":
        from pipeproof.report.test_document import test_schema

        return test_schema()
    if of == "settings":
        from pipeproof.loading.settings_spec import settings_schema

        return settings_schema()
    from pipeproof.loading.schema import file_schema
    from pipeproof.plugins import Kinds

    return file_schema(Kinds())
