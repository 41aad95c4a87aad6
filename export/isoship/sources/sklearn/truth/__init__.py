"""The truth: the fitted model's own answers, and how near each row is to another one."""
