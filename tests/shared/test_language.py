import pytest

from shared.language import guess_language, is_right_to_left, scripts_of, words_of

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


@pytest.mark.parametrize(
    ("language", "sentence"),
    [(tag, sentence) for tag, sentences in SENTENCES.items() for sentence in sentences],
)
def test_a_sentence_tells_its_language(language, sentence):
    assert guess_language(sentence) == language


@pytest.mark.parametrize("text", ["", "2025", "… — !", "😀", "Zürich", "Reelwright", "ⲀⲂ"])
def test_a_text_that_tells_nothing_has_the_default_language(text):
    assert guess_language(text, "pt-BR") == "pt-BR"


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("Das ist nicht die ganze Geschichte.", "de-CH"),
        ("São Paulo é uma cidade muito grande", "pt_BR"),
        ("東京", "ja"),
        ("今天天氣很好", "zh-Hant"),
        ("Како си данас", "sr-Cyrl"),
        ("यो राम्रो दिन हो", "ne"),
        ("שלום", "yi"),
        ("Wiki ya leo", "sw"),
    ],
)
def test_a_default_that_may_be_right_is_kept_with_its_region(text, default):
    assert guess_language(text, default) == default


def test_a_default_that_cannot_be_right_is_not_kept():
    assert guess_language("Привет, мир", "de") == "ru"
    assert guess_language("The cat is on the mat with the dog.", "de") == "en"
    assert guess_language("Das ist nicht die ganze Geschichte.", "fr") == "de"
    assert guess_language("Это было вчера", "sr") == "ru"


def test_decomposed_letters_tell_as_much_as_composed_ones():
    assert guess_language("Man\u0303ana vamos a la montan\u0303a.") == "es"


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("Hello, 世界!", {"Latn": 5, "Hani": 2}),
        ("カメラをＡＢ買った々ー", {"Kana": 4, "Hira": 3, "Latn": 2, "Hani": 2}),
        ("ｶﾒﾗ", {"Kana": 3}),
        ("हिन्दी", {"Deva": 6}),
        ("عربي ١٢٣ שלום", {"Arab": 4, "Hebr": 4}),
        ("한국어 ภาษา Ελ Рус", {"Hang": 3, "Thai": 4, "Grek": 2, "Cyrl": 3}),
        ("𠮷", {"Hani": 1}),
        ("12 3.5 😀 € \0 \ud800", {}),
    ],
)
def test_letters_are_counted_by_script(text, scripts):
    assert dict(scripts_of(text)) == scripts


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("שלום world", True),
        ("world שלום", False),
        ("123 … مرحبا", True),
        ("😀!", False),
        ("", False),
        ("Привет", False),
        ("\u200fabc", True),
    ],
)
def test_the_first_character_with_a_direction_decides(text, answer):
    assert is_right_to_left(text) is answer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"Hello, world!" — it\'s $3.50.', ['"Hello,', 'world!"', "—", "it's", "$3.50."]),
        (" two\nlines\u00a0here\t", ["two", "lines", "here"]),
        ("ein\0zwei\u200bdrei", ["ein", "zwei", "drei"]),
        ("오늘은 좋아요.", ["오늘은", "좋아요."]),
        ("今天很好。我", ["今", "天", "很", "好。", "我"]),
        ("「天気」がいい！？", ["「天", "気」", "が", "い", "い！？"]),
        ("我買了iPhone 15,真", ["我", "買", "了", "iPhone", "15,", "真"]),
        ("葛󠄀城", ["葛󠄀", "城"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
        ("วันนี้ เก่งไหม", ["วั", "น", "นี้", "เก่", "ง", "ไห", "ม"]),
        ("ကောင်းတယ်", ["ကောင်း", "တယ်"]),
        ("ល្អណាស់", ["ល្អ", "ណា", "ស់"]),
        ("ມື້ນີ້", ["ມື້", "ນີ້"]),
        ("👨‍👩‍👧 ❤️", ["👨‍👩‍👧", "❤️"]),
        ("", []),
        (" \n\0", []),
    ],
)
def test_a_text_parts_into_words(text, words):
    assert [text[start:end] for start, end in words_of(text)] == words
