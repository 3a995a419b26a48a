"""Engines that measures run on, and the adapters between them."""
