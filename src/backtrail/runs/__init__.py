"""Records of runs: what a run was made of, what came out of it, and the key under which it is found again.

Importing this package loads none of its modules: each is imported where it is used.
"""

from __future__ import annotations
