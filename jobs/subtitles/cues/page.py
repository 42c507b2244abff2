"""The report as a page: the cues over the waveform, each of which plays when it is clicked.

It is one file without anything from elsewhere; its content security policy allows its own style and script
alone, by their hashes, and the sound beside it.
"""

import base64
import hashlib
import wave
from collections.abc import Iterator
from fractions import Fraction
from html import escape
from pathlib import Path
from typing import Final

from jobs.subtitles.cues.qc import Report
from jobs.subtitles.job.documents import Cue, Cues
from shared.video.captions.subtitle_text import clock

_ROW_S: Final = 30
_COLUMNS: Final = 1200
"""Peaks of a row."""
_HEIGHT: Final = 60
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #22252b; --paper: #fbfaf7; --soft: #6d727b; --line: #dcdad3;
  --cue: #2f6f6b; --bad: #b3402a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7e6e2; --paper: #17191d; --soft: #9a9fa8; --line: #33363d; --cue: #7cc4bd; --bad: #ef8a72 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1240px; padding: 24px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 22px; font-weight: 600; margin: 0 0 4px }
p { margin: 0 0 16px; color: var(--soft) }
table { border-collapse: collapse; margin: 0 0 20px }
td, th { padding: 3px 18px 3px 0; text-align: left; font-weight: 400; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums }
th { color: var(--soft) }
.bad { color: var(--bad) }
audio { width: 100%; position: sticky; top: 8px; z-index: 1 }
svg { display: block; width: 100%; height: 72px; margin: 8px 0 2px }
path { fill: var(--soft); opacity: .55 }
rect { fill: var(--cue); opacity: .18; cursor: pointer }
rect.bad { fill: var(--bad); opacity: .3 }
ol { list-style: none; margin: 0; padding: 0 }
button { all: unset; box-sizing: border-box; display: grid; grid-template-columns: 9em 1fr; gap: 12px;
  width: 100%; padding: 4px 6px; border-radius: 4px; cursor: pointer }
button:hover, button:focus-visible { background: var(--line) }
button time { color: var(--soft); font-variant-numeric: tabular-nums }
button small { color: var(--bad) }
button span { white-space: pre-line }
"""
_SCRIPT: Final = """
const sound=document.querySelector('audio');let until=0;
document.addEventListener('click',event=>{const cue=event.target.closest('[data-from]');if(!cue)return;
sound.currentTime=Number(cue.dataset.from);until=Number(cue.dataset.until);sound.play();});
sound.addEventListener('timeupdate',()=>{if(until&&sound.currentTime>=until){until=0;sound.pause();}});
"""


def qc_page(report: Report, cues: Cues, audio: Path, *, audio_url: str) -> str:
    """The page. `audio` is a WAV file of 16 bits, mono; `audio_url` is where it lies, seen from the page."""
    policy = (
        f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; media-src 'self' file:"
    )
    verdict = "passed" if report.passed else "not passed"
    facts = f"{report.cues} cues, {report.words} words, {report.words_lost} lost"
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n',
            f"<title>Subtitles: {verdict}</title>\n",
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n',
            '<meta name="viewport" content="width=device-width">\n',
            f"<style>{_STYLE}</style>\n<h1>Subtitles: {verdict}</h1>\n",
            f"<p>{facts}; rules of {escape(report.profile)}, language {escape(report.language)}</p>\n",
            "".join(_rules(report)),
            f'<audio controls preload="none" src="{escape(audio_url)}"></audio>\n',
            "".join(_rows(report, cues, audio)),
            f"<script>{_SCRIPT}</script>\n</html>\n",
        ]
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _rules(report: Report) -> Iterator[str]:
    yield "<table><tr><th>rule<th>kept<th>of<th>share<th>moved for it\n"
    for name, rule in report.rules.items():
        look = ' class="bad"' if rule.passed < rule.checked else ""
        yield (
            f"<tr{look}><td>{escape(name.replace('_', ' '))}<td>{rule.passed}<td>{rule.checked}"
            f"<td>{rule.pass_rate:.2%}<td>{report.fixed.get(name, '')}\n"
        )
    yield "</table>\n"


def _rows(report: Report, cues: Cues, audio: Path) -> Iterator[str]:
    """Half a minute a row: the waveform with its cues, and their texts below."""
    rate = Fraction(cues.frame_rate)
    broken: dict[int, list[str]] = {}
    for name, rule in report.rules.items():
        for each in rule.worst:
            said = f"{name.replace('_', ' ')} {each.value:g} (limit {each.limit:g})"
            broken.setdefault(each.cue, []).append(said)
    numbered = list(enumerate(cues.cues, 1))
    for row, path in enumerate(_waveforms(audio)):
        since, until = row * _ROW_S, (row + 1) * _ROW_S
        here = [(number, cue) for number, cue in numbered if since <= cue.start_frame / rate < until]
        yield f'<svg viewBox="0 0 {_COLUMNS} {_HEIGHT}" preserveAspectRatio="none"><path d="{path}"/>'
        yield "".join(_box(cue, rate, since, bad=number in broken) for number, cue in here)
        yield "</svg>\n<ol>\n"
        yield "".join(_entry(cue, rate, broken.get(number, [])) for number, cue in here)
        yield "</ol>\n"


def _box(cue: Cue, rate: Fraction, since: int, *, bad: bool) -> str:
    left, right = (
        float((frame / rate - since) * _COLUMNS / _ROW_S) for frame in (cue.start_frame, cue.end_frame)
    )
    look = " class=bad" if bad else ""
    size = f'x="{left:.1f}" y="0" width="{right - left:.1f}" height="{_HEIGHT}"'
    return f"<rect{look} {size} {_span(cue, rate)}/>"


def _entry(cue: Cue, rate: Fraction, broken: list[str]) -> str:
    text = escape("\n".join(cue.lines))
    notes = f" <small>{escape('; '.join(broken))}</small>" if broken else ""
    time = clock(cue.start_frame / rate, ".")
    return f"<li><button {_span(cue, rate)}><time>{time}</time><span>{text}{notes}</span></button>\n"


def _span(cue: Cue, rate: Fraction) -> str:
    since, until = (float(frame / rate) for frame in (cue.start_frame, cue.end_frame))
    return f'data-from="{since:.3f}" data-until="{until:.3f}"'


def _waveforms(audio: Path) -> Iterator[str]:
    """The outline of each row of sound as the path of an SVG."""
    import numpy as np

    with wave.open(str(audio), "rb") as file:
        frames = _ROW_S * file.getframerate()
        while data := file.readframes(frames):
            samples = np.abs(np.frombuffer(data, "<i2").astype(np.float32)) / 32768
            padded = np.pad(samples, (0, frames - samples.size)).reshape(_COLUMNS, -1)
            peaks = np.sqrt(padded.max(axis=1)) * _HEIGHT / 2
            upper = "".join(f"L{at} {_HEIGHT / 2 - peak:.1f}" for at, peak in enumerate(peaks))
            lower = "".join(f"L{at} {_HEIGHT / 2 + peaks[at]:.1f}" for at in range(_COLUMNS - 1, -1, -1))
            yield f"M0 {_HEIGHT / 2:.0f}{upper}{lower}Z"
