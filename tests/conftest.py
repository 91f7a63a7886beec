"""What all tests share."""

from __future__ import annotations

import hypothesis

# A busy machine is no failure: nothing in the suite is judged by its time.
hypothesis.settings.register_profile("pipeproof", deadline=None)
hypothesis.settings.load_profile("pipeproof")
