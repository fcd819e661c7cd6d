"""The store of run records: durable, shared by processes and machines, searchable, and checked whenever it is read."""

from __future__ import annotations

from .lease import Attempt
from .listing import Listing
from .place import Place, find_place
from .run import Run
from .search import Best
from .store import Store
from .sweeps import Sweep
from .tables import StoredTable
from .work import Work

__all__ = ["Attempt", "Best", "Listing", "Place", "Run", "Store", "StoredTable", "Sweep", "Work", "find_place"]
