#!/usr/bin/env python3
"""Draw the pictures of the pages beside this file: what each family of indicators looks like over the sample data.

Run it to write the SVG files again; with ``--check`` it writes nothing and fails if one of them would change.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import backtrail as bt

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "src" / "backtrail" / "cli" / "data" / "sample-daily.csv"

#: The bars that are drawn, counted from the end of the sample; indicators are computed over all of it.
SHOWN = 150
FIRST_FROM_END = 620

WIDTH, LEFT, RIGHT = 900, 12, 62
PRICE_HEIGHT, PANEL_HEIGHT, GAP, AXIS = 250, 110, 14, 24
COLORS = ("#1f6feb", "#d1242f", "#2da44e", "#bf8700", "#8250df", "#0a3069", "#bf3989")
INK, FAINT, BAR = "#57606a", "#d8dee4", "#8c959f"

Builder = Callable[[bt.Strategy], dict[str, Any]]


@dataclass(frozen=True)
class Panel:
    """Lines drawn together: over the price, or below it with horizontal lines at *marks*."""

    build: Builder
    marks: tuple[float, ...] = ()
    over_price: bool = False
    dots: bool = False


def _over(build: Builder, dots: bool = False) -> Panel:
    return Panel(build, over_price=True, dots=dots)


def _levels(strategy: bt.Strategy) -> dict[str, Any]:
    pivots = bt.ind.PivotPoint(strategy.data)
    names = {"pivot": "p", "support 1": "s1", "resistance 1": "r1", "support 2": "s2", "resistance 2": "r2"}
    return {label: getattr(pivots.lines, name) for label, name in names.items()}


def _fractals(strategy: bt.Strategy) -> dict[str, Any]:
    made = bt.ind.Fractal(strategy.data)
    return {"fractal high": made.fractal_bearish, "fractal low": made.fractal_bullish}


def _named(*pairs: tuple[str, Callable[[bt.Strategy], Any]]) -> Builder:
    return lambda strategy: {label: make(strategy) for label, make in pairs}


def _lines(make: Callable[[bt.Strategy], Any], **labels: str) -> Builder:
    """Build one indicator and give its lines: label by line name."""

    def build(strategy: bt.Strategy) -> dict[str, Any]:
        made = make(strategy)
        return {label: getattr(made.lines, name) for name, label in labels.items()}

    return build


PICTURES: dict[str, list[Panel]] = {
    "averages": [
        _over(
            _named(
                ("SMA 20", lambda s: bt.ind.SMA(s.data, period=20)),
                ("EMA 20", lambda s: bt.ind.EMA(s.data, period=20)),
                ("HMA 20", lambda s: bt.ind.HMA(s.data, period=20)),
                ("KAMA 20", lambda s: bt.ind.KAMA(s.data, period=20)),
            )
        ),
    ],
    "windows": [
        _over(
            _named(
                ("Highest 20", lambda s: bt.ind.Highest(s.data.high, period=20)),
                ("Lowest 20", lambda s: bt.ind.Lowest(s.data.low, period=20)),
            )
        ),
        Panel(_named(("PercentRank 50", lambda s: bt.ind.PercentRank(s.data, period=50))), (0.0, 1.0)),
        Panel(
            _named(("CrossOver of SMA 5, 20", lambda s: bt.ind.CrossOver(
                bt.ind.SMA(s.data, period=5), bt.ind.SMA(s.data, period=20)
            ))),
            (-1.0, 0.0, 1.0),
        ),
    ],
    "volatility": [
        _over(_lines(lambda s: bt.ind.BollingerBands(s.data), mid="middle", top="upper band", bot="lower band")),
        Panel(_named(("ATR 14", lambda s: bt.ind.ATR(s.data)))),
        Panel(_named(("StdDev 20", lambda s: bt.ind.StdDev(s.data)))),
    ],
    "channels": [
        _over(
            lambda s: {
                **_lines(lambda s: bt.ind.KeltnerChannel(s.data), top="Keltner", bot="Keltner low")(s),
                **_lines(lambda s: bt.ind.DonchianChannel(s.data), top="Donchian", bot="Donchian low")(s),
                "Supertrend": bt.ind.Supertrend(s.data),
            }
        ),
        Panel(_named(("Choppiness 14", lambda s: bt.ind.ChoppinessIndex(s.data))), (38.2, 61.8)),
    ],
    "momentum": [
        Panel(_named(("ROC100 12", lambda s: bt.ind.ROC100(s.data))), (0.0,)),
        Panel(_named(("CCI 20", lambda s: bt.ind.CCI(s.data))), (-100.0, 0.0, 100.0)),
        Panel(_lines(lambda s: bt.ind.KST(s.data), kst="KST", signal="signal"), (0.0,)),
    ],
    "oscillators": [
        Panel(_lines(lambda s: bt.ind.MACDHisto(s.data), macd="MACD", signal="signal", histo="difference"), (0.0,)),
        Panel(_lines(lambda s: bt.ind.Stochastic(s.data), percK="%K", percD="%D"), (20.0, 80.0)),
        Panel(_named(("WilliamsR 14", lambda s: bt.ind.WilliamsR(s.data))), (-80.0, -20.0)),
    ],
    "strength": [
        Panel(
            _named(
                ("RSI 14", lambda s: bt.ind.RSI(s.data)),
                ("RSI_SMA 14", lambda s: bt.ind.RSI_SMA(s.data)),
                ("RMI 20, 5", lambda s: bt.ind.RMI(s.data)),
            ),
            (30.0, 70.0),
        ),
    ],
    "directional": [
        Panel(
            lambda s: {
                "ADX": bt.ind.ADX(s.data),
                "+DI": bt.ind.PlusDI(s.data),
                "-DI": bt.ind.MinusDI(s.data),
            }
        ),
    ],
    "trend": [
        _over(
            _lines(
                lambda s: bt.ind.Ichimoku(s.data),
                tenkan_sen="tenkan", kijun_sen="kijun", senkou_span_a="senkou A", senkou_span_b="senkou B",
            )
        ),
        _over(_named(("PSAR", lambda s: bt.ind.PSAR(s.data))), dots=True),
        Panel(_lines(lambda s: bt.ind.AroonUpDown(s.data), aroonup="Aroon up", aroondown="Aroon down"), (30.0, 70.0)),
        Panel(_lines(lambda s: bt.ind.Vortex(s.data), vi_plus="+VI", vi_minus="-VI"), (1.0,)),
    ],
    "levels": [_over(_levels), _over(_fractals, dots=True)],
    "volume": [
        _over(
            _named(
                ("VWAP of the month", lambda s: bt.ind.VWAP(s.data, restart="month")),
                ("VWAP of the quarter", lambda s: bt.ind.VWAP(s.data, restart="quarter")),
            )
        ),
        Panel(_named(("OBV", lambda s: bt.ind.OBV(s.data)))),
        Panel(_named(("MFI 14", lambda s: bt.ind.MFI(s.data))), (20.0, 80.0)),
        Panel(_named(("CMF 20", lambda s: bt.ind.CMF(s.data))), (0.0,)),
    ],
    "statistics": [
        Panel(_named(("ZScore 20", lambda s: bt.ind.ZScore(s.data))), (-2.0, 0.0, 2.0)),
        Panel(
            _named(("correlation of close and volume, 30", lambda s: bt.ind.RollingCorrelation(
                s.data.close, s.data.volume, returns=True
            ))),
            (-1.0, 0.0, 1.0),
        ),
        Panel(_named(("Hurst 40", lambda s: bt.ind.Hurst(s.data))), (0.5,)),
    ],
    "talib": [
        _over(_named(("TRIMA 20", lambda s: bt.talib.TRIMA(s.data, timeperiod=20)))),
        Panel(_lines(lambda s: bt.talib.HT_SINE(s.data), sine="HT_SINE sine", leadsine="lead"), (-1.0, 1.0)),
    ],
}  # fmt: skip


def computed(panels: list[Panel]) -> tuple[list[dict[str, list[float]]], dict[str, list[float]], list[str]]:
    """Give the lines of the panels, the bars and their dates, over the bars that are shown."""
    found: list[dict[str, list[float]]] = []
    bars: dict[str, list[float]] = {}
    dates: list[str] = []

    class Draws(bt.Strategy):
        def __init__(self) -> None:
            self.made = [panel.build(self) for panel in panels]

        def stop(self) -> None:
            size = len(self.data)
            first = size - FIRST_FROM_END
            part = slice(first, first + SHOWN)
            for made in self.made:
                found.append({label: list(line.array[:size][part]) for label, line in made.items()})
            for name in ("open", "high", "low", "close"):
                bars[name] = list(getattr(self.data, name).array[:size][part])
            dates.extend(str(self.data.num2date(x).date()) for x in self.data.datetime.array[:size][part])

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.BacktraderCSVData(dataname=str(SAMPLE)))
    cerebro.addstrategy(Draws)
    cerebro.run()
    return found, bars, dates


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _shown(value: float) -> str:
    """Give a value as the scale shows it."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.1f}M"
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:.0f}"


