"""What a spawned worker process runs to get the main module of ``backtrail run``: the script, with the alias."""

from __future__ import annotations

import os
from pathlib import Path

SCRIPT_VARIABLE = "BACKTRAIL_SCRIPT"

if __name__ == "__mp_main__" and SCRIPT_VARIABLE in os.environ:
    from backtrail.compat import alias_backtrader

    alias_backtrader()
    __file__ = os.environ[SCRIPT_VARIABLE]
    exec(compile(Path(__file__).read_bytes(), __file__, "exec", dont_inherit=True), globals())
