"""Durations and sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.loading.units import seconds, size


@pytest.mark.parametrize(
    ("given_", "result"),
    [(90, 90.0), ("90", 90.0), ("10m", 600.0), ("1.5h", 5400.0), ("250ms", 0.25), ("2 d", 172800.0)],
)
def test_a_duration_is_read(given_: float | str, result: float) -> None:
    assert seconds(given_) == result


@pytest.mark.parametrize(
    ("given_", "result"), [(5, 5), ("512MB", 512 * 10**6), ("2GiB", 2 * 2**30), ("1.5k", 1500)]
)
def test_a_size_is_read(given_: int | str, result: int) -> None:
    assert size(given_) == result


@pytest.mark.parametrize(
    "wrong", [0, -1, "0s", "soon", "1 year", True, float("nan"), float("inf"), 10**400, "", [1], {}]
)
def test_what_is_no_duration_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        seconds(wrong)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("wrong", [0, "0.5", "1ZB", "9" * 30, False, 10**400, "-3MB"])
def test_what_is_no_size_is_refused(wrong: int | str) -> None:
    with pytest.raises(ValueError, match="must be"):
        size(wrong)


@given(st.integers(min_value=1, max_value=10**6))
def test_sixty_seconds_are_a_minute(minutes: int) -> None:
    assert seconds(f"{minutes}m") == seconds(f"{minutes * 60}s")
