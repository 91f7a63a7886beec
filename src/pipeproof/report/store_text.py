"""Whether stores answer, as lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeproof.report.cells import clean, pad, width
from pipeproof.report.style import PLAIN, Style
from pipeproof.report.text import MARKS


def probe_lines(
    probes: Sequence[tuple[str, str, Mapping[str, float], bool]], style: Style = PLAIN
) -> Iterator[str]:
    """Yield a line for each store that was tried.

    Args:
        probes: Its name, its address, what was tried → how many seconds it took, and whether all went well.
        style: Colours.
    """
    names = max(width(name) for name, *_ in probes)
    addresses = max(width(clean(address)) for _, address, *_ in probes)
    for name, address, seconds, passed in probes:
        mark, tone = MARKS["passed" if passed else "failed"]
        took = "   ".join(f"{what} {1000 * time:.1f} ms" for what, time in seconds.items())
        yield f"{style(tone, mark)} {pad(name, names)}  {pad(clean(address), addresses)}  {took}".rstrip()
