"""Draw results: one SVG a question, each result's bars on a scale of their own.

The bars of one result share a scale, since their ratio is what counts; those of different results
do not. The numbers stand beside the bars, so that nothing has to be read off.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from scripts.benchmarks.report import number
from scripts.benchmarks.results import Of, Result

WIDTH, BARS, LEFT = 900, 380, 330
BAR, GAP, TOP = 16, 14, 52
OURS, OTHERS, GOAL = "#0b4f8a", "#767676", "#a4001d"
STYLE = "text{font:13px system-ui,sans-serif;fill:#1b1b1b}.title{font-size:17px;font-weight:600}"


def write_plots(folder: Path, results: Sequence[Result]) -> list[Path]:
    """Write a plot for each question that something was measured for; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for question, group in groupby(results, key=lambda each: each.name.partition(".")[0]):
        measured = [result for result in group if result.runs]
        if measured:
            file = folder / f"{question}.svg"
            file.write_text(plot(question, measured), encoding="utf-8")
            written.append(file)
    return written


def plot(question: str, results: Sequence[Result]) -> str:
    """Return the SVG of a question's results, every one of which has runs."""
    body: list[str] = []
    y = TOP
    for result in results:
        lines = _bars(result)
        body += _drawn(lines, y)
        y += BAR * len(lines) + GAP
    said = escape("; ".join(_sentence(result) for result in results))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
        f'viewBox="0 0 {WIDTH} {y}" role="img" aria-labelledby="title description">'
        f'<title id="title">{escape(question)}</title><desc id="description">{said}</desc>'
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text class="title" x="16" y="28">{escape(question)}</text>{"".join(body)}</svg>\n'
    )


Bar = tuple[str, float, float, str, str]
"""A bar: its name, its length from 0 to 1, where the goal stands or -1, its colour, its number."""


def _bars(result: Result) -> list[Bar]:
    mine = result.median or 0.0
    values = {result.name: mine, **result.medians_beside}
    goal = _goal(result)
    longest = max([*values.values(), goal or 0.0]) or 1.0
    return [
        (
            name,
            value / longest,
            goal / longest if goal is not None and name == result.name else -1,
            OURS if name == result.name else OTHERS,
            f"{number(value)} {result.unit}",
        )
        for name, value in values.items()
    ]


def _goal(result: Result) -> float | None:
    """Return the goal in the result's unit, None without one."""
    if result.goal is None:
        return None
    if result.goal.of is Of.MEDIAN:
        return result.goal.limit
    beside = list(result.medians_beside.values())
    return result.goal.limit * beside[0] if beside else None


def _drawn(bars: Sequence[Bar], top: int) -> Iterator[str]:
    for row, (name, length, goal, colour, text) in enumerate(bars):
        y = top + row * BAR
        x, width = LEFT + goal * BARS, max(1.0, length * BARS)
        base = y + BAR - 5
        yield f'<text x="{LEFT - 8}" y="{base}" text-anchor="end">{escape(name)}</text>'
        yield f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 3}" fill="{colour}"/>'
        if goal >= 0:
            yield (
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 3}" y2="{y + BAR}" stroke="{GOAL}" '
                'stroke-width="2" stroke-dasharray="4 2"><title>the goal</title></line>'
            )
        yield f'<text x="{LEFT + BARS + 10}" y="{base}">{escape(text)}</text>'


def _sentence(result: Result) -> str:
    beside = "".join(f", {name} {number(n)}" for name, n in result.medians_beside.items())
    goal = f" (goal: {result.goal})" if result.goal else ""
    return f"{result.name} {number(result.median)} {result.unit}{beside}{goal}"
