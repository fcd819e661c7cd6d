"""Run the same scenario on backtrader and on backtrail, record every hook call, and find the first difference.

`record(bt, scenario)` runs a `Scenario` on either module and gives a `Recording`; `diff(expected, found)` gives the
first `Divergence` or None. `generate(seed, family)` makes a random scenario as plain data (a *spec*),
`scenario_of(spec)` turns it into a `Scenario`, `compare(spec)` does all of it, `shrink(spec)` makes a diverging spec
small, and `script(spec)` prints it as a program.
"""

from tests.oracle.compare import Divergence, compare, diff, differs
from tests.oracle.generate import FAMILIES, generate, generate_from
from tests.oracle.record import Event, Recording, record
from tests.oracle.scenario import Data, Scenario, Watch
from tests.oracle.search import specs
from tests.oracle.shrink import load_case, save_case, script, shrink
from tests.oracle.spec import scenario_of

__all__ = [
    "FAMILIES",
    "Data",
    "Divergence",
    "Event",
    "Recording",
    "Scenario",
    "Watch",
    "compare",
    "diff",
    "differs",
    "generate",
    "generate_from",
    "load_case",
    "record",
    "save_case",
    "scenario_of",
    "script",
    "shrink",
    "specs",
]
