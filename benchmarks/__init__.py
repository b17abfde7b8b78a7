"""Measurements of the product, each against a baseline in the same run. Run: make bench."""
