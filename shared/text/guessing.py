"""Which language captions are in: one for a story, found over all its text together.

The script comes first, from Unicode: Thai letters are Thai. Where several languages share a script, the
model of py3langid decides among those of them that the built-in voice speaks.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from shared.text.language import LANGUAGES, main_script, primary_of, words_of

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_DEFAULT: Final = "en"

_RIVALS: Final[dict[str, frozenset[str]]] = {
    script: frozenset(languages.split())
    for script, languages in {
        "Arab": "ar fa ug ur",
        "Beng": "as bn",
        "Cyrl": "ba be bg kk ky mk ru sr tt uk",
        "Deva": "hi mr ne",
        "Hani": "ja zh",
        "Latn": (
            "af an az ca cs cy da de en eo es et eu fi fr ga gd hr ht hu id is it ku la lb lt lv ms mt nb nl "
            "om pl pt qu ro sk sl sq sr sv sw tk tr uz vi"
        ),
    }.items()
}
"""Languages from which the model chooses, by script; each has a voice. For other scripts the first language
of `LANGUAGES` is taken."""

_FOLDED: Final = {
    **{"ary": "ar", "arz": "ar", "bs": "hr", "nn": "nb", "no": "nb"},
    **{"uzs": "uz", "wuu": "zh", "yue": "zh"},
}
"""Labels of the model that are mapped to their nearest language with a voice."""

_BY_FREQUENCY: Final = (
    *("en", "es", "de", "ja", "fr", "pt", "ru", "it", "nl", "pl", "tr", "zh", "fa", "vi", "cs", "id"),
    *("ko", "uk", "hu", "ar", "sv", "ro", "el", "da", "fi", "sk", "he", "th", "hr", "bg", "nb", "ca"),
    *("sr", "lt", "hi"),
)
"""The web's most frequent languages, the most frequent first (roughly as W3Techs counts sites)."""

_ALSO_LATIN: Final = frozenset({"az", "bs", "kk", "ku", "sr", "tt", "ug", "uz"})
"""Languages of other scripts that are written in Latin letters too."""

_OUTVOTED: Final = 0.003
"""The share of each text's vote that every language keeps, so that one foreign caption can't outvote the
others."""

_CLEAR: Final = 5.0
"""Logarithm of how many times likelier another language must be, for a caption to differ from its story's."""

_ENOUGH_WORDS: Final = 4
"""Words, not counting names, that a caption needs to differ from its story's language."""

_SURE: Final = 1.0
"""Logarithm of how many times likelier than the next a language must be to be beyond doubt."""

_LONGEST: Final = 2000
"""Characters of a text that are read; more would not change the result."""

_NOT_WORDS: Final = re.compile(r"\w+://\S+|www\.\S+|\S+@\S+|@\w+|<[^<>]*>|[\d*_`~]+")
"""Addresses, handles, markup and numbers, which belong to no language."""

_TAG: Final = re.compile(r"#\w*")
"""Hashtags are often in another language than the words beside them."""


@dataclass(frozen=True, kw_only=True)
class Guess:
    """The languages of some texts that belong together, as BCP 47 tags."""

    language: str
    """Of the whole."""
    languages: tuple[str, ...]
    """Of each text: that of the whole, unless it is in another script or clearly in another language."""
    rival: str | None
    """Another language of the whole that is nearly as likely."""


