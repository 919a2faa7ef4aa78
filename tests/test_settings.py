"""Settings come from the environment, and a value that can't be is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import RegardError
from regard.settings import Settings
from regard.wire.listeners import authority


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "-1", "REGARD_PORT must be from 0 to 65535, not -1."),
        ("PORT", "65536", "REGARD_PORT must be from 0 to 65535, not 65536."),
        ("PORT", "http", "REGARD_PORT must be a whole number, not 'http'."),
        ("WORKERS", "-1", "REGARD_WORKERS must be 0 or more, not -1."),
        *(
            (name, "0", f"REGARD_{name} must be 1 or more, not 0.")
            for name in (
                "QUEUE",
                "IMAGE_BYTES",
                "OBJECT_BYTES",
                "IMAGE_SIDE",
                "IMAGE_PIXELS",
                "CLOCK_SKEW",
                "COLLECTION_FACES",
            )
        ),
        ("ACCOUNT", "²" * 12, "REGARD_ACCOUNT must be 12 digits."),
        ("S3_ENDPOINT", "minio:9000", "REGARD_S3_ENDPOINT must be `aws` or an http:// or https:// URL"),
        ("S3_ENDPOINT", "http://", "REGARD_S3_ENDPOINT must be `aws` or an http:// or https:// URL"),
        ("INDEX_ENGINE", "faiss", "REGARD_INDEX_ENGINE must be `local`, `milvus` or `ray`, not 'faiss'."),
        (
            "MILVUS",
            "milvus:19530",
            "REGARD_MILVUS must be like http://HOST:19530, or a file that ends in .db.",
        ),
        ("MILVUS", "aws", "REGARD_MILVUS must be like http://HOST:19530, or a file that ends in .db."),
        ("MILVUS", "http://u:p@h", "must not hold a password; give it in REGARD_MILVUS_TOKEN."),
        ("ORIGINS", "app.example.org", "REGARD_ORIGINS must be `*`, or origins like https://app.example.org"),
        ("ORIGINS", "https://app.example.org/", "'https://app.example.org/' is none."),
        ("ORIGINS", "https://a.org,null", "'null' is none."),
        ("ORIGINS", "https://a.org,", "'' is none."),
        ("S3_ENDPOINT", "http://[::1", "REGARD_S3_ENDPOINT must be `aws` or an http:// or https:// URL"),
    ],
)
def test_a_value_that_can_not_be_is_named(name: str, value: str, sentence: str) -> None:
    with pytest.raises(RegardError) as caught:
        Settings.load({f"REGARD_{name}": value})
    assert sentence in str(caught.value)


def test_an_override_is_held_to_the_same_bounds() -> None:
    with pytest.raises(RegardError, match="REGARD_QUEUE must be 1 or more, not 0"):
        Settings.load({}, queue=0)
    assert Settings.load({"REGARD_PORT": "80"}, port=0).port == 0


def test_origins_are_kept_as_browsers_write_them() -> None:
    assert Settings.load({}).allowed_origins == ()
    assert Settings.load({"REGARD_ORIGINS": "*"}).allowed_origins == ("*",)
    given = "https://App.example.org, https://b.org:443,http://[::1]:8080,capacitor://localhost"
    assert Settings.load({"REGARD_ORIGINS": given}).allowed_origins == (
        "https://app.example.org",
        "https://b.org",
        "http://[::1]:8080",
        "capacitor://localhost",
    )


@pytest.mark.parametrize("endpoint", ["aws", "http://localhost:9000", "https://s3.example.org"])
def test_an_endpoint_is_aws_or_a_url(endpoint: str) -> None:
    assert Settings.load({"REGARD_S3_ENDPOINT": endpoint}).s3_endpoint == endpoint


def test_the_token_of_milvus_is_not_printed() -> None:
    assert "hidden" not in repr(Settings.load({"REGARD_MILVUS_TOKEN": "root:hidden"}))


def test_a_variable_set_to_nothing_is_unset() -> None:
    names = Settings.__dataclass_fields__
    assert Settings.load({f"REGARD_{name.upper()}": "" for name in names}) == Settings()


def test_the_home_folder_is_known_in_every_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings.load({"REGARD_BUCKETS": "a=~/a, b=/b", "REGARD_DATA": "~/data"}, models="~/models")
    assert settings.buckets == f"a={tmp_path}/a, b=/b"
    assert (settings.data, settings.models) == (tmp_path / "data", tmp_path / "models")


def test_an_ipv6_address_is_bracketed_in_a_url() -> None:
    assert authority("::1", 8090) == "[::1]:8090"
    assert authority("127.0.0.1", 8090) == "127.0.0.1:8090"


def test_another_process_makes_the_same_settings_of_the_environment() -> None:
    for chosen in (
        Settings.load({}),
        Settings.load({}, data="~/x", buckets="a=b", job_lease=7, webhooks="private", sns_endpoint="aws"),
    ):
        assert Settings.load(chosen.environment()) == chosen


@pytest.mark.parametrize(
    ("name", "value"), [("WEBHOOKS", "all"), ("SNS_ENDPOINT", "sns"), ("JOB_LEASE", "1"), ("JOB_LIMIT", "0")]
)
def test_settings_of_jobs_are_held_to_their_form(name: str, value: str) -> None:
    with pytest.raises(RegardError, match=f"REGARD_{name} must be"):
        Settings.load({f"REGARD_{name}": value})


def test_public_hosts_are_kept_as_browsers_send_them() -> None:
    settings = Settings.load({"REGARD_PUBLIC_HOSTS": "Vision.example.org:8443, [::2]:1,plain"})
    assert settings.public_hosts == "vision.example.org:8443,[::2]:1,plain"


@pytest.mark.parametrize("hosts", ["https://a.example", "a.example/b", "a b", ",", "a:x"])
def test_what_is_no_public_host_is_named(hosts: str) -> None:
    with pytest.raises(RegardError, match="REGARD_PUBLIC_HOSTS"):
        Settings.load({"REGARD_PUBLIC_HOSTS": hosts})


def test_a_secret_may_be_in_a_file_and_is_never_printed(tmp_path: Path) -> None:
    (tmp_path / "database").write_text("postgresql://regard:hidden@db/regard\n")
    settings = Settings.load({"REGARD_DATABASE_FILE": str(tmp_path / "database")})
    assert settings.database == "postgresql://regard:hidden@db/regard"
    assert "hidden" not in repr(settings)


def test_the_variable_itself_comes_before_its_file(tmp_path: Path) -> None:
    environ = {"REGARD_METRICS_TOKEN": "said", "REGARD_METRICS_TOKEN_FILE": str(tmp_path / "none")}
    assert Settings.load(environ).metrics_token == "said"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "can't be read (No such file or directory)"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is no text"),
        (b"a" * 65_537, "is too large to be a secret"),
    ],
)
def test_a_file_that_holds_no_secret_is_named_by_its_variable(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(RegardError) as caught:
        Settings.load({"REGARD_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")})
    assert str(caught.value).startswith("The file that REGARD_WEBHOOK_SECRET_FILE names ")
    assert sentence in str(caught.value)


def test_a_secret_s_file_in_nobody_s_home_is_a_sentence() -> None:
    with pytest.raises(RegardError, match="can't be read"):
        Settings.load({"REGARD_WEBHOOK_SECRET_FILE": "~nobody-of-that-name/secret"})


def test_only_secrets_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("80")
    assert Settings.load({"REGARD_PORT_FILE": str(tmp_path / "port")}).port == 8090
