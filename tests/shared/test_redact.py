import pytest

from shared.redact import without_paths


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("cannot open /tmp/x/a.wav", "cannot open a.wav"),
        ("'/tmp/x/a.wav': no", "'a.wav': no"),
        ("-o=/tmp/a", "-o=a"),
        ("file:///srv/x/y", "y"),
        ("https://h.example/a/b", "https://h.example/a/b"),
        ("spring/assets/1/image.png", "spring/assets/1/image.png"),
        ("1/2 and 3 / 4", "1/2 and 3 / 4"),
        ("", ""),
    ],
)
def test_absolute_paths_are_cut_down_to_their_last_name(text: str, clean: str) -> None:
    assert without_paths(text) == clean
