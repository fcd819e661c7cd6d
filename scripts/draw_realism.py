"""Draw the bars that docs/realism.md explains: the way of the price, the orders, and where they are executed.

`python scripts/draw_realism.py` writes docs/images/realism-*.svg; with `--check` it only tells whether they are as they
would be written. The way through each bar is the one that the broker takes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from backtrail.broker.path import Path as Way

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDTH, HEIGHT, LEFT, TOP, LEG = 620, 300, 150, 30, 70
INK, QUIET, UP, DOWN, LINE = "#1f2933", "#7b8794", "#2f855a", "#c53030", "#2b6cb0"

Bar = tuple[float, float, float, float]


@dataclass
class Picture:
    """Bars with levels (price, label, first and last bar) and marks (bar, place on the way, label, price or None)."""

    name: str
    caption: str
    bars: list[Bar]
    levels: list[tuple[float, str]] = field(default_factory=list)
    marks: list[tuple[int, float, str, bool]] = field(default_factory=list)
    trail: float | None = None
    volume: list[tuple[float, str]] = field(default_factory=list)


PICTURES = [
    Picture(
        "path",
        "Open, the nearer extreme, the other one, close.",
        [(10.0, 15.0, 9.0, 14.0), (14.0, 14.5, 8.5, 9.5)],
        marks=[
            (0, 0.0, "open", True),
            (0, 1.0, "low", True),
            (0, 2.0, "high", True),
            (0, 3.0, "close", True),
            (1, 1.0, "high", True),
            (1, 2.0, "low", True),
        ],
    ),
    Picture(
        "price-order",
        "The stop comes first on the way, though the target was issued first.",
        [(10.0, 15.0, 9.0, 14.0)],
        levels=[(10.5, "target 10.5"), (9.5, "stop 9.5")],
        marks=[(0, 0.5, "stop executed, target cancelled", True), (0, 1.25, "too late", False)],
    ),
    Picture(
        "live-brackets",
        "In at 9.5 on the way down, out at the target on the way up, in one bar.",
        [(10.0, 15.0, 9.0, 14.0)],
        levels=[(12.0, "target 12"), (9.5, "entry 9.5"), (8.0, "stop 8")],
        marks=[(0, 0.5, "entry executed", True), (0, 1.5, "target executed", True)],
    ),
    Picture(
        "trailing",
        "The stop, 2 below, goes up with the price to 13 and is hit on the way to the close.",
        [(10.0, 15.0, 9.5, 12.0)],
        levels=[(8.0, "stop before 8"), (13.0, "stop at the high 13")],
        marks=[(0, 2.0 + 2.0 / 3.0, "executed at 13", True)],
        trail=2.0,
    ),
    Picture(
        "volume-share",
        "Orders of 15 and 10, a volume of 100, a share of 20 %: 15 + 5, then the 5 that are left.",
        [(10.0, 10.6, 9.6, 10.2), (10.2, 10.8, 9.8, 10.4)],
        marks=[(0, 0.0, "15 and 5", True), (1, 0.0, "5", True)],
        volume=[(0.2, "20 of 100"), (0.05, "5 of 100")],
    ),
    Picture(
        "margin-call",
        "Short 600 at 10 with 10,000: at the close of 22 the account is worth 2,800 and needs 6,600.",
        [(14.0, 15.5, 13.5, 15.0), (16.0, 22.5, 15.5, 22.0), (23.0, 24.0, 21.5, 23.0)],
        levels=[(10.0, "sold at 10")],
        marks=[(1, 3.0, "margin call", False), (2, 0.0, "closed at 23", True)],
    ),
]


def draw(picture: Picture) -> str:
    """Give the SVG of *picture*."""
    prices = [p for bar in picture.bars for p in bar] + [p for p, _ in picture.levels]
    low, high = min(prices), max(prices)
    floor = HEIGHT - (95 if picture.volume else 55)

    def y(price: float) -> float:
        return round(TOP + (high - price) / (high - low) * (floor - TOP), 1)

    def x(bar: int, place: float) -> float:
        return round(LEFT + bar * (3 * LEG + 30) * scale + place * LEG * scale, 1)

    scale = min(1.6, (WIDTH - LEFT - 60) / (len(picture.bars) * (3 * LEG + 30)))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="13" role="img"><title>{picture.caption}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for price, label in picture.levels:
        parts.append(
            f'<line x1="{LEFT - 10}" x2="{WIDTH - 20}" y1="{y(price)}" y2="{y(price)}" stroke="{QUIET}" '
            f'stroke-dasharray="5 4"/><text x="{LEFT - 16}" y="{y(price) + 4}" text-anchor="end" fill="{QUIET}">'
            f"{label}</text>"
        )
    for number, bar in enumerate(picture.bars):
        parts += _bar(bar, x(number, 1.5), y, scale)
        way = Way(*bar)
        points = " ".join(f"{x(number, place)},{y(p)}" for place, p in enumerate(way.points))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="2"/>')
        if picture.trail is not None:
            parts.append(_trail(way, picture.trail, number, x, y))
        if picture.volume:
            share, label = picture.volume[number]
            base = HEIGHT - 32
            parts.append(
                f'<rect x="{x(number, 1.0)}" y="{base - 40}" width="40" height="40" fill="#e4e7eb"/>'
                f'<rect x="{x(number, 1.0)}" y="{base - 40 * share}" width="40" height="{40 * share:g}" fill="{UP}"/>'
                f'<text x="{x(number, 1.0) + 48}" y="{base - 4}" fill="{QUIET}">{label}</text>'
            )
    for number, place, label, done in picture.marks:
        at = Way(*picture.bars[number]).price(place)
        colour = UP if done else DOWN
        parts.append(
            f'<circle cx="{x(number, place)}" cy="{y(at)}" r="5" fill="{colour}"/>'
            f'<text x="{x(number, place) + 9}" y="{y(at) - 8}" fill="{INK}">{label}</text>'
        )
    parts.append(f'<text x="20" y="{HEIGHT - 10}" fill="{INK}">{picture.caption}</text></svg>')
    return "\n".join(parts) + "\n"


def _bar(bar: Bar, middle: float, y: Callable[[float], float], scale: float) -> list[str]:
    opened, high, low, close = bar
    top, bottom = y(max(opened, close)), y(min(opened, close))
    half = round(18 * scale, 1)
    return [
        f'<line x1="{middle}" x2="{middle}" y1="{y(high)}" y2="{y(low)}" stroke="#cbd2d9" stroke-width="3"/>',
        f'<rect x="{middle - half}" y="{top}" width="{2 * half}" height="{round(max(bottom - top, 1), 1)}" '
        f'fill="{"#c6f6d5" if close >= opened else "#fed7d7"}" stroke="#cbd2d9"/>',
    ]


def _trail(
    way: Way, distance: float, number: int, x: Callable[[int, float], float], y: Callable[[float], float]
) -> str:
    """Draw the stop of a sale that follows the price at *distance*."""
    stop = way.points[0] - distance
    points = [f"{x(number, 0.0)},{y(stop)}"]
    for place in range(1, 4):
        reached = max(stop, way.points[place] - distance)
        if reached > stop:
            start = way.reach(stop + distance, True, place - 1.0)
            points.append(f"{x(number, start or 0.0)},{y(stop)}")
        stop = reached
        points.append(f"{x(number, float(place))},{y(stop)}")
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{DOWN}" stroke-width="1.5"/>'


def main(argv: list[str] | None = None) -> int:
    """Write the pictures, or check them."""
    parser = argparse.ArgumentParser(description="Draw the pictures of docs/realism.md.")
    parser.add_argument("--check", action="store_true", help="only tell whether the files are up to date")
    args = parser.parse_args(argv)
    stale = []
    for picture in PICTURES:
        file, text = FOLDER / f"realism-{picture.name}.svg", draw(picture)
        if args.check:
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                stale.append(file.name)
        else:
            FOLDER.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    if stale:
        print(f"not as {Path(__file__).name} draws them: {', '.join(stale)}; run it", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
