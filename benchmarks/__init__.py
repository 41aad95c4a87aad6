"""What isoship is measured by. Each benchmark writes results/<name>.json, exits 1 when a bar is missed."""
