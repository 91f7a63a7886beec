"""``python -m pipeproof``."""

from pipeproof.cli import main

raise SystemExit(main())