class Scale:
    """Where a value stands between *top* and *bottom* of a panel."""

    def __init__(self, values: list[float], top: float, bottom: float) -> None:
        known = [v for v in values if v == v]
        self.low, self.high = min(known), max(known)
        self.top, self.bottom = top, bottom
        self.span = (self.high - self.low) or 1.0

    def __call__(self, value: float) -> str:
        """Give the vertical position of *value*."""
        return _number(self.bottom - (value - self.low) / self.span * (self.bottom - self.top))


def _across(index: int) -> str:
    return _number(LEFT + (index + 0.5) * (WIDTH - LEFT - RIGHT) / SHOWN)


def _path(values: list[float], scale: Scale) -> str:
    """Give the path of a line, with a gap where there is no value."""
    steps, pen = [], "M"
    for index, value in enumerate(values):
        if value != value:
            pen = "M"
            continue
        steps.append(f"{pen}{_across(index)} {scale(value)}")
        pen = "L"
    return "".join(steps)


def _bars(bars: dict[str, list[float]], scale: Scale) -> str:
    steps = []
    for index, (high, low, close) in enumerate(zip(bars["high"], bars["low"], bars["close"], strict=True)):
        steps.append(f"M{_across(index)} {scale(low)}V{scale(high)}M{_across(index)} {scale(close)}h2")
    return f'<path d="{"".join(steps)}" stroke="{BAR}" fill="none"/>'


