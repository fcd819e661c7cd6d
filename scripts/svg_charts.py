"""Charts as SVG text: panels of lines, bars, columns and marks below each other, for the pictures of the manual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LEFT, RIGHT, GAP, ABOVE, AXIS = 12, 66, 10, 20, 24
COLORS = ("#1f6feb", "#d1242f", "#2da44e", "#bf8700", "#8250df", "#0a3069", "#bf3989")
BLUE, RED, GREEN, OCHRE, VIOLET = COLORS[:5]
INK, QUIET, FAINT, BAR = "#1f2328", "#57606a", "#d8dee4", "#8c959f"

Bars = Sequence[tuple[float, float, float, float]]


def number(value: float) -> str:
    """Give a coordinate, with at most one digit behind the point."""
    return f"{value:.1f}".removesuffix(".0")


def shown(value: float) -> str:
    """Give a value as a scale shows it."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def escaped(text: str) -> str:
    """Give *text* as it stands in SVG."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Panel:
    """Part of a chart: *count* places from left to right, values from *low* to *high* upwards."""

    def __init__(
        self, left: float, right: float, top: float, height: float, low: float, high: float, count: int
    ) -> None:
        self.left, self.right, self.top, self.bottom = left, right, top, top + height
        self.low, self.span = low, (high - low) or 1.0
        self.count = count
        self.body: list[str] = []
        self._label_at = left
        self._border()

    def _border(self) -> None:
        self.body.append(
            f'<rect x="{number(self.left)}" y="{number(self.top)}" width="{number(self.right - self.left)}" '
            f'height="{number(self.bottom - self.top)}" fill="none" stroke="{FAINT}"/>'
        )

    def scale(self) -> Panel:
        """Write the lowest and the highest value beside the panel."""
        for value, at in ((self.low + self.span, self.top + 9), (self.low, self.bottom)):
            self._text(self.right + 4, at, shown(value), QUIET)
        return self

    def x(self, place: float) -> float:
        """Give where the middle of *place* is."""
        return self.left + (place + 0.5) * (self.right - self.left) / self.count

    def y(self, value: float) -> float:
        """Give where *value* is."""
        return self.bottom - 4 - (value - self.low) / self.span * (self.bottom - self.top - 8)

    def _text(self, x: float, y: float, text: str, color: str = INK, more: str = "") -> None:
        self.body.append(f'<text x="{number(x)}" y="{number(y)}" fill="{color}"{more}>{escaped(text)}</text>')

    def label(self, text: str, color: str = INK) -> Panel:
        """Write *text* above the panel, behind what stands there."""
        self._text(self._label_at, self.top - 6, text, color)
        self._label_at += 6.3 * len(text) + 16
        return self

    def text(
        self, place: float, value: float, text: str, color: str = INK, anchor: str = "middle", up: float = 0
    ) -> None:
        """Write *text* at a place, *up* points above *value*."""
        self._text(self.x(place), self.y(value) - up, text, color, f' text-anchor="{anchor}"')

    def line(self, values: Sequence[float], color: str, label: str = "", step: bool = False) -> Panel:
        """Draw a line through values; NaN leaves a gap. With *step* a value holds until the next place."""
        path, pen, before = [], "M", 0.0
        for place, value in enumerate(values):
            if value != value:
                pen = "M"
                continue
            if step and pen == "L":
                if value != before:
                    path.append(f"H{number(self.x(place))}V{number(self.y(value))}")
            else:
                path.append(f"{pen}{number(self.x(place))} {number(self.y(value))}")
            pen, before = "L", value
        if step and pen == "L":
            path.append(f"H{number(self.x(len(values) - 1))}")
        self.body.append(f'<path d="{"".join(path)}" stroke="{color}" stroke-width="1.4" fill="none"/>')
        return self.label(label, color) if label else self

    def area(self, values: Sequence[float], color: str, label: str = "") -> Panel:
        """Fill what is between values and 0."""
        points = "".join(f"L{number(self.x(k))} {number(self.y(v))}" for k, v in enumerate(values))
        zero = number(self.y(0.0))
        self.body.append(
            f'<path d="M{number(self.x(0))} {zero}{points}L{number(self.x(len(values) - 1))} {zero}Z" '
            f'fill="{color}" fill-opacity="0.25" stroke="{color}"/>'
        )
        return self.label(label, color) if label else self

    def bars(self, bars: Bars, color: str = BAR, first: float = 0) -> Panel:
        """Draw bars (open, high, low, close): a stroke from low to high, a tick for the open and one for the close."""
        tick = min(4.0, 0.3 * (self.right - self.left) / self.count)
        steps = []
        for place, (opened, high, low, close) in enumerate(bars):
            if opened != opened:
                continue
            x = self.x(place + first)
            steps.append(f"M{number(x)} {number(self.y(low))}V{number(self.y(high))}")
            steps.append(f"M{number(x - tick)} {number(self.y(opened))}h{number(tick)}")
            steps.append(f"M{number(x)} {number(self.y(close))}h{number(tick)}")
        self.body.append(f'<path d="{"".join(steps)}" stroke="{color}" fill="none"/>')
        return self

    def candles(self, bars: Bars, first: float = 0) -> Panel:
        """Draw bars with a body from open to close, green when it rises."""
        wide = 0.56 * (self.right - self.left) / self.count
        for place, (opened, high, low, close) in enumerate(bars):
            x, color = self.x(place + first), GREEN if close >= opened else RED
            top, bottom = self.y(max(opened, close)), self.y(min(opened, close))
            self.body.append(
                f'<path d="M{number(x)} {number(self.y(low))}V{number(self.y(high))}" stroke="{color}"/>'
                f'<rect x="{number(x - wide / 2)}" y="{number(top)}" width="{number(wide)}" '
                f'height="{number(max(bottom - top, 1))}" fill="{color}"/>'
            )
        return self

    def columns(self, values: Sequence[float], color: str, label: str = "", part: float = 0.6) -> Panel:
        """Draw a column from 0 for each value."""
        wide = part * (self.right - self.left) / self.count
        zero, path = self.y(0.0), []
        for place, value in enumerate(values):
            if value == value and value:
                x = number(self.x(place) - wide / 2)
                path.append(f"M{x} {number(zero)}V{number(self.y(value))}h{number(wide)}V{number(zero)}Z")
        self.body.append(f'<path d="{"".join(path)}" fill="{color}"/>')
        return self.label(label, color) if label else self

    def dots(self, points: Iterable[tuple[float, float]], color: str, label: str = "", size: float = 5) -> Panel:
        """Draw a dot at each (place, value)."""
        path = "".join(f"M{number(self.x(at))} {number(self.y(v))}h0" for at, v in points if v == v)
        self.body.append(
            f'<path d="{path}" stroke="{color}" stroke-width="{number(size)}" stroke-linecap="round" fill="none"/>'
        )
        return self.label(label, color) if label else self

    def arrows(self, points: Iterable[tuple[float, float]], color: str, up: bool, label: str = "") -> Panel:
        """Draw a triangle at each (place, value), its tip at the value."""
        way = 7 if up else -7
        path = "".join(
            f"M{number(self.x(at))} {number(self.y(v))}l-4 {way}h8Z" for at, v in points if v == v
        )
        self.body.append(f'<path d="{path}" fill="{color}"/>')
        return self.label(label, color) if label else self

    def level(self, value: float, text: str = "", color: str = QUIET) -> Panel:
        """Draw a dashed line across at *value*, with a text at its right end."""
        y = number(self.y(value))
        self.body.append(
            f'<path d="M{number(self.left)} {y}H{number(self.right)}" stroke="{color}" stroke-dasharray="4 3"/>'
        )
        if text:
            self._text(self.right - 4, self.y(value) - 4, text, color, ' text-anchor="end"')
        return self

    def span_of(self, first: float, last: float, color: str = FAINT, text: str = "") -> Panel:
        """Shade from place *first* to place *last*, both included."""
        half = 0.5 * (self.right - self.left) / self.count
        begin, end = self.x(first) - half, self.x(last) + half
        self.body.insert(
            0,
            f'<rect x="{number(begin)}" y="{number(self.top)}" width="{number(end - begin)}" '
            f'height="{number(self.bottom - self.top)}" fill="{color}" fill-opacity="0.5"/>',
        )
        if text:
            self._text((begin + end) / 2, self.top + 12, text, QUIET, ' text-anchor="middle"')
        return self

    def cell(self, place: int, top: float, bottom: float, color: str, text: str, opacity: float = 1.0) -> None:
        """Fill the cell at *place* between two values, with a text in its middle."""
        half = 0.5 * (self.right - self.left) / self.count
        x, high, low = self.x(place), self.y(top), self.y(bottom)
        self.body.append(
            f'<rect x="{number(x - half)}" y="{number(high)}" width="{number(2 * half)}" height="{number(low - high)}" '
            f'fill="{color}" fill-opacity="{opacity:.2f}" stroke="#fff"/>'
        )
        self._text(x, (high + low) / 2 + 4, text, INK, ' text-anchor="middle"')

    def ticks(self, labels: Iterable[tuple[float, str]]) -> None:
        """Write labels below the panel."""
        for place, text in labels:
            self._text(self.x(place), self.bottom + 14, text, QUIET, ' text-anchor="middle"')


class Chart:
    """Panels below each other, *width* wide."""

    def __init__(self, title: str, width: int = 900) -> None:
        self.title, self.width = title, width
        self.panels: list[Panel] = []
        self._bottom = 0.0

    def panel(self, height: float, values: Iterable[float], count: int, scale: bool = True) -> Panel:
        """Add a panel below the others that has room for all *values* at *count* places."""
        known = [value for value in values if value == value]
        top = self._bottom + GAP + ABOVE
        made = Panel(LEFT, self.width - RIGHT, top, height, min(known), max(known), count)
        self._bottom = made.bottom
        self.panels.append(made)
        return made.scale() if scale else made

    def row(self, parts: int, height: float) -> list[tuple[float, float, float]]:
        """Make room for *parts* panels beside each other: left, right and top of each; see :meth:`put`."""
        top = self._bottom + GAP + ABOVE
        self._bottom = top + height
        wide = (self.width - LEFT - 8) / parts
        return [(LEFT + k * wide, LEFT + (k + 1) * wide - 14, top) for k in range(parts)]

    def put(
        self, room: tuple[float, float, float], height: float, values: Iterable[float], count: int
    ) -> Panel:
        """Add a panel in a room of a row."""
        known = [value for value in values if value == value]
        made = Panel(room[0], room[1], room[2], height, min(known), max(known), count)
        self.panels.append(made)
        return made

    def space(self, height: float) -> None:
        """Leave room below the last panel."""
        self._bottom += height

    def svg(self) -> str:
        """Give the picture."""
        height = number(self._bottom + AXIS)
        body = "\n".join(line for panel in self.panels for line in panel.body)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height}" width="{self.width}" '
            f'height="{height}" font-family="sans-serif" font-size="11" role="img">\n'
            f"<title>{escaped(self.title)}</title>\n"
            f'<rect width="{self.width}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n'
        )
