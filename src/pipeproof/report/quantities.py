"""Durations, sizes, numbers and times as people read them."""

from __future__ import annotations

import math
import time


def seconds(value: float) -> str:
    """Return a duration: 0.4 s, 59.9 s, 2 min 05 s, 3 h 20 min."""
    if value < 59.95:  # noqa: PLR2004 what is shown as less than a minute
        return f"{value:.1f} s"
    whole = round(value)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def size(value: float) -> str:
    """Return a size in bytes, in decimal units: 61 kB, 212 MB, 1.4 GB."""
    amount = float(value)
    for unit in ("B", "kB", "MB"):
        if round(amount) < 1000:  # noqa: PLR2004 decimal units
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB" if amount < 1000 else f"{amount / 1000:.1f} TB"  # noqa: PLR2004 as above


def number(value: float) -> str:
    """Return a metric: three significant digits, whole numbers in full, thousands separated."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004 beyond, floats have no units place
        return f"{int(value):,}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.3g}"  # noqa: PLR2004 as above


def percent(share: float) -> str:
    """Return a share with as many digits as tell it from nothing and from all: 2.1 %, 33 %, >99.9 %."""
    if not share:
        return "0 %"
    if 0 < share < 0.001:  # noqa: PLR2004 one in a thousand
        return "<0.1 %"
    if 0.999 < share < 1:  # noqa: PLR2004 as above
        return ">99.9 %"
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"  # noqa: PLR2004 a tenth


def whole_percent(share: float) -> str:
    """Return a share as whole hundredths, where many stand in one line: 76 %, 5 %."""
    return f"{share * 100:.0f} %"


def exact_percent(share: float) -> str:
    """Return a share of which the least part counts, as of broken rows: 33.3 %, 0.0003 %."""
    return f"{share * 100:.1f} %" if share >= 0.001 else f"{share * 100:.2g} %"  # noqa: PLR2004 below, a digit after the point says 0


def count(amount: int, noun: str) -> str:
    """Return an amount with its noun: 1 step, 2 steps, 0 tries."""
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{amount:,} {noun if amount == 1 else many}"


def moment(at: float) -> str:
    """Return a time in seconds since 1970 as local date and time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
