"""Plots as SVG text, drawn by hand: bars, stacked bars, columns, a scatter with its front.

Each function gives one <svg> that scales to the width it is put into, and can be scrolled where that is too narrow.
Colours are classes (s0, s1 ... of report_html's style sheet), so that they follow a light or dark page; every mark has
a <title>, which browsers show as a tooltip and screen readers read. Long labels are cut, and whole in the tooltip.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720
LABEL = 190  # room for labels on the left
END = 86  # room for figures on the right
LETTERS = 28  # of a label that fit there

Show = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    label: str
    series: int = 0
    large: bool = False  # one of those that matter


def bars(rows: Sequence[tuple[str, Sequence[float]]], series: Sequence[str], show: Show, marked: str = "") -> str:
    """Groups of horizontal bars, one bar a series; series i has class s<i>; the row with the label `marked` stands
    out."""
    most = max((v for _, values in rows for v in values), default=0.0) or 1.0
    bar, gap = 11, 8
    out, y = [], 4
    for label, values in rows:
        height = bar * len(values)
        out.append(_label(label, y + height / 2, "strong" if label == marked else ""))
        for i, value in enumerate(values):
            length = (WIDTH - LABEL - END) * value / most
            tip = f"{label}, {series[i]}: {show(value)}"
            out.append(f'<g>{_title(tip)}<rect class="s{i}" x="{LABEL}" y="{y}" width="{max(length, 0.8):.1f}" '
                       f'height="{bar - 1}"/>{_text(LABEL + length + 5, y + bar - 2, show(value), "small")}</g>')
            y += bar
        y += gap
    return _svg(out, y, f"bars of {', '.join(series)}") + legend(series)


def stacked(rows: Sequence[tuple[str, float, float]], names: tuple[str, str], show: Show, marked: str = "") -> str:
    """A bar of two parts for each row; the row with the label `marked` stands out."""
    most = max((a + b for _, a, b in rows), default=0.0) or 1.0
    bar, gap = 13, 5
    out, y = [], 4.0
    room = WIDTH - LABEL - END
    for label, first, second in rows:
        out.append(_label(label, y + bar / 2, "strong" if label == marked else ""))
        a, b = room * first / most, room * second / most
        tip = f"{label}: {names[0]} {show(first)}, {names[1]} {show(second)}"
        out.append(f'<g>{_title(tip)}<rect class="s0" x="{LABEL}" y="{y}" width="{a:.1f}" height="{bar}"/>'
                   f'<rect class="pale" x="{LABEL + a:.1f}" y="{y}" width="{b:.1f}" height="{bar}"/>'
                   f'{_text(LABEL + a + b + 5, y + bar - 2.5, show(first), "small")}</g>')
        y += bar + gap
    return _svg(out, y, f"{names[0]} and {names[1]}") + legend(names, ("s0", "pale"))


def columns(groups: Sequence[tuple[str, Sequence[float], int]], show: Show) -> str:
    """Small columns, one a slice, in groups (label, values, series); a line where all would be equal."""
    size, gap, height = 16, 36, 70
    out, x, y = [], 8.0, 8.0
    for label, values, series in groups:
        wide = max(size * len(values), 7 * min(len(label), LETTERS)) + gap
        if x + wide > WIDTH and x > 8:
            x, y = 8.0, y + height + 40
        most = max(values, default=0.0) or 1.0
        fair = sum(values) / len(values) if values else 0.0
        for i, value in enumerate(values):
            tall = height * value / most
            tip = f"{label}, slice {i}: {show(value)}"
            out.append(f'<g>{_title(tip)}<rect class="s{series}" x="{x + i * size:.1f}" y="{y + height - tall:.1f}" '
                       f'width="{size - 3}" height="{max(tall, 0.8):.1f}"/></g>')
        level = y + height - height * fair / most
        end = x + size * len(values)
        out.append(f'<line class="axis" x1="{x:.1f}" x2="{end:.1f}" y1="{level:.1f}" y2="{level:.1f}"/>')
        out.append(f"<g>{_title(label)}{_text(x, y + height + 14, _cut(label), 'small')}</g>")
        x += wide
    return _svg(out, y + height + 24, "rows of each slice")


def scatter(points: Sequence[Point], x_name: str, y_name: str, show_x: Show, show_y: Show) -> str:
    """Points with labels; a line joins those that no other beats in both directions (less is better)."""
    left, bottom, top, height = 70, 44, 12, 300
    right = WIDTH - 110
    x_ticks, y_ticks = ticks([p.x for p in points]), ticks([p.y for p in points])

    def at(p: Point) -> tuple[float, float]:
        x = left + (right - left) * (p.x - x_ticks[0]) / (x_ticks[-1] - x_ticks[0])
        y = top + (height - bottom - top) * (1 - (p.y - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]))
        return x, y

    out = [f'<line class="axis" x1="{left}" x2="{right}" y1="{height - bottom}" y2="{height - bottom}"/>',
           f'<line class="axis" x1="{left}" x2="{left}" y1="{top}" y2="{height - bottom}"/>']
    told = ""
    for value in x_ticks:
        x, _ = at(Point(value, y_ticks[0], ""))
        if show_x(value) != told:
            told = show_x(value)
            out.append(_text(x, height - bottom + 15, told, "small middle"))
    for value in y_ticks:
        _, y = at(Point(x_ticks[0], value, ""))
        out.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(_text(left - 6, y + 4, show_y(value), "small end"))
    out.append(_text((left + right) / 2, height - 8, x_name, "middle"))
    turned = f"translate(14 {(height - bottom) / 2}) rotate(-90)"
    out.append(f'<text class="middle" transform="{turned}">{escape(y_name)}</text>')
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(p) for p in front(points)))
    out.append(f'<polyline class="front" points="{line}"/>')
    out += _labelled([(*at(p), p) for p in points], show_x, show_y)
    return _svg(out, height, f"{y_name} against {x_name}")


def _labelled(placed: Sequence[tuple[float, float, Point]], show_x: Show, show_y: Show) -> list[str]:
    """Circles, and labels where there is room for them: those in the way of others are only tooltips."""
    out: list[str] = []
    taken: list[tuple[float, float]] = []
    for x, y, p in sorted(placed, key=lambda item: not item[2].large):
        tip = f"{p.label}: {show_x(p.x)}, {show_y(p.y)}"
        mark = f'<circle class="s{p.series}" cx="{x:.1f}" cy="{y:.1f}" r="{6 if p.large else 4}"/>'
        text = ""
        if all(abs(y - b) > 12 or abs(x - a) > 90 for a, b in taken):
            taken.append((x, y))
            text = _text(x + 8, y - 6, p.label, "small")
        out.append(f"<g>{_title(tip)}{mark}{text}</g>")
    return out


def front(points: Sequence[Point]) -> list[Point]:
    """The points that are best in one direction for what they have in the other, by x."""
    found: list[Point] = []
    for p in sorted(points, key=lambda p: (p.x, p.y)):
        if not found or p.y < found[-1].y:
            found.append(p)
    return found


def ticks(values: Sequence[float], count: int = 5) -> list[float]:
    """Round numbers from below the least to above the greatest."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    spread = (high - low) or abs(high) or 1.0
    raw = spread / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * i for i in range(first, max(last, first + 1) + 1)]


def legend(names: Sequence[str], classes: Sequence[str] = ()) -> str:
    """What the colours mean."""
    marks = classes or [f"s{i}" for i in range(len(names))]
    square = '<svg width="12" height="12"><rect class="{}" width="12" height="12"/></svg>'
    items = "".join(f'<span class="key">{square.format(m)} {escape(name)}</span>' for name, m in zip(names, marks))
    return f'<p class="legend">{items}</p>'


def _svg(parts: Sequence[str], height: float, what: str) -> str:
    return ('<div class="scroll">'
            f'<svg class="plot" role="img" aria-label="{escape(what)}" viewBox="0 0 {WIDTH} {height:.0f}">'
            + "".join(parts) + "</svg></div>")


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _label(text: str, y: float, style: str = "") -> str:
    return f"<g>{_title(text)}{_text(LABEL - 8, y + 4, _cut(text), f'end {style}')}</g>"


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _cut(text: str) -> str:
    return text if len(text) <= LETTERS else text[: LETTERS - 1] + "…"
