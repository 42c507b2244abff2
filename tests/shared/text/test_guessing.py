"""Guessing languages: one for a story, unless a caption is in another script or clearly another language."""

import subprocess
import sys

import pytest

from shared.providers.speech.espeak import EspeakProvider
from shared.text.guessing import _RIVALS, Guesser
from shared.text.language import LANGUAGES

SENTENCES = {
    "am": ["ዛሬ ጥሩ ቀን ነው"],
    "ar": ["الثعلب البني السريع يقفز فوق الكلب", "مرحبا بالعالم"],
    "be": ["Гэта вельмі прыгожы дзень, праўда?"],
    "bg": ["Това са най-красивите планини, които съм виждал.", "Аз ще бъда тук, че има време."],
    "bn": ["এটি একটি সুন্দর দিন"],
    "de": ["Ich gehe heute mit dir in den Park.", "Schöne Grüße aus München", "Der Hund ist nicht hier."],
    "el": ["Η γρήγορη αλεπού πηδάει."],
    "en": ["The quick brown fox jumps over the lazy dog.", "We had coffee at the café in Zürich.", "OK"],
    "es": ["¿Dónde está la biblioteca?", "Mañana vamos a la montaña.", "El perro corre por la playa."],
    "fa": ["روباه قهوه‌ای سریع از روی سگ می‌پرد", "گربه روی دیوار نشسته است"],
    "fr": ["Je ne sais pas où il est allé.", "Le petit chat dort sur le canapé.", "C’est l’été pour nous."],
    "gu": ["આજે સરસ દિવસ છે"],
    "he": ["השועל המהיר קופץ מעל הכלב"],
    "hi": ["यह एक सुंदर दिन है।"],
    "hy": ["Այսօր լավ եղանակ է"],
    "it": ["Il gatto dorme sul divano e non si muove.", "Perché non vieni con noi al mare?"],
    "ja": ["今日は天気がいいです。", "カメラを買った", "東京駅の朝", "ｶﾒﾗ"],
    "ka": ["დღეს კარგი ამინდია"],
    "kk": ["Бүгін ауа райы өте жақсы, қарашы"],
    "km": ["ថ្ងៃនេះអាកាសធាតុល្អ"],
    "kn": ["ಇಂದು ಒಳ್ಳೆಯ ದಿನ"],
    "ko": ["오늘은 날씨가 좋아요.", "나는 iPhone을 샀다"],
    "lo": ["ມື້ນີ້ອາກາດດີ"],
    "ml": ["ഇന്ന് നല്ല ദിവസമാണ്"],
    "mr": ["हा एक सुंदर दिवस आहे"],
    "my": ["ဒီနေ့ ရာသီဥတု ကောင်းတယ်"],
    "nl": ["De hond loopt door het park met zijn baas.", "Ik heb het niet gezien, maar het is er wel."],
    "pa": ["ਅੱਜ ਵਧੀਆ ਦਿਨ ਹੈ"],
    "pl": ["Nie wiem, co się stało.", "Pies biegnie przez park i szczeka na kota."],
    "pt": ["Não sei o que você quer dizer.", "São Paulo é uma cidade muito grande"],
    "ru": ["Быстрая коричневая лиса прыгает через собаку.", "Привет, мир", "Как дела?"],
    "si": ["අද හොඳ දවසක්"],
    "sr": ["Љубав је најлепша ствар на свету."],
    "sv": ["Jag vet inte vad du pratar om.", "Hunden springer på stranden och det är sommar."],
    "ta": ["இது ஒரு அழகான நாள்"],
    "te": ["ఇది ఒక అందమైన రోజు"],
    "th": ["วันนี้อากาศดีมาก"],
    "tr": ["Bu çok güzel bir gün.", "Köpek parkta koşuyor ve havlıyor.", "Nasılsınız, iyi misiniz?"],
    "uk": ["Швидка лисиця стрибає через собаку, її бачать усі.", "Привіт, світе"],
    "ur": ["یہ ایک خوبصورت دن ہے"],
    "vi": ["Tôi không biết bạn đang nói gì.", "Hôm nay trời rất đẹp."],
    "zh": ["今天天气很好。", "我買了iPhone", "今天天氣很好の朋友們都來了"],
}


STORIES = {
    "da": ["Vores hund er lige kommet hjem.", "Den sover i sofaen nu.", "Hvor er den bare sød!"],
    "de": [
        "Unser Weekend in Berlin",
        "Shopping und Lunch in der City",
        "Best of Streetfood",
        "Am Abend daheim",
    ],
    "en": ["We went to the lake with our friends.", "Dinner on a boat.", "Do a barrel roll!"],
    "fi": ["Koira nukkuu sohvalla.", "Lisää suolaa ja pippuria.", "Hyvää syntymäpäivää!"],
    "hu": ["A kutya a kanapén alszik.", "Adj hozzá sót és borsot.", "Boldog születésnapot!"],
    "nl": ["DE HOND SLAAPT OP DE BANK", "ALS DE REGEN STOPT", "GAAN WE NAAR BUITEN"],
    "pt": ["**Primeiro dia** na praia #summer #beach", "Vejam https://example.com/the-best-beach-of-all"],
    "ro": ["Câinele doarme pe canapea.", "Adăugați sare și piper.", "La mulți ani!"],
}


@pytest.fixture(scope="module")
def guesser() -> Guesser:
    return Guesser()


