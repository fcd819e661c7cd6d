"""Measure the capture of code: `python -m benchmarks.code` prints each figure beside what is asked of it.

Figures are processor time, so that other work on the machine does not count.

A project of 200 files and 31,000 lines is generated, in the manner of real strategy code: classes with parameters,
docstrings and comments, calls, conditions, imports of each other, of numpy and of the standard library. It has 4.1
nodes of syntax tree per line (as Python's own library; pandas has 2.8). `--json` prints the figures for machines;
`--keep FOLDER` leaves the project there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = 200
LINES = 31_000

FIGURES = (
    ("entry_point_ms", "entry-point detection", 0.1),
    ("cold_ms", "closure of 200 files, 31,000 lines, cold", 450.0),
    ("unchanged_ms", "nothing changed", 10.0),
    ("edited_ms", "one file edited", 15.0),
    ("first_capture_ms", "capture for the first run of a process, memo warm", 25.0),
    ("next_capture_ms", "capture for a later run", 2.0),
)

FUNCTION = '''
def signal_{n}(close, period={p}, factor={f}):
    """Give the signal of {n} over *period* bars, scaled by *factor*.

    Args:
        close: the closing prices, the latest last; at least *period* of them.
        period: how many bars the window has.
        factor: what the deviation from the mean is multiplied with.

    Returns:
        a dict with the mean, the spread, the weighted total and the name of the signal.

    Raises:
        ValueError: *period* is not positive.

    The signal is the sum of the scaled deviations, the later the less; it has no unit. It
    does not change when all prices are multiplied by the same number, because the spread
    of the window divides it. Windows without a spread give zero.
    """
    if period <= 0:
        raise ValueError(f"period must be positive, got {{period}}")
    window = np.asarray(close[-period:], dtype=float)

    # The mean is taken before the scale is applied: a window that is shorter than the
    # period at the beginning of the data would otherwise be weighted too much.
    mean = float(window.mean()) if len(window) else 0.0
    spread = max(window, default=0.0) - min(window, default=0.0)
    scaled = [(value - mean) * factor / (spread or 1.0) for value in window]

    # Later values weigh less; small negative ones are left out.
    total = 0.0
    for index, value in enumerate(scaled):
        if value > 0 and index % 2 == 0:
            total += value * math.exp(-index / period)
        elif value < -{f}:
            total -= abs(value) ** 0.5
        else:
            continue

    return {{"mean": mean, "spread": spread, "total": total, "name": "signal_{n}"}}

'''
CLASS = '''
class Model{n}(Base):
    """A model of kind {n}, kept for its parameters.

    It keeps the last 500 bars on which the total was above the factor. Subclasses may
    override :meth:`step`, and should call it first.

    Attributes:
        data: the feed that the model looks at.
        settings: the parameters of the class with those given.
        history: tuples of bar, total and mean, the latest last.
    """

    params = (("period", {p}), ("factor", {f}), ("label", "model-{n}"))

    def __init__(self, data, **settings):
        self.data = data
        self.settings = {{**dict(self.params), **settings}}
        self.history = []

    def step(self, bar):
        """Take one bar and give the last one that counted, or None.

        Call it once per bar, in order; it looks at the closing prices up to this bar only.
        """
        value = signal_{n}(self.data.close, period=self.settings["period"])

        # only what stands out is kept
        if value["total"] > self.settings["factor"] and len(self.history) < 500:
            self.history.append((bar, value["total"], value["mean"]))
        return self.history[-1] if self.history else None

'''


def generate(root: Path, files: int = FILES, lines: int = LINES) -> Path:
    """Write a project of *files* files with *lines* lines in all below *root*; give its main file."""
    chance = random.Random(7)
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text("[project]\nname = 'generated'\n", encoding="utf-8")
    packages = [f"part{n}" for n in range(9)]
    names = [f"{packages[n % 9]}.module{n}" for n in range(files - 10)]
    left = lines
    for package in packages:
        (root / package).mkdir()
        (root / package / "__init__.py").write_text(f'"""Part {package}."""\n', encoding="utf-8")
        left -= 1
    for index, name in enumerate(names):
        share = left // (len(names) - index + 1)
        text = module(index, names, chance, share)
        (root / (name.replace(".", "/") + ".py")).write_text(text, encoding="utf-8")
        left -= text.count("\n")
    main = ['"""Run everything."""', "", "import datetime", "", "import backtrail as bt", ""]
    main += [f"from {name.rpartition('.')[0]} import {name.rpartition('.')[2]}" for name in names[:20]]
    main += ["", "", "class Main(bt.Strategy):", '    params = (("period", 5),)', "", "    def next(self):"]
    main += ["        pass", ""]
    for number in range(left - len(main)):
        main.append(padding(number, number * 2).rstrip("\n"))
    path = root / "main.py"
    path.write_text("\n".join(main) + "\n", encoding="utf-8")
    return path


def padding(number: int, value: int) -> str:
    """Give one more line of a module: constants with remarks."""
    kinds = ("\n", "# how long this level holds, and after how many minutes it is looked at again\n",
             f"LEVEL_{number} = datetime.timedelta(minutes={value})\n", f"FACTOR_{number} = {value} * 2\n")  # fmt: skip
    return kinds[number % 4]


def module(index: int, names: list[str], chance: random.Random, lines: int) -> str:
    """Give the text of one module of about *lines* lines that imports the next ones."""
    parts = [f'"""Module {index} of the generated project."""\n', "from __future__ import annotations\n", "import math",
             "import datetime", "from collections import deque\n", "import numpy as np\n"]  # fmt: skip
    for number in (index * 2 + 1, index * 2 + 2, index + 95):
        if index < number < len(names):
            package, _, last = names[number].rpartition(".")
            parts.append(f"from {package} import {last}")
    parts += ["", "", "class Base:", '    """What models share."""', "", "    queue = deque(maxlen=100)", ""]
    text = "\n".join(parts)
    count = 0
    while text.count("\n") + 80 < lines:
        values = {"n": count, "p": chance.randint(2, 90), "f": round(chance.random(), 3)}
        text += "\n" + FUNCTION.format(**values) + CLASS.format(**values)
        count += 1
    for number in range(lines - text.count("\n")):
        text += padding(number, chance.randint(1, 60))
    return text


def child(kind: str, folder: str) -> None:
    """Measure one figure in this process and print it in milliseconds; *folder* holds the project."""
    from backtrail.runs.code import closure_of, detect_entry_point

    main = Path(folder) / "main.py"
    clock = time.process_time
    found: list[float] = []
    if kind == "entry":
        detect_entry_point()
        for _ in range(2000):
            begun = clock()
            detect_entry_point()
            found.append(clock() - begun)
    elif kind == "cold":
        begun = clock()
        assert len(closure_of(main, runtime=False).files) == FILES
        found.append(clock() - begun)
    elif kind == "unchanged":
        assert closure_of(main, runtime=False).digest == closure_of(main, runtime=False).digest
        for _ in range(30):
            begun = clock()
            closure_of(main, runtime=False)
            found.append(clock() - begun)
    elif kind == "edited":
        before = closure_of(main, runtime=False).digest
        target = Path(folder) / "part3" / "module93.py"
        text = target.read_text(encoding="utf-8")
        for number in range(15):
            target.write_text(text + f"EDITED = {number}\n", encoding="utf-8")
            begun = clock()
            after = closure_of(main, runtime=False).digest
            found.append(clock() - begun)
            assert after != before
            before = after
        target.write_text(text, encoding="utf-8")
    print(statistics.median(found) * 1000)


CAPTURE = """
import sys, time
sys.path[:0] = [{folder!r}]
import backtrail as bt
import backtrail.cerebro, backtrail.strategy.strategy
from main import Main
begun = time.process_time()
from backtrail.runs.code import closure_of
closure_of([Main], entry={main!r})
first = time.process_time() - begun
later = []
for _ in range(50):
    begun = time.process_time()
    closure_of([Main], entry={main!r})
    later.append(time.process_time() - begun)