def _panel(
    panel: Panel, lines: dict[str, list[float]], scale: Scale, label_at: float, before: tuple[str, ...] = ()
) -> list[str]:
    """Draw the lines of a panel; their labels stand behind the labels *before*."""
    out = []
    for mark in panel.marks:
        if scale.low <= mark <= scale.high:
            out.append(
                f'<path d="M{LEFT} {scale(mark)}H{WIDTH - RIGHT}" stroke="{FAINT}" stroke-dasharray="4 3"/>'
                f'<text x="{WIDTH - RIGHT + 4}" y="{scale(mark)}" dy="4" fill="{INK}">{_shown(mark)}</text>'
            )
    at = LEFT + sum(7.0 * len(label) + 16 for label in before)
    for number, (label, values) in enumerate(lines.items(), len(before)):
        color = COLORS[number % len(COLORS)]
        if panel.dots:
            dots = "".join(f"M{_across(k)} {scale(v)}h0" for k, v in enumerate(values) if v == v)
            out.append(f'<path d="{dots}" stroke="{color}" stroke-width="4" stroke-linecap="round"/>')
        else:
            out.append(f'<path d="{_path(values, scale)}" stroke="{color}" stroke-width="1.4" fill="none"/>')
        out.append(f'<text x="{_number(at)}" y="{_number(label_at)}" fill="{color}">{label}</text>')
        at += 7.0 * len(label) + 16
    return out


def _frame(top: float, bottom: float, scale: Scale) -> list[str]:
    return [
        f'<rect x="{LEFT}" y="{_number(top)}" width="{WIDTH - LEFT - RIGHT}" height="{_number(bottom - top)}" '
        f'fill="none" stroke="{FAINT}"/>',
        f'<text x="{WIDTH - RIGHT + 4}" y="{_number(top)}" dy="9" fill="{INK}">{_shown(scale.high)}</text>',
        f'<text x="{WIDTH - RIGHT + 4}" y="{_number(bottom)}" fill="{INK}">{_shown(scale.low)}</text>',
    ]


def picture(name: str) -> str:
    """Give the SVG of the family called *name*."""
    panels = PICTURES[name]
    found, bars, dates = computed(panels)
    upper = [(p, lines) for p, lines in zip(panels, found, strict=True) if p.over_price]
    below = [(p, lines) for p, lines in zip(panels, found, strict=True) if not p.over_price]
    body: list[str] = []
    top = 22.0
    bottom = top + PRICE_HEIGHT
    values = bars["high"] + bars["low"] + [v for _, lines in upper for line in lines.values() for v in line]
    scale = Scale(values, top + 4, bottom - 4)
    body += _frame(top, bottom, scale)
    body.append(_bars(bars, scale))
    labels: tuple[str, ...] = ()
    for panel, lines in upper:
        body += _panel(panel, lines, scale, top - 7, labels)
        labels += tuple(lines)
    for panel, lines in below:
        top = bottom + GAP + 16
        bottom = top + PANEL_HEIGHT
        scale = Scale([v for line in lines.values() for v in line], top + 4, bottom - 4)
        body += _frame(top, bottom, scale)
        body += _panel(panel, lines, scale, top - 5)
    months = [k for k in range(1, SHOWN) if dates[k][:7] != dates[k - 1][:7]]
    body += [
        f'<text x="{_across(k)}" y="{_number(bottom + 16)}" fill="{INK}">{dates[k][:7]}</text>' for k in months[::2]
    ]
    height = _number(bottom + AXIS)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="11">\n<title>Indicators: {name}</title>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def main() -> int:
    """Write the pictures, or compare them with what is there."""
    check = "--check" in sys.argv[1:]
    changed = []
    for name in PICTURES:
        path = HERE / f"{name}.svg"
        drawn = picture(name)
        if not path.exists() or path.read_text(encoding="utf-8") != drawn:
            changed.append(path.name)
            if not check:
                path.write_text(drawn, encoding="utf-8")
    if changed:
        sys.stderr.write(f"{'would change' if check else 'written'}: {', '.join(changed)}\n")
    return int(check and bool(changed))


if __name__ == "__main__":
    raise SystemExit(main())
