"""What needs torch: `make test-all GROUP=torch` runs it in an environment of its own (scripts/extra.sh torch)."""

from __future__ import annotations

import importlib.util

# `make test` has no torch and must not skip in silence: there these files are not looked at, and the group's script
# fails where torch is missing.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["*"]
