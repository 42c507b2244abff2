"""The languages that the model speaks, and which voices of espeak read a text out for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.providers.speech.espeak import voice_for
from shared.providers.speech.kokoro.phonemes import chinese, japanese
from shared.providers.speech.kokoro.phonemes.symbols import Said
from shared.text.language import scripts_of, words_of


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A language of the model."""

    tag: str
    """BCP 47."""
    english: str
    voice: str
    """The voice that speaks unless one is named."""
    readers: tuple[str, ...]
    """espeak's voices whose phonemes are this language, e.g. `gmw/en-US`."""
    scripts: frozenset[str] = frozenset({"Latn", "Grek"})
    """What the readers can read, by ISO 15924; of Greek the names of its letters."""
    words: Callable[[str], list[Said]] | None = None
    """Reads a text instead of espeak."""
    extra: str = ""
    """Brings what `words` needs."""
    packages: tuple[str, ...] = ()
    """What that is."""
    warning: str = ""
    """Shown with everything that is spoken in it."""

    def readable(self, text: str) -> tuple[str, str]:
        """`text` with spaces for the words in other scripts, and a warning that says which they are."""
        kept, unread = list(text), []
        for start, end in words_of(text):
            if not scripts_of(text[start:end]).keys() <= self.scripts:
                unread.append(text[start:end])
                kept[start:end] = " " * (end - start)
        if not unread:
            return text, ""
        shown = " ".join(unread)
        return "".join(kept), f"the voice can't read {shown[:60]!r}: it is shown and not spoken"


LANGUAGES: Final = (
    Spoken(tag="en-US", english="English (US)", voice="ada", readers=("gmw/en-US", "gmw/en-US-nyc")),
    Spoken(
        tag="en-GB",
        english="English (UK)",
        voice="ada",
        readers=(
            *("gmw/en", "gmw/en-029", "gmw/en-GB-scotland", "gmw/en-GB-x-gbclan", "gmw/en-GB-x-gbcwmd"),
            "gmw/en-GB-x-rp",
        ),
    ),
    Spoken(tag="es", english="Spanish", voice="hugo", readers=("roa/es", "roa/es-419")),
    Spoken(tag="it", english="Italian", voice="hugo", readers=("roa/it",)),
    Spoken(tag="pt-BR", english="Portuguese (Brazil)", voice="hugo", readers=("roa/pt-BR",)),
    Spoken(tag="fr", english="French", voice="ff_siwis", readers=("roa/fr", "roa/fr-BE", "roa/fr-CH")),
    Spoken(
        tag="hi",
        english="Hindi",
        voice="hf_alpha",
        readers=("inc/hi",),
        scripts=frozenset({"Latn", "Grek", "Deva"}),
        warning="nobody has checked how well the neural voice speaks Hindi: listen before you publish",
    ),
    Spoken(
        tag="ja",
        english="Japanese",
        voice="jf_alpha",
        readers=("jpx/ja",),
        scripts=frozenset({"Latn", "Grek", "Hani", "Hira", "Kana"}),
        words=japanese.said_of,
        extra="voice-ja",
        packages=japanese.PACKAGES,
    ),
    Spoken(
        tag="zh",
        english="Chinese",
        voice="zf_xiaobei",
        readers=("sit/cmn",),
        scripts=frozenset({"Latn", "Hani"}),
        words=chinese.said_of,
        extra="voice-zh",
        packages=chinese.PACKAGES,
    ),
)


def language_of(tag: str) -> tuple[Spoken, str] | None:
    """The model's language for a tag, and espeak's voice that reads it; None if the model lacks the language.

    `pt` alone is read as in Brazil, where nearly all who speak it live.
    """
    reader = voice_for("pt-BR" if tag.lower() == "pt" else tag)
    for spoken in LANGUAGES:
        if reader in spoken.readers:
            return spoken, reader
    return None
