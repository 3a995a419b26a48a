"""Service-tier fairness and plan matching."""

__version__ = "0.1.0"
