"""The Lambda target: its directory, the zip or image made of it, and the template that deploys either."""
