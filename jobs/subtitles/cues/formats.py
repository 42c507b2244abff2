"""Cues as files: SubRip, WebVTT, Advanced SubStation Alpha and TTML."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from jobs.subtitles.job.documents import Cue, Cues
from shared.text.language import is_right_to_left
from shared.video.captions.subtitle_text import clock, in_srt, in_vtt

_ASS_HEAD: Final = """[Script Info]
ScriptType: v4.00+
WrapStyle: 2
ScaledBorderAndShadow: yes
PlayResX: 1920
PlayResY: 1080

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Noto Sans,54,&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,96,96,64,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_JOINER: Final = "\u2060"
"""A word joiner, which is never drawn: after a backslash it makes no command of what follows."""


def write_formats(cues: Cues, folder: Path) -> dict[str, Path]:
    """Write the cues in all formats below `folder`; the paths by format."""
    found = {}
    for name, write in FORMATS.items():
        found[name] = folder / f"{cues.language}.{name}"
        found[name].write_text(write(cues), encoding="utf-8")
    return found


def to_srt(cues: Cues) -> str:
    """SubRip, https://wiki.videolan.org/SubRip/."""
    rate = Fraction(cues.frame_rate)
    return "".join(
        f"{number}\n{_span(cue, rate, ',')}\n{in_srt(_text(cue))}\n\n"
        for number, cue in enumerate(cues.cues, 1)
    )


def to_vtt(cues: Cues) -> str:
    """WebVTT, https://www.w3.org/TR/webvtt1/."""
    rate = Fraction(cues.frame_rate)
    found = (f"{_span(cue, rate, '.')}\n{in_vtt(_text(cue))}\n\n" for cue in cues.cues)
    return f"WEBVTT\nKind: captions\nLanguage: {cues.language}\n\n" + "".join(found)


def to_ass(cues: Cues) -> str:
    """Advanced SubStation Alpha. It knows only hundredths of a second: starts are rounded up and ends down,
    so that no gap becomes smaller."""
    rate = Fraction(cues.frame_rate)
    events = []
    for cue in cues.cues:
        start = -(-cue.start_frame * 100 // rate)
        end = max(start + 1, cue.end_frame * 100 // rate)
        text = "\\N".join(_in_ass(line) for line in cue.lines)
        events.append(
            f"Dialogue: 0,{_hundredths(int(start))},{_hundredths(int(end))},Default,,0,0,0,,{text}\n"
        )
    return _ASS_HEAD + "".join(events)


def to_ttml(cues: Cues) -> str:
    """TTML, https://www.w3.org/TR/ttml1/, with times in frames."""
    rate = Fraction(cues.frame_rate)
    whole = -(-rate.numerator // rate.denominator)
    multiplier = rate / whole
    factor = f"{multiplier.numerator} {multiplier.denominator}"
    times = f'ttp:frameRate="{whole}" ttp:frameRateMultiplier="{factor}"'
    leftward = is_right_to_left(" ".join(line for cue in cues.cues for line in cue.lines))
    direction = ' tts:direction="rtl"' if leftward else ""
    body = "".join(
        f'      <p xml:id="c{number}" begin="{cue.start_frame}f" end="{cue.end_frame}f">'
        f"{'<br/>'.join(escape(_in_xml(line)) for line in cue.lines)}</p>\n"
        for number, cue in enumerate(cues.cues, 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
    xmlns:tts="http://www.w3.org/ns/ttml#styling" xml:lang={quoteattr(cues.language)}
    ttp:timeBase="media" {times}>
  <head>
    <styling>
      <style xml:id="s" tts:color="white" tts:textAlign="center"{direction}/>
    </styling>
    <layout>
      <region xml:id="bottom" tts:origin="10% 80%" tts:extent="80% 15%" tts:displayAlign="after"/>
    </layout>
  </head>
  <body region="bottom" style="s">
    <div>
{body}    </div>
  </body>
</tt>
"""


FORMATS: Final[dict[str, Callable[[Cues], str]]] = {
    "srt": to_srt,
    "vtt": to_vtt,
    "ass": to_ass,
    "ttml": to_ttml,
}


def _text(cue: Cue) -> str:
    return "\n".join(cue.lines)


def _span(cue: Cue, rate: Fraction, point: str) -> str:
    return f"{clock(cue.start_frame / rate, point)} --> {clock(cue.end_frame / rate, point)}"


def _hundredths(count: int) -> str:
    seconds, rest = divmod(count, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:02}"


def _in_ass(line: str) -> str:
    plain = line.replace("\\", f"\\{_JOINER}")
    return plain.replace("{", "｛").replace("}", "｝")


def _in_xml(line: str) -> str:
    """Without the control characters that XML can't hold."""
    return "".join(char for char in line if char.isprintable() or char == "\u200d")