def test_a_sentence_tells_its_language(guesser: Guesser) -> None:
    wrong = {
        sentence: found
        for language, sentences in SENTENCES.items()
        for sentence in sentences
        if (found := guesser.guess([sentence]).language) != language
    }
    assert wrong == {}


@pytest.mark.parametrize("language", STORIES)
def test_a_story_of_short_captions_has_one_language(guesser: Guesser, language: str) -> None:
    found = guesser.guess(STORIES[language])
    assert found.language == language
    assert set(found.languages) == {language}


def test_english_captions_that_look_foreign_alone_are_english_together(guesser: Guesser) -> None:
    for story in (
        ["Season on a plate.", "Bake on a tray.", "Serve on a bed of rice."],
        ["We went to the lake.", "Dinner on a boat.", "Los Angeles, Las Vegas, El Paso."],
        ["Déjà vu", "We came back to the same cottage.", "The cat remembered us at once."],
    ):
        assert set(guesser.guess(story).languages) == {"en"}
    assert guesser.guess(["A dog sitting on a couch."]).language == "en"


@pytest.mark.parametrize(
    ("texts", "languages"),
    [
        (
            ["We spent a week in Madrid.", "Feliz cumpleaños a todos nuestros amigos de Madrid", "¡Hola!"],
            ["en", "es", "en"],
        ),
        (["Our first day in Moscow.", "Добро пожаловать в Москву!", "So cold."], ["en", "ru", "en"]),
        (["Наш новый телефон", "iPhone 15 Pro", "Он очень красивый."], ["ru", "ru", "ru"]),
        (["Мы в Лондоне!", "Please mind the gap between the train and the platform."], ["ru", "en"]),
        (["京都へ行きました", "金閣寺", "京都大学附属病院"], ["ja", "ja", "ja"]),
        (["我们第一次去日本", "东京铁塔", "ようこそ東京へ", "明年再来"], ["zh", "zh", "ja", "zh"]),
        (["The cat sleeps дождь дождь", "γάτα μου дождь"], ["en", "el"]),
        (["Мы купили iPhone 15 Pro Max в Apple Store", "The Little Prince"], ["ru", "ru"]),
        (["Our trip to Москва was great"], ["en"]),
        (["Nous voilà enfin à la mer.", "🎉", "2024", "https://example.com"], ["fr", "fr", "fr", "fr"]),
    ],
    ids=lambda value: value[0],
)
def test_only_what_is_clearly_another_language_leaves_the_story(
    guesser: Guesser, texts: list[str], languages: list[str]
) -> None:
    assert list(guesser.guess(texts).languages) == languages


@pytest.mark.parametrize("text", ["", "2025", "… — !", "😀", "ⲀⲂ", "https://example.com/por-la-mañana"])
def test_a_text_with_nothing_to_read_is_english_without_a_doubt(guesser: Guesser, text: str) -> None:
    found = guesser.guess([text])
    assert (found.language, found.languages, found.rival) == ("en", ("en",), None)


def test_a_guess_from_too_little_names_its_rival(guesser: Guesser) -> None:
    assert guesser.guess(["Sommer på stranden"]).rival in {"da", "nb"}
    assert guesser.guess(["This is a story about the dog that lives next door."]).rival is None


@pytest.mark.parametrize(
    ("language", "texts", "languages"),
    [
        ("pt-BR", ["Please mind the gap between the train and the platform."], ["pt-BR"]),
        ("no", ["Hunden sover i sofaen.", "Привет, мир"], ["no", "ru"]),
        (
            "ru",
            ["Το σκυλί κοιμάται", "Good morning to all of our friends", "Привіт, світе"],
            ["el", "ru", "ru"],
        ),
        ("sr-Latn", ["Voda je bila topla i čista."], ["sr-Latn"]),
        ("zh-Hant", ["今天天氣很好", "おはよう"], ["zh-Hant", "zh-Hant"]),
        ("tlh", ["nuqneH", "สวัสดี"], ["tlh", "th"]),
    ],
)
def test_a_language_that_is_given_holds_for_its_script_and_for_latin_letters(
    guesser: Guesser, language: str, texts: list[str], languages: list[str]
) -> None:
    found = guesser.guess(texts, language)
    assert found.language == language
    assert list(found.languages) == languages
    assert found.rival is None


def test_words_among_others_leave_their_language_only_when_they_clearly_are_of_another(
    guesser: Guesser,
) -> None:
    assert guesser.within("Shop Now", "pt-BR") == "pt-BR"
    assert guesser.within("Şimdi satın alın", "en") == "tr"
    assert guesser.within("Αγόρασε τώρα", "en") == "el"
    assert guesser.within("東京国際空港", "ja") == "ja"
    assert guesser.within("50 %", "de") == "de"


def test_each_language_that_is_guessed_has_a_voice() -> None:
    spoken = {language for languages in _RIVALS.values() for language in languages}
    assert all(
        language in LANGUAGES[script]
        for script, rivals in _RIVALS.items()
        if script != "Latn"
        for language in rivals
    )
    provider = EspeakProvider()
    for language in sorted(spoken):
        assert provider.speak("1", language=language, voice=None, rate=2.0).pcm


def test_the_model_is_loaded_only_for_text_that_needs_it() -> None:
    code = (
        "import sys; from shared.text.guessing import Guesser; g = Guesser();"
        "g.guess(['สวัสดี', 'おはよう', '한국어', '😀']);"
        "g.guess(['Hello', 'Привіт світ'], 'uk'); print('py3langid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
