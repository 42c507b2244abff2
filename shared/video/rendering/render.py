"""Rendering segments: drawn and encoded side by side, one segment a core."""

import ctypes
import gc
import platform
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.machine.process import usable_cores
from shared.video.captions.bitmaps import draw_states
from shared.video.encoding.x264 import segment_writer
from shared.video.rendering.engines import engine_named
from shared.video.rendering.segments import Segment
from shared.video.rendering.shots import Drawer, Shots, TimedCaption, no_clip
from shared.video.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.video.captions.pages import State


_M_MMAP_THRESHOLD: Final = -3


def render_segments(
    timeline: Timeline,
    segments: "Sequence[Segment]",
    states: "Sequence[State]",
    load: "Callable[[str], NDArray[np.uint8]]",
    finished: Callable[[Segment, Path], None],
    *,
    scratch: Path,
    clip: Callable[[str], Path] = no_clip,
    cores: int | None = None,
    on_frame: Callable[[], None] = lambda: None,
) -> None:
    """Render `segments` (in order of the film) and pass each one's file to `finished`, from any thread.

    `load` returns a picture as RGB by its name, `clip` a clip's file. `on_frame` is called for every frame,
    from any thread; an error that it raises ends the work. Memory grows with the cores, not with the number
    of segments.
    """
    import cv2

    cv2.setNumThreads(1)
    _return_memory_at_once()
    cores = cores or usable_cores()
    shots = Shots(timeline, load, clip=clip)
    engine = engine_named(timeline.engine)
    captions = captions_of(timeline, segments, states, scratch)
    stop = threading.Event()

    def tick() -> None:
        if stop.is_set():
            raise InterruptedError("another segment failed")
        on_frame()

    def work(segment: Segment, draw: Drawer) -> None:
        path = scratch / f"{segment.key}.mp4"
        _encode(path, timeline, segment, draw, tick)
        finished(segment, path)
        path.unlink(missing_ok=True)

    underway: deque[Future[None]] = deque()
    with ThreadPoolExecutor(max_workers=cores, thread_name_prefix="rendering") as pool:
        try:
            gc.freeze()  # existing objects need not be scanned after every segment
            for segment, shown in zip(segments, captions, strict=True):
                underway.append(pool.submit(work, segment, engine(shots, segment, shown)))
                if len(underway) > cores:
                    underway.popleft().result()
            while underway:
                underway.popleft().result()
        finally:
            stop.set()
            gc.unfreeze()


def _return_memory_at_once() -> None:
    """Make glibc return freed frames to the system rather than keep them in every thread's heap.

    Its threshold for that grows up to 32 MB as large blocks are freed (mallopt(3), M_MMAP_THRESHOLD); with a
    fixed one, rendering takes a quarter less memory at the same speed.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 2048 * 1024)


def _encode(path: Path, timeline: Timeline, segment: Segment, draw: Drawer, tick: Callable[[], None]) -> None:
    rate: Fraction = timeline.frame_rate
    with segment_writer(path, timeline.width, timeline.height, rate) as writer:
        for number in range(segment.frames):
            tick()
            draw(number, writer.frame)
            writer.write()


def captions_of(
    timeline: Timeline, segments: "Sequence[Segment]", states: "Sequence[State]", scratch: Path
) -> Iterator[list[TimedCaption]]:
    """The captions of each segment; each needed state is drawn once, in order, when it is reached."""
    shown = [
        [number for number, state in enumerate(states) if _overlap(state, segment)] for segment in segments
    ]
    needed = sorted({number for numbers in shown for number in numbers})
    bitmaps = draw_states([states[number] for number in needed], timeline, scratch) if needed else iter(())
    at_hand: dict[int, TimedCaption] = {}
    coming = iter(needed)
    for numbers in shown:
        at_hand = {number: at_hand[number] for number in numbers if number in at_hand}
        while len(at_hand) < len(numbers):
            number = next(coming)
            state = states[number]
            at_hand[number] = TimedCaption(
                first_frame=state.first_frame, end_frame=state.end_frame, bitmap=next(bitmaps)
            )
        yield [at_hand[number] for number in numbers]


def _overlap(state: "State", segment: Segment) -> bool:
    return state.first_frame < segment.end_frame and state.end_frame > segment.first_frame
