"""A shrunk table as a test for pytest, which passes once the fault is mended."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from pipeproof.data.shrinking.command import PLACE
from pipeproof.data.shrinking.signature import Signature

_TEST = '''"""Made by `pipeproof data shrink`: the smallest table with which the command failed."""

from __future__ import annotations

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE / {table}
FOLDER = HERE / {folder}
COMMAND = {words}
FAILED = {failed}


def test_the_command_takes_{name}() -> None:
    words = [word.replace({place}, str(TABLE)) for word in COMMAND]
    done = subprocess.run(words, cwd=FOLDER, capture_output=True, text=True, timeout={timeout}, check=False)
    assert done.returncode == 0, f"before, it failed with {{FAILED}}; now:\\n{{done.stderr}}"
'''


def pytest_file(words: Sequence[str], table: Path, signature: Signature, timeout: float) -> str:
    """Return the text of a test file, which runs the command where it is run now.

    Args:
        words: The command, with `{table}` in the place of the path.
        table: The table, which lies beside the test.
        signature: How the command failed.
        timeout: Seconds after which it is ended.
    """
    stem = table.name.partition(".")[0].lower()
    return _TEST.format(
        table=json.dumps(table.name),
        folder=json.dumps(os.path.relpath(Path.cwd(), table.resolve().parent)),
        words=json.dumps(list(words)),
        failed=json.dumps(f"{signature.kind}: {signature.message}"),
        name="".join(char if char.isascii() and char.isalnum() else "_" for char in stem),
        place=json.dumps(PLACE),
        timeout=timeout,
    )
