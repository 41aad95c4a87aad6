"""isoship: train once, ship the same answers to AWS Lambda, edge devices and the browser."""

__version__ = "0.1.0"
