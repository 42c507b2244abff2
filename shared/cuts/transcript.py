"""What is said in a film, to read: a line for each caption, an empty line between shots."""

from bisect import bisect_right

from shared.cuts.cut import Cut


def transcript_of(cut: Cut) -> str:
    """Plain text; empty without captions."""
    starts = cut.starts()
    lines: list[str] = []
    before = 0
    for caption in cut.captions:
        shot = bisect_right(starts, caption.at_frame)
        if lines and shot != before:
            lines.append("")
        lines.append(" ".join(caption.text.split()))
        before = shot
    return "".join(f"{line}\n" for line in lines)
