"""The report as one HTML page: figures as tiles, charts as SVG, no script and nothing to fetch."""

from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, BASE = 560, 230, 52, 196
MOST_POINTS = 120
BLUE, RED = "#2563eb", "#dc2626"

STYLE = """
:root { color-scheme: light dark; --ink: #0f172a; --soft: #64748b; --line: #cbd5e1;
  --card: #fff; --page: #f1f5f9; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e2e8f0; --soft: #94a3b8; --line: #334155;
    --card: #1e293b; --page: #0f172a; }
}
body { margin: 0; padding: 2rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1200px; margin: auto; }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; }
p { margin: 0 0 1.5rem; color: var(--soft); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 1rem;
  margin: 0 0 1.5rem; }
dl div, figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1rem; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; }
section { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); }
figure { margin: 0; }
figcaption { font-weight: 600; margin-bottom: .5rem; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
"""


def page_of(figures: Any) -> str:
    tiles = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in figures.metrics.items()
    )
    days = sorted(figures.by_day)
    about = f"{days[0]} to {days[-1]}" if days else "no readings"
    charts = "".join(_figure(title, chart) for title, chart in _charts(figures, days))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Energy report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        "<h1>Energy report</h1>\n"
        f"<p>{escape(about)}</p>\n<dl>{tiles}</dl>\n<section>{charts}</section>\n</main>\n</body>\n</html>\n"
    )


def _charts(figures: Any, days: Sequence[str]) -> list[tuple[str, str]]:
    hours = [(f"{hour}", each.mean) for hour, each in figures.by_hour.items()]
    bins = len(figures.histogram)
    spread = [(f"{number / bins:.2f}", count) for number, count in enumerate(figures.histogram)]
    worst = figures.households.most_common(12)
    return [
        ("Average power by hour of the day (W)", bars(hours, every=3)),
        ("Average power by day (W)", line(_thinned([(day, figures.by_day[day].mean) for day in days]))),
        ("Readings by efficiency", bars(spread, every=4)),
        (
            "Households with most anomalies",
            bars(worst, colour=RED) if worst else _empty("no anomaly was found"),
        ),
    ]


def _thinned(points: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """At most so many points that a line can show, each the mean of its neighbours."""
    size = -(-len(points) // MOST_POINTS) or 1
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(group[0][0], sum(value for _, value in group) / len(group)) for group in groups]


def _figure(title: str, chart: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{chart}</figure>"


def _empty(text: str) -> str:
    return _svg(f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">{escape(text)}</text>')


def _svg(inside: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{inside}</svg>'


def _axis(most: float) -> str:
    lines = ""
    for part in (0, 0.5, 1):
        y = BASE - part * (BASE - 16)
        lines += f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{y}" y2="{y}" stroke="var(--line)"/>'
        lines += f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{_short(most * part)}</text>'
    return lines


def _short(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:.3g}k"
    return f"{value:.3g}"


def bars(values: Sequence[tuple[str, float]], *, every: int = 1, colour: str = BLUE) -> str:
    """One bar for each name and value; a name is shown below every nth."""
    most = max((value for _, value in values), default=0) or 1
    step = (WIDTH - LEFT - 8) / max(1, len(values))
    shapes = _axis(most)
    for number, (name, value) in enumerate(values):
        x, height = LEFT + number * step, max(0, value) / most * (BASE - 16)
        shapes += f'<rect x="{x + step * 0.12:.1f}" y="{BASE - height:.1f}" width="{step * 0.76:.1f}" '
        shapes += (
            f'height="{height:.1f}" rx="2" fill="{colour}"><title>{escape(name)}: {value:.6g}</title></rect>'
        )
        if number % every == 0:
            shapes += _below(x + step / 2, name[:12])
    return _svg(shapes)


def _below(x: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{BASE + 18}" text-anchor="{anchor}">{escape(text)}</text>'


def line(points: Sequence[tuple[str, float]]) -> str:
    """A line through the points; the first, middle and last name are shown."""
    if not points:
        return _empty("no readings")
    most = max(value for _, value in points) or 1
    step = (WIDTH - LEFT - 16) / max(1, len(points) - 1)
    spots = [
        (LEFT + number * step, BASE - max(0, value) / most * (BASE - 16))
        for number, (_, value) in enumerate(points)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    shapes = _axis(most) + f'<polyline points="{path}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
    shapes += "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{BLUE}"/>' for x, y in spots if len(spots) <= 31
    )
    shown = sorted({0, len(points) // 2, len(points) - 1})
    for number in shown:
        anchor = "start" if number == 0 else "end" if number == len(points) - 1 else "middle"
        shapes += _below(spots[number][0], points[number][0], anchor)
    return _svg(shapes)
