"""What a step that is too broken to be built would have made, so that nobody is told to miss it."""

from __future__ import annotations

from typing import Any


def would_make(plain: Any) -> set[str]:
    """Return the datasets that a broken step would probably have made."""
    if not isinstance(plain, dict):
        return set()
    config: Any = plain.get("config")
    config = config if isinstance(config, dict) else {}
    outputs = config.get("outputs", ())
    names = outputs.values() if isinstance(outputs, dict) else outputs if isinstance(outputs, list) else ()
    own = plain.get("name")
    made = [config.get("output_name"), own, *names]
    made += [f"{own}.{port}" for port in (outputs if isinstance(outputs, dict | list) else ())]
    return {name for name in made if isinstance(name, str)}
