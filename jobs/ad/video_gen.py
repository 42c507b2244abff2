"""video_gen: orders the four scenes in parallel and converts all clips to one format."""

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from jobs.ad import PIPELINE_FILE
from jobs.ad.plan.scenes import HANDLE_S, clip_name
from jobs.ad.plan.script import SCRIPT_NAME, Scene, Script, read_script
from jobs.ad.scenery import ClipOrder, VideoProvider, video_provider
from jobs.ad.styles import style_named
from shared.errors import BadRequest, InvalidAssets, OutOfTime, ProviderFailed, Stopped
from shared.providers.account import Account
from shared.records.creation import Creation
from shared.settings import Settings
from shared.stages.stage import Context, Output, Result, Stage
from shared.worker.entry import stage_main

_EMBEDDED: Final = "motion"
"""The film-maker that always gets the product's picture, and whose clips need no conversion."""
_LEAST_S: Final = 1.0
_FILMED_PART: Final = 0.9
"""Of a scene's work; the rest is the conversion."""


class _GivenUp(Exception):
    """Another scene can never be filmed, so this one is useless."""


def run(context: Context) -> Result:
    """The stage's work."""
    import cv2

    cv2.setNumThreads(1)  # scenes are made side by side
    script = read_script(context.creation)
    product = None
    if script.product_image:
        product = context.creation.download(script.product_image, context.scratch / "product")
    provider = video_provider(context.settings, context.account)
    studio = _Studio(context, script, provider, product)
    clips = studio.film_all()
    outputs = {
        f"scene_{scene.id}": Output(name=clip_name(scene.id), path=path, description=f"scene {scene.id}")
        for scene, path in zip(script.scenes, clips, strict=True)
    }
    frames = sum(studio.frames_of(scene) for scene in script.scenes)
    return Result(
        outputs=outputs,
        metadata={"video": provider.name, "scenes": len(clips), "frames": frames},
        warnings=provider.warnings,
    )


class _Studio:
    """Films the scenes of one script."""

    def __init__(
        self, context: Context, script: Script, provider: VideoProvider, product: Path | None
    ) -> None:
        self._context = context
        self._script = script
        self._provider = provider
        self._product = product
        self._given_up = threading.Event()
        self._lock = threading.Lock()
        self._done = dict.fromkeys((scene.id for scene in script.scenes), 0.0)

    def film_all(self) -> list[Path]:
        """A clip for each scene, in order.

        A scene that can never be filmed cancels the others. An error that a retry may solve is raised only
        after the others have ended, since they are paid for and kept.
        """
        workers = max(1, min(len(self._script.scenes), self._provider.concurrency))
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="film") as pool:
            filming = [pool.submit(self._film_or_give_up, scene) for scene in self._script.scenes]
        if self._given_up.is_set():
            self._provider.cancel()  # orders placed while the others were cancelled
        return self._results(filming)

    def _film_or_give_up(self, scene: Scene) -> Path:
        try:
            return self._film(scene)
        except BadRequest:
            self._given_up.set()
            self._provider.cancel()
            raise

    def _results(self, filming: Sequence[Future[Path]]) -> list[Path]:
        """All clips, or the most important error: a stop, then a permanent error, then the first one."""
        errors = [error for future in filming if (error := future.exception()) is not None]
        stopped = [error for error in errors if isinstance(error, Stopped | OutOfTime)]
        for_good = [error for error in errors if isinstance(error, BadRequest)]
        for error in (*stopped, *for_good, *errors):
            if isinstance(error, Stopped | OutOfTime) and self._context.abandoned():
                self._provider.cancel()
            raise error
        return [future.result() for future in filming]

    def _film(self, scene: Scene) -> Path:
        """The scene's clip in the format that compositing needs."""
        raw = self._context.scratch / f"filmed_{scene.id}.mp4"
        self._report(scene, 0.0)
        self._provider.film(
            self._order(scene),
            raw,
            on_progress=lambda part: self._report(scene, _FILMED_PART * part),
        )
        try:
            clip = self._fitted(scene, raw)
        except (InvalidAssets, FileNotFoundError) as error:
            reason = f"filmed nothing of scene {scene.id} that can be shown: {error}; run again"
            raise ProviderFailed(self._provider.name, reason) from error
        self._report(scene, 1.0)
        return clip

    def _fitted(self, scene: Scene, raw: Path) -> Path:
        from shared.video.encoding.clip_files import check_clip
        from shared.video.encoding.clips import normalise_clip

        name, frames, frame = f"scene {scene.id}", self.frames_of(scene), self._script.frame
        wanted = frame.width, frame.height, frame.rate, frames
        facts = check_clip(raw, name=name, least_s=_LEAST_S)
        if self._provider.name == _EMBEDDED and facts.is_ready(*wanted):
            return raw
        clip = self._context.scratch / f"scene_{scene.id}.mp4"
        facts = normalise_clip(
            raw,
            clip,
            name=name,
            width=frame.width,
            height=frame.height,
            frame_rate=frame.rate,
            frames=frames,
            on_frame=self._counter(scene, frames),
        )
        raw.unlink()
        if not facts.is_ready(*wanted):
            raise InvalidAssets(f"{name} came out as {facts}")
        return clip

    def _counter(self, scene: Scene, frames: int) -> Callable[[], None]:
        counted = iter(range(1, frames + 1))

        def count() -> None:
            number = next(counted)
            if number % 15 == 0:
                self._report(scene, _FILMED_PART + (1 - _FILMED_PART) * number / (frames + 1))

        return count

    def _report(self, scene: Scene, part: float) -> None:
        """Report the mean progress of all scenes; raises an error to end this one."""
        if self._given_up.is_set():
            raise _GivenUp
        with self._lock:
            self._done[scene.id] = max(self._done[scene.id], part)
            parts = list(self._done.values())
        filmed = sum(part >= 1 for part in parts)
        message = f"filmed {filmed} of {len(parts)} scenes"
        self._context.progress.update(0.98 * sum(parts) / len(parts), message)

    def _order(self, scene: Scene) -> ClipOrder:
        frame, style = self._script.frame, style_named(self._script.style)
        shown = scene.use_product_image or self._provider.name == _EMBEDDED
        return ClipOrder(
            prompt=scene.video_prompt,
            product=self._product if shown else None,
            colours=self._script.product_analysis.colours,
            width=frame.width,
            height=frame.height,
            frames=self.frames_of(scene),
            frame_rate=frame.rate,
            look=style.look,
            tempo_bpm=style.music.tempo_bpm,
            scene=scene.id,
            variation=self._script.variation,
        )

    def frames_of(self, scene: Scene) -> int:
        """The length of its clip."""
        return round((scene.duration + HANDLE_S) * self._script.frame.rate)


def _inputs(creation: Creation) -> list[str]:
    picture = read_script(creation).product_image
    return [SCRIPT_NAME, picture] if picture else [SCRIPT_NAME]


def _film_maker(settings: Settings) -> str:
    provider = video_provider(settings, Account.closed())
    return f"{provider.name} {provider.version}"


STAGE: Final = Stage(
    pipeline="ad",
    name="video_gen",
    version=1,
    inputs=_inputs,
    run=run,
    salt=_film_maker,
    runs_in_thread=True,
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
