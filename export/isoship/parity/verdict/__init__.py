"""The verdict of a check: answers compared, the cause of a difference, and the report."""
