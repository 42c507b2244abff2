import pytest

from shared.errors import InvalidSettings
from shared.settings import Settings, read_settings


def test_nothing_set_is_the_defaults() -> None:
    assert read_settings({}) == Settings()
    assert read_settings({}).platform == "local"


def test_every_variable_is_read() -> None:
    found = read_settings(
        {
            "STORE_URL": "memory://x",
            "ENV": "p",
            "PLATFORM": "cloudrun",
            "API_TOKEN": "secret",
            "SPEECH_PROVIDER": "other",
            "LOG_LEVEL": "DEBUG",
            "LOG_FORMAT": "json",
            "HEARTBEAT_S": "0.5",
            "STALE_AFTER_S": "3",
            "MAX_UPLOAD_MB": "2",
            "CORES": "4",
        }
    )
    assert found == Settings(
        store_url="memory://x",
        platform="cloudrun",
        api_token="secret",
        speech_provider="other",
        log_level="debug",
        log_format="json",
        heartbeat_s=0.5,
        stale_after_s=3,
        max_upload_bytes=2 * 1024 * 1024,
        cores=4,
    )


def test_an_empty_variable_is_unset() -> None:
    names = (
        "STORE_URL",
        "ENV",
        "PLATFORM",
        "API_TOKEN",
        "LOG_LEVEL",
        "HEARTBEAT_S",
        "MAX_UPLOAD_MB",
        "CORES",
    )
    assert read_settings(dict.fromkeys(names, "")) == Settings()
    assert read_settings(dict.fromkeys(names, " ")) == Settings()


@pytest.mark.parametrize(
    ("environ", "platform"),
    [
        ({"ENV": "d"}, "local"),
        ({"ENV": "d", "PLATFORM": "cloudrun"}, "local"),
        ({"ENV": "p", "PLATFORM": "codeengine"}, "codeengine"),
        ({"PLATFORM": "cloudrun"}, "cloudrun"),
    ],
)
def test_the_platform_follows_env(environ: dict[str, str], platform: str) -> None:
    assert read_settings(environ).platform == platform


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ENV", "production"),
        ("ENV", "p"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("HEARTBEAT_S", "often"),
        ("HEARTBEAT_S", "0"),
        ("HEARTBEAT_S", "-1"),
        ("HEARTBEAT_S", "nan"),
        ("HEARTBEAT_S", "inf"),
        ("STALE_AFTER_S", "9"),
        ("MAX_UPLOAD_MB", "0"),
        ("MAX_UPLOAD_MB", "1.5"),
        ("CORES", "0"),
    ],
)
def test_a_bad_value_is_named_with_its_variable(variable: str, value: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read_settings({variable: value})
    (problem,) = caught.value.problems
    assert "PLATFORM" in problem if value == "p" else variable in problem
    assert value in problem


def test_every_problem_is_named_at_once() -> None:
    wrong = {"ENV": "x", "LOG_LEVEL": "loud", "LOG_FORMAT": "xml", "HEARTBEAT_S": "often", "CORES": "none"}
    with pytest.raises(InvalidSettings) as caught:
        read_settings(wrong)
    assert sorted(problem.split("=")[0] for problem in caught.value.problems) == sorted(wrong)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CE_REGION", "evil.com/#"),
        ("CLOUD_RUN_REGION", "a/b"),
        ("GOOGLE_CLOUD_PROJECT", "a/b c"),
        ("CE_PROJECT_ID", "../other"),
        ("CLOUD_RUN_EMULATOR_HOST", "http://127.0.0.1:1"),
        ("EVENTS_AUDIENCE", "foo"),
        ("EVENTS_ACCOUNTS", "x, y@z"),
        ("CODE_ENGINE_URL", "ftp://x"),
        ("MAX_UPLOAD_MB", "a"),
    ],
)
def test_what_goes_into_addresses_has_their_form(variable: str, value: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read_settings({variable: value})
    assert f"{variable}={value!r}" in str(caught.value)


def test_a_secret_that_can_not_be_used_is_not_shown() -> None:
    with pytest.raises(InvalidSettings) as caught:
        read_settings({"API_TOKEN": "two words"})
    assert "API_TOKEN" in str(caught.value)
    assert "two words" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "platform"),
    [
        ({"ENV": "p", "CLOUD_RUN_JOB": "x"}, "cloudrun"),
        ({"ENV": "p", "CE_PROJECT_ID": "0f1e"}, "codeengine"),
        ({"CLOUD_RUN_JOB": "x"}, "local"),
        ({"ENV": "p", "CLOUD_RUN_JOB": "x", "PLATFORM": "local"}, "local"),
    ],
)
def test_production_in_a_cloud_s_container_means_that_cloud(environ: dict[str, str], platform: str) -> None:
    assert read_settings(environ).platform == platform


def test_a_webhook_s_address_is_kept_as_it_is_and_never_shown() -> None:
    url = "https://films.example/hook/t0ken/"
    settings = read_settings({"WEBHOOK_URL": url})
    assert settings.webhook_url == url
    assert "t0ken" not in repr(settings)
    with pytest.raises(InvalidSettings) as caught:
        read_settings({"WEBHOOK_URL": "films.example/t0ken"})
    assert "WEBHOOK_URL" in str(caught.value)
    assert "t0ken" not in str(caught.value)
