"""Metric functions: frames of claims in, rows of `Figures` out. Pure: no file, no clock, no loading of the ledger.

Every function takes first the claims in force, as `Ledger.as_of().claims` has them.
"""

VERSION = "1"
"""Of the methods: raised whenever a figure comes out otherwise for the same claims. Editions tell such changes apart."""