class Guesser:
    """Loads its model for the first text that needs it (0.6 s, 100 MB), and keeps it."""

    def guess(self, texts: Sequence[str], language: str | None = None) -> Guess:
        """The languages of texts that belong together. Without any words they are English.

        With `language` given, a text in that language's script or in Latin letters, which every voice reads,
        is in that language; a text in any other script has the likeliest language of that script.
        """
        plain = [_plain(text) for text in texts]
        groups: dict[str, list[str]] = {}
        for text in plain:
            groups.setdefault(_family(text), []).append(text)
        main = _main(groups)
        given = _scripts_of_language(language) | {"Latn"} if language else _names_alone(main, groups)
        rankings = {
            family: self._ranking(family, group)
            for family, group in groups.items()
            if family not in given | {""}
        }
        whole = language or (rankings[main][0][0] if main else _DEFAULT)

        def of_text(text: str) -> str:
            ranking = rankings.get(_family(text))
            own = ranking[0][0] if ranking else whole
            return self.within(text, own) if ranking and _is_sentence(text) else own

        return Guess(
            language=whole, languages=tuple(map(of_text, plain)), rival=_rival(rankings.get(main, ()))
        )

    def within(self, text: str, language: str) -> str:
        """The language of a text among others in `language`: that one, unless it clearly differs."""
        text = _plain(text)
        family = _family(text)
        if not family:
            return language
        chances = self._chances(family, text)
        own = chances.get(_folded(language))
        if family in _scripts_of_language(language) and (own is None or main_script(text) == "Hani"):
            return language  # Han alone may be Japanese or Chinese
        best = max(chances, key=chances.__getitem__)
        return language if own is not None and chances[best] < own + _CLEAR else best

    def _ranking(self, family: str, texts: Sequence[str]) -> list[tuple[str, float]]:
        """Languages of a script by how likely they are for all the texts together, the likeliest first."""
        votes: defaultdict[str, float] = defaultdict(float)
        for text in texts:
            for language, chance in self._chances(family, text).items():
                votes[language] += math.log(math.exp(chance) + _OUTVOTED)
        weight = 0.2 + 3 / sum(map(len, texts))  # the shorter the text, the more the prior decides
        ranked = {language: vote - weight * math.log(_rank(language)) for language, vote in votes.items()}
        return sorted(ranked.items(), key=lambda item: -item[1])

    def _chances(self, family: str, text: str) -> dict[str, float]:
        """Logarithms of the probabilities, which sum to 1, of a script's languages."""
        if main_script(text) == "Hira":
            return {"ja": 0.0, "zh": -math.inf}
        rivals = _RIVALS.get(family)
        if rivals is None:
            return {LANGUAGES[family][0]: 0.0}
        own = " ".join(word for word in text.split() if _family(word) == family) or text
        whole, small = (self._scores(said.lower(), rivals) for said in (own, _without_names(own)))
        return _normal({language: (whole[language] + small[language]) / 2 for language in rivals})

    def _scores(self, text: str, rivals: frozenset[str]) -> dict[str, float]:
        """The model's scores, divided by the root of the text's length, its author's way to probabilities."""
        scores: dict[str, float] = {}
        scale = math.sqrt(len(text.encode(errors="surrogatepass")))
        for label, score in self._model.rank(text):
            language = _folded(label)
            if language in rivals:
                scores[language] = max(scores.get(language, -math.inf), score / scale)
        return scores

    @cached_property
    def _model(self) -> "LanguageIdentifier":
        return load_model()


def load_model() -> "LanguageIdentifier":
    """The model that py3langid's package contains."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _plain(text: str) -> str:
    """A text's relevant words that belong to a language; empty without any."""
    words = _NOT_WORDS.sub(" ", text[:_LONGEST])
    untagged = _TAG.sub(" ", words)
    found = untagged if any(map(str.isalpha, untagged)) else words.replace("#", " ")
    return " ".join(found.split())


def _family(text: str) -> str:
    """The script, Japanese counted as Han; empty without letters of a known language.

    A Russian sentence counts as Russian, however many brands it names.
    """
    script = main_script(_without_names(text)) or main_script(text)
    family = "Hani" if script == "Hira" else script
    return family if family in _RIVALS or family in LANGUAGES else ""


def _main(groups: Mapping[str, Sequence[str]]) -> str:
    """The script of most of the texts; empty without any words."""

    def said(family: str) -> int:
        return sum(map(len, groups[family])) * (2 if family in {"Hang", "Hani"} else 1)

    return max(filter(None, groups), key=said, default="")


def _names_alone(main: str, groups: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Latin among another script, unless there are sentences in it: names and brands."""
    few = main != "Latn" and not _is_sentence(" ".join(groups.get("Latn", ())))
    return frozenset({"Latn"}) if few else frozenset()


def _scripts_of_language(language: str) -> frozenset[str]:
    """The scripts, by `_family`, that a language is written in."""
    primary = primary_of(language)
    scripts = {script for script, languages in LANGUAGES.items() if primary in languages}
    if not scripts or primary in _ALSO_LATIN:
        scripts.add("Latn")
    return frozenset("Hani" if script == "Hira" else script for script in scripts)


def _is_sentence(plain: str) -> bool:
    """Whether the text, without its capitalised names, is long enough to differ from its story's language."""
    shouted = plain.isupper()
    words = [plain[start:end] for start, end in words_of(plain)]
    small = [word for word in words if any(map(str.isalpha, word)) and (shouted or not _has_capital(word))]
    return len(small) >= _ENOUGH_WORDS


def _without_names(plain: str) -> str:
    """Without words that have capitals within a sentence, unless most do: names belong to any language."""
    words = plain.split()
    kept = [word for number, word in enumerate(words) if number == 0 or not _has_capital(word)]
    return " ".join(kept if 2 * len(kept) >= len(words) else words)


def _has_capital(word: str) -> bool:
    return next(filter(str.isalpha, word), "").isupper()


def _normal(scores: Mapping[str, float]) -> dict[str, float]:
    most = max(scores.values())
    total = most + math.log(sum(math.exp(score - most) for score in scores.values()))
    return {language: score - total for language, score in scores.items()}


def _rank(language: str) -> int:
    """Its rank among the most frequent languages, from 1; the others share one far behind."""
    return _BY_FREQUENCY.index(language) + 1 if language in _BY_FREQUENCY else 2 * len(_BY_FREQUENCY)


def _rival(ranking: Sequence[tuple[str, float]]) -> str | None:
    if len(ranking) > 1 and ranking[0][1] - ranking[1][1] < _SURE:
        return ranking[1][0]
    return None


def _folded(language: str) -> str:
    primary = primary_of(language)
    return _FOLDED.get(primary, primary)