print(first * 1000, sorted(later)[25] * 1000)
"""


def measure(folder: Path) -> dict[str, float]:
    """Give every figure of FIGURES, in milliseconds, for the project generated in *folder*."""
    env = {**os.environ, "BACKTRAIL_CACHE_DIR": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": ""}
    project = folder / "project"
    main = generate(project)

    def run(kind: str) -> float:
        command = [sys.executable, "-m", "benchmarks.code", "--child", kind, "--keep", str(project)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        return float(done.stdout)

    cold = []
    for attempt in range(3):
        env["BACKTRAIL_CACHE_DIR"] = str(folder / f"cache{attempt}")
        cold.append(run("cold"))
    time.sleep(2.1)  # what changed less than two seconds ago is read again
    figures = {"entry_point_ms": run("entry"), "cold_ms": min(cold), "unchanged_ms": run("unchanged")}
    figures["edited_ms"] = run("edited")
    time.sleep(2.1)
    command = [sys.executable, "-c", CAPTURE.format(folder=str(project), main=str(main))]
    captures = []
    for _ in range(4):
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        captures.append(tuple(map(float, done.stdout.split())))
        time.sleep(2.1)  # the modules' compiled files were written: let them settle
    figures["first_capture_ms"] = min(first for first, _ in captures[1:])
    figures["next_capture_ms"] = min(later for _, later in captures[1:])
    return figures


def main() -> int:
    """Print the figures; the exit status is 1 if one is above what is asked."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true")
    options.add_argument("--child", choices=["entry", "cold", "unchanged", "edited"])
    options.add_argument("--keep", help="the folder for the generated project")
    given = options.parse_args()
    if given.child:
        child(given.child, given.keep)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(given.keep or folder))
    if given.json:
        print(json.dumps(figures))
    else:
        for key, said, most in FIGURES:
            print(f"{said:55} {figures[key]:9.3f} ms   (at most {most:g})")
    return int(any(figures[key] > most for key, _, most in FIGURES))


if __name__ == "__main__":
    raise SystemExit(main())
