"""How large a change must be to matter, whatever the number of rows: with a million of them any change is certain.

The bounds are the conventions for a small effect. None of them depends on the number of rows.
"""

from __future__ import annotations

import math

LEAST_KS = 0.08
"""Difference of cumulated shares: a shift of a normal distribution by 0.2 standard deviations, which is a small
effect after Cohen (1988, "Statistical Power Analysis for the Behavioral Sciences", 2nd ed., ch. 2), gives
2 Φ(0.1) - 1 = 0.080."""
LEAST_PSI = 0.1
"""Population stability index from which on a change counts as moderate (Siddiqi 2006, "Credit Risk Scorecards")."""
LEAST_SHIFT = 0.2
"""Wasserstein distance in standard deviations of the first table: of a mere shift it is Cohen's d, of which 0.2 is a
small effect (Cohen 1988, ch. 2)."""
LEAST_CRAMER = 0.1
"""Cramér's V of two tables, which is Cohen's w: 0.1 is a small effect (Cohen 1988, ch. 7)."""
LEAST_H = 0.2
"""Cohen's h of two shares: 0.2 is a small effect (Cohen 1988, ch. 6), such as from none to one in a hundred."""
LEAST_OUTSIDE = 0.01
"""Share of rows, beyond the expected two in a thousand, outside of what held 99.8 % before: our convention."""


def cohen_h(a_share: float, b_share: float) -> float:
    """Return Cohen's h, the distance of two shares on the scale on which their spread is the same everywhere."""
    return abs(2 * math.asin(math.sqrt(b_share)) - 2 * math.asin(math.sqrt(a_share)))


def cramers_v(statistic: float, rows: int) -> float:
    """Return Cramér's V of a table with two rows: the root of chi-square by the number of observations."""
    return math.sqrt(statistic / rows) if rows else 0.0
