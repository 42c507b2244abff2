"""script_gen: checks the brief and the product's picture, analyses the picture and writes the script."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from jobs.ad import PIPELINE_FILE
from jobs.ad.brief import BRIEF_NAME, Brief, check_product, product_picture, read_brief
from jobs.ad.copy import AdBrief, AdCopy, ProductAnalysis, SceneBrief, SceneCopy, text_provider
from jobs.ad.copy.rules import is_latin, said_proof
from jobs.ad.plan.frame import FRAMES
from jobs.ad.plan.pace import windows_of
from jobs.ad.plan.script import SCRIPT_NAME, CtaScene, Scene, Script
from jobs.ad.styles import SceneStyle, Style, style_named
from shared.providers.account import Account
from shared.providers.speech import speech_provider_name
from shared.records.creation import Creation, canonical_json
from shared.settings import Settings
from shared.stages.stage import Context, Output, Result, Stage
from shared.worker.entry import stage_main


def run(context: Context) -> Result:
    """The stage's work."""
    context.progress.update(0.02, "reading the brief")
    brief = read_brief(context.creation, context.parameters)
    _check_letters(_shown_of(brief))
    style = style_named(brief.style)
    name, picture = _picture(context)
    provider = text_provider(context.settings, context.account)
    context.progress.update(0.1, "analysing the product's picture" if picture else "thinking of the product")
    analysis = provider.analyse(picture, product_name=brief.product_name)
    context.progress.update(0.5, "writing the script")
    asked = ad_brief(brief, style, latin_only=_reads_latin_only(context.settings))
    copy = provider.write(asked, analysis)
    script = _script(brief, style, analysis, copy, name)
    _check_letters(_shown_in(script))
    script = script.model_copy(update={"providers": {"text": provider.name}})
    path = context.scratch / "script.json"
    path.write_bytes(canonical_json(script.model_dump(mode="json")))
    words = sum(len(scene.voiceover_text.split()) for scene in script.scenes)
    return Result(
        outputs={"script": Output(name=SCRIPT_NAME, path=path, description="what is said and shown")},
        warnings=(*_warnings(asked, provider.name, with_picture=picture is not None), *copy.warnings),
        metadata={"style": style.name, "scenes": len(script.scenes), "words": words, "text": provider.name},
    )


def _check_letters(shown: Mapping[str, str]) -> None:
    """Raises `InvalidAssets` for letters that no font can draw, before voices and clips are paid for."""
    from shared.video.lettering.font_check import check_fonts

    check_fonts(shown, "und", otherwise="write the words in another script", none_empty=True)


def _shown_of(brief: Brief) -> dict[str, str]:
    """The brief's texts that are drawn, by field."""
    shown = {"product_name": brief.product_name, "cta_text": brief.cta_text, "proof": brief.proof}
    return {f"{BRIEF_NAME}: {field}": text for field, text in shown.items() if text}


def _shown_in(script: Script) -> dict[str, str]:
    """The script's texts that are drawn, by field; captions only if they are drawn into the film."""
    words = {f"text_overlay of scene {scene.id}": scene.text_overlay for scene in script.scenes}
    said = {f"voiceover_text of scene {scene.id}": scene.voiceover_text for scene in script.scenes}
    shown = words | said if script.captions else words
    return {f"{SCRIPT_NAME}: {place}": text for place, text in shown.items()}


def _picture(context: Context) -> tuple[str | None, Path | None]:
    """The product's picture after a check: its name and a local copy."""
    name = product_picture(context.creation)
    if name is None:
        return None, None
    path = context.creation.download(name, context.scratch / "product")
    check_product(path, name=name)
    return name, path


def _warnings(asked: AdBrief, writer: str, *, with_picture: bool) -> Iterator[str]:
    if not with_picture:
        yield "the product has no picture: scenes that no model films show an abstract shape instead"
    unsaid = [text for text in (asked.product_name, asked.cta_text) if not is_latin(text)]
    if asked.latin_only and writer == "template" and unsaid:
        yield f"the built-in voice can't say {', '.join(map(repr, unsaid))}: it is shown and not spoken"
    if asked.proof and not any(said_proof(scene, asked) for scene in asked.scenes):
        yield f"the proof {asked.proof!r} can't be said in its scene: it is shown and not spoken"


def _reads_latin_only(settings: Settings) -> bool:
    return speech_provider_name(settings) in {"espeak", "kokoro"}


def ad_brief(brief: Brief, style: Style, *, latin_only: bool = False) -> AdBrief:
    """The order for a writer; with `latin_only` for a voice that can only read Latin letters."""
    windows = windows_of(style)
    return AdBrief(
        product_name=brief.product_name,
        style=style.name,
        lines=style.lines,
        tone=style.tone,
        cta_text=brief.cta_text,
        scenes=tuple(
            SceneBrief(
                id=number,
                seconds=window.seconds,
                most_words=window.words,
                purpose=scene.purpose,
                template=scene.voiceover_template,
                picture_template=f"{scene.video_prompt_template}, {', '.join(style.keywords)}",
            )
            for number, (scene, window) in enumerate(zip(style.scenes, windows, strict=True), 1)
        ),
        variation=brief.variation,
        proof=brief.proof,
        latin_only=latin_only,
        orientation=FRAMES[brief.aspect_ratio].orientation,
    )


def _script(
    brief: Brief, style: Style, analysis: ProductAnalysis, copy: AdCopy, picture: str | None
) -> Script:
    scenes = tuple(
        _scene(brief, planned, written) for planned, written in zip(style.scenes, copy.scenes, strict=True)
    )
    return Script(
        total_duration=style.seconds,
        style=style.name,
        product_name=brief.product_name,
        hook=copy.hook,
        cta=brief.cta_text,
        style_keywords=style.keywords,
        product_analysis=analysis,
        scenes=scenes,
        cta_scene=CtaScene(
            duration=style.cta_seconds,
            text=brief.cta_text,
            image_prompt=f"{copy.cta_image_prompt}, {style.cta_image_prompt}",
        ),
        variation=brief.variation,
        captions=brief.captions,
        frame=FRAMES[brief.aspect_ratio],
        product_image=picture,
    )


def _scene(brief: Brief, planned: SceneStyle, written: SceneCopy) -> Scene:
    return Scene(
        id=written.id,
        duration=planned.seconds,
        voiceover_template=planned.voiceover_template,
        voiceover_text=written.voiceover_text,
        video_prompt_template=planned.video_prompt_template,
        video_prompt=written.video_prompt,
        use_product_image=planned.use_product_image,
        text_overlay=_overlay(brief, planned, written),
    )


def _overlay(brief: Brief, planned: SceneStyle, written: SceneCopy) -> str:
    if brief.proof and planned.has_proof:
        return brief.proof
    return written.text_overlay or planned.text_overlay.replace("{product_name}", brief.product_name)


def _inputs(creation: Creation) -> list[str]:
    picture = product_picture(creation)
    return [BRIEF_NAME, picture] if picture else [BRIEF_NAME]


def _writer(settings: Settings) -> str:
    provider = text_provider(settings, Account.closed())
    return f"{provider.name} {provider.version} for {speech_provider_name(settings)}"


STAGE: Final = Stage(
    pipeline="ad",
    name="script_gen",
    version=2,
    inputs=_inputs,
    run=run,
    salt=_writer,
    runs_in_thread=True,
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE, PIPELINE_FILE))
