"""evroad: how far along the road to electric vehicles is Nissan, and how do we know?

Published claims (`Ledger`) become figures (`analysis.metrics`), and figures become charts (`analysis.charts`)
and sentences and tables (`analysis.exhibits`). Reports made of them are built by the `evroad` command.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Claim", "Conflict", "Entity", "Ledger", "__version__"]

Claim = str
Entity = str
Conflict = str
"""Types of a report's parameters: names that must stand in `claims.csv`, `entities.csv` or `conflicts.csv`."""

if TYPE_CHECKING:
    from analysis.ledger import Ledger


def __getattr__(name: str) -> object:
    # Loaded when first asked for, so that `evroad --help` does not wait for Polars.
    if name == "Ledger":
        from analysis.ledger import Ledger

        return Ledger
    raise AttributeError(f"module 'analysis' has no attribute {name!r}")
