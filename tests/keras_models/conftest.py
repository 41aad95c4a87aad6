"""What needs Keras: `make test-all GROUP=keras` runs it in an environment of its own (scripts/extra.sh keras)."""

from __future__ import annotations

import importlib.util

import pytest

# `make test` has no Keras and must not skip in silence: there these files are not looked at, and the group's script
# fails where Keras is missing.
collect_ignore_glob = [] if importlib.util.find_spec("keras") else ["*"]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Layers' weights, and the names that Keras counts up."""
    from isoship.sources.keras.library import keras_for

    keras = keras_for("the tests of Keras models")
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
