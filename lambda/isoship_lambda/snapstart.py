"""SnapStart: what runs before Lambda takes its snapshot of a version, and in every copy restored from it.

Source: AWS Lambda Developer Guide, "Lambda SnapStart runtime hooks for Python".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def register(before: Callable[[], None], after: Callable[[], None]) -> bool:
    """Hands both to the runtime; False where it has no `snapshot_restore_py` and nothing was registered.

    An error in `before` fails the version, one in `after` the restored copy.
    """
    try:
        from snapshot_restore_py import register_after_restore, register_before_snapshot
    except ImportError:
        return False
    register_before_snapshot(before)
    register_after_restore(after)
    return True
