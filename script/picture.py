"""Draws docs/images/run.svg: what `pipeproof show last` prints in a terminal after script/demo."""

from __future__ import annotations

import io
import os
import pty
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "pipeproof run flights -p partition_date=2013-07-03"


def main() -> int:
    """Draw the picture from the last run of the example."""
    os.chdir(ROOT / "examples" / "flights")
    printed = bytearray()

    def keep(descriptor: int) -> bytes:
        data = os.read(descriptor, 65536)
        printed.extend(data)
        return data

    os.environ["COLUMNS"] = "124"
    status = pty.spawn([str(Path(sys.executable).parent / "pipeproof"), "show", "last"], keep)
    console = Console(record=True, width=124, file=io.StringIO())
    console.print(Text(f"$ {COMMAND}", style="bold"))
    console.print(Text.from_ansi(printed.decode().replace("\r\n", "\n").rstrip()))
    (ROOT / "docs" / "images").mkdir(exist_ok=True)
    drawn = console.export_svg(title="pipeproof")
    # Without the web fonts that Rich asks for: the picture loads nothing from anywhere.
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL).replace(
        "Fira Code", "ui-monospace, Menlo, Consolas"
    )
    (ROOT / "docs" / "images" / "run.svg").write_text(drawn)
    return status


if __name__ == "__main__":
    sys.exit(main())
