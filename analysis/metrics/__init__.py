"""Metric functions: frames of claims in, rows of `Figures` out. Pure: no file, no clock, no loading of the ledger."""
