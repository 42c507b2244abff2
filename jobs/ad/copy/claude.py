"""Ads written by Claude."""

import hashlib
from pathlib import Path
from typing import Any, Final

from jobs.ad.copy import prompts
from jobs.ad.copy.rules import problems_of_copy
from jobs.ad.copy.template import TemplateProvider
from jobs.ad.copy.truth import made_true, untruths
from jobs.ad.copy.vocabulary import lines_hash
from jobs.ad.copy.writer import AdBrief, AdCopy, ProductAnalysis
from shared.providers.account import Account
from shared.providers.claude import NAME, Claude, Task, picture_block, text_block
from shared.settings import Settings

_TOKENS_OF_CALL: Final = {"input": 1400, "output": 1600}
"""About what one of the two calls takes, a picture left out."""
_TOKENS_OF_PICTURE: Final = 2500
_CHANGE: Final = "change the product's name, its picture or the call to action"


class ClaudeProvider:
    """Makes two requests: an analysis of the product, and the words of the ad.

    If the second attempt still makes claims that are not in the brief, the built-in writer's words replace
    them.
    """

    name = NAME

    def __init__(self, settings: Settings, account: Account, *, timeout_s: float = 120.0) -> None:
        """Needs no key before the first call; `timeout_s` is for one answer."""
        self._claude = Claude(settings, account, timeout_s=timeout_s)
        self.version = f"{self._claude.model}/{prompts.PROMPTS['write']}/{lines_hash()[:12]}"

    def analyse(self, picture: Path | None, *, product_name: str) -> ProductAnalysis:
        """Claude's analysis, with measured colours."""
        content = [picture_block(picture)] if picture else []
        question = prompts.about_product(product_name, with_picture=picture is not None)
        task = Task(
            system=prompts.ANALYST,
            content=[*content, text_block(question)],
            schema=prompts.ANALYSIS_SCHEMA,
            record=ProductAnalysis,
            problems=_blanks,
            change=_CHANGE,
        )
        shown = _hash_of(picture) if picture else None
        analysis = self._claude.ask(self._asked("analyse", product_name=product_name, picture=shown), task)
        return analysis.model_copy(update={"colours": _colours(picture) if picture else ()})

    def write(self, brief: AdBrief, analysis: ProductAnalysis) -> AdCopy:
        """Checked against the brief; raises `ProviderFailed` with the problems left after a second try.

        The answer is kept unchanged; forbidden claims are replaced each time it is used.
        """
        task = Task(
            system=prompts.writer(brief.orientation),
            content=[text_block(prompts.about_ad(brief, analysis))],
            schema=prompts.COPY_SCHEMA,
            record=AdCopy,
            problems=lambda copy: problems_of_copy(copy, brief),
            doubts=lambda copy: [str(each) for each in untruths(copy, brief)],
            change=_CHANGE,
        )
        asked = brief.model_dump(mode="json", exclude_none=True)
        known = analysis.model_dump(mode="json")
        copy = self._claude.ask(self._asked("write", brief=asked, analysis=known), task)
        return made_true(copy, brief, lambda: TemplateProvider().write(brief, analysis))

    def estimate_usd(self, brief: AdBrief, *, with_picture: bool) -> float:
        """For two calls that need no repair."""
        long_names = len(brief.product_name) + len(brief.cta_text)
        return self._claude.price_usd(
            2 * _TOKENS_OF_CALL["input"] + long_names + (_TOKENS_OF_PICTURE if with_picture else 0),
            2 * _TOKENS_OF_CALL["output"],
        )

    def _asked(self, act: str, **what: Any) -> dict[str, Any]:
        return {"act": act, "model": self._claude.model, "prompts": prompts.PROMPTS[act], **what}


def _blanks(analysis: ProductAnalysis) -> list[str]:
    texts = {name: getattr(analysis, name) for name in ProductAnalysis.model_fields if name != "colours"}
    values = {name: [text] if isinstance(text, str) else text for name, text in texts.items()}
    return [f"{name} is blank" for name, lines in values.items() if not all(line.strip() for line in lines)]


def _hash_of(picture: Path) -> str:
    return hashlib.sha256(picture.read_bytes()).hexdigest()


def _colours(picture: Path) -> tuple[str, ...]:
    from jobs.ad.copy.picture import look_at

    return look_at(picture).colours
