"""Draws docs/images/run.svg and test.svg: what two commands print in a terminal, after script/demo."""

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
WIDTH = 124
# Picture → the command that it shows, and the one that prints the same, sooner.
PICTURES = {
    "run": ("pipeproof run flights -p partition_date=2013-07-03", "pipeproof show last"),
    "test": ("pipeproof test flights_broken encode train", "pipeproof test flights_broken encode train"),
}


def main() -> int:
    """Draw the pictures in the folder of the example."""
    os.chdir(ROOT / "examples" / "flights")
    os.environ["COLUMNS"] = str(WIDTH)
    (ROOT / "docs" / "images").mkdir(exist_ok=True)
    for name, (shown, command) in PICTURES.items():
        picture = drawn(f"$ {shown}", printed(command.split()))
        (ROOT / "docs" / "images" / f"{name}.svg").write_text(picture)
    return 0


def printed(command: list[str]) -> str:
    """Return what a command prints in a terminal."""
    kept = bytearray()

    def keep(descriptor: int) -> bytes:
        data = os.read(descriptor, 65536)
        kept.extend(data)
        return data

    pty.spawn([str(Path(sys.executable).parent / command[0]), *command[1:]], keep)
    return kept.decode().replace("\r\n", "\n").rstrip()


def drawn(prompt: str, text: str) -> str:
    """Return a terminal that shows a command and what it printed, as SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(prompt, style="bold"))
    console.print(Text.from_ansi(text))
    picture = console.export_svg(title="pipeproof")
    # Without the web fonts that Rich asks for: the picture loads nothing from anywhere.
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    return picture.replace("Fira Code", "ui-monospace, Menlo, Consolas")


if __name__ == "__main__":
    sys.exit(main())
