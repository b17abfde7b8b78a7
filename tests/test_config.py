"""Settings: every bad value at once, by name, without showing a secret."""

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import duration, load, parse, rate, read_environment_file
from bot.errors import ConfigurationError
from bot.roles import Role, parse_roles

TOKEN = "123456789:AAF-secret_secret_secret_secret_secr"


def test_nothing_set_gives_the_documented_defaults() -> None:
    config = parse({})
    assert (config.token, config.redis_url, config.port) == ("", "", 8080)
    assert (config.poll_min, config.poll_max) == (timedelta(minutes=1), timedelta(hours=6))
    assert config.send_rate.interval == timedelta(seconds=1) / 30
    assert config.retention == timedelta(days=90)


def test_every_bad_value_is_reported_at_once_by_name() -> None:
    bad = {
        "BOT_TOKEN": "nonsense",
        "ADMIN_IDS": "1, me",
        "REDIS_URL": "http://x",
        "TELEGRAM_API_URL": "ftp://x",
        "PORT": "70000",
        "DATA_DIR": "/dev/null/data",
        "FEEDS_FILE": "/nowhere/feeds.opml",
        "HOST": "not a host",
        "POLL_MIN": "soon",
        "FETCH_ALLOW_NETWORKS": "10.0.0.0/99",
        "ACCESS": "closed",
        "SEND_RATE": "0/s",
        "LANGUAGE": "english",
        "TIMEZONE": "Mars/Olympus",
        "RETENTION": "0d",
        "LOG_LEVEL": "loud",
        "LOG_FORMAT": "xml",
        "WEBHOOK_SECRET": "with space",
    }
    with pytest.raises(ConfigurationError) as raised:
        parse(bad)
    assert {problem.split(":")[0] for problem in raised.value.problems} == set(bad)


@pytest.mark.parametrize("host", ["0.0.0.0", "::1", "::", "localhost", "news_web", "a.example"])
def test_hosts_are_names_and_addresses(host: str) -> None:
    assert parse({"HOST": host}).host == host


def test_a_data_directory_may_still_have_to_be_made(tmp_path: Path) -> None:
    wanted = tmp_path / "new" / "data"
    assert parse({"DATA_DIR": str(wanted)}).data_dir == wanted
    assert not wanted.exists()


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://127.0.0.1:7000",
        "rediss+cluster://reader:s3cret%2F@one.example:7000,two.example,[::1]:7002/0?x=y",
    ],
)
def test_a_cluster_is_an_address(url: str) -> None:
    assert parse({"REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ("", "node 1"),
        ("one:7000,", "node 2"),
        ("secret@one:7000,two:port", "node 2"),
        ("one:70000", "node 1"),
        ("one/3", "no database but 0"),
        ("[one:1", "node 1"),
    ],
)
def test_a_cluster_that_cannot_be_is_named_by_its_place(nodes: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=f"REDIS_URL: .*{sentence}") as raised:
        parse({"REDIS_URL": f"redis+cluster://{nodes}"})
    assert "secret" not in str(raised.value)


def test_bounds_that_contradict_each_other_are_named() -> None:
    with pytest.raises(ConfigurationError, match="POLL_MAX"):
        parse({"POLL_MIN": "5m", "POLL_MAX": "1m"})
    with pytest.raises(ConfigurationError, match="WEBHOOK_SECRET"):
        parse({"WEBHOOK_URL": "https://news.example"})


def test_paid_broadcast_is_an_operators_choice_and_has_a_limit_too() -> None:
    assert not parse({"SEND_RATE": "1000/s"}).paid_broadcast
    assert parse({"PAID_BROADCAST": "on", "SEND_RATE": "1000/s"}).paid_broadcast
    with pytest.raises(ConfigurationError, match="SEND_RATE: at most 1000/s"):
        parse({"PAID_BROADCAST": "on", "SEND_RATE": "1001/s"})
    with pytest.raises(ConfigurationError, match="PAID_BROADCAST: expected one of off, on"):
        parse({"PAID_BROADCAST": "yes"})


def test_secrets_stand_in_no_repr_and_no_complaint() -> None:
    secret = "hush_hush"
    config = parse(
        {
            "BOT_TOKEN": TOKEN,
            "WEBHOOK_URL": "https://news.example",
            "WEBHOOK_SECRET": secret,
            "REDIS_URL": f"redis://:{secret}@localhost",
        }
    )
    assert TOKEN not in repr(config)
    assert secret not in repr(config)
    with pytest.raises(ConfigurationError) as raised:
        parse({"BOT_TOKEN": f"x{TOKEN}", "REDIS_URL": f"http://:{secret}@host"})
    assert TOKEN not in str(raised.value)
    assert secret not in str(raised.value)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text('# comment\nexport PORT=9\nLANGUAGE="uk"  \nTIMEZONE=Europe/Kyiv # here\n')
    config = load({"PORT": "10"}, path)
    assert (config.port, config.language, config.timezone) == (10, "uk", "Europe/Kyiv")


def test_a_broken_line_of_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("PORT=9\nwhat is this\n")
    with pytest.raises(ConfigurationError, match="line 2"):
        read_environment_file(path)


def test_the_example_file_states_the_defaults() -> None:
    example = Path(__file__).parent.parent / ".env.example"
    assert parse(read_environment_file(example)) == parse({})


def test_roles_are_read_and_unknown_ones_named() -> None:
    assert parse_roles("poll, desk") == {Role.POLL, Role.DESK}
    with pytest.raises(ConfigurationError, match="cook"):
        parse_roles("poll,cook")
    with pytest.raises(ConfigurationError):
        parse_roles(" , ")


@given(st.integers(1, 10**6), st.sampled_from("smhd"))
def test_durations_are_read_exactly(count: int, unit: str) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert duration(f"{count}{unit}") == timedelta(seconds=count * seconds)


@given(st.text(max_size=12))
def test_any_text_is_a_value_or_a_complaint(text: str) -> None:
    for read in (duration, rate):
        with contextlib.suppress(ValueError):
            read(text)
    for name in ("BOT_TOKEN", "ADMIN_IDS", "REDIS_URL", "TELEGRAM_API_URL", "PORT", "TIMEZONE"):
        with contextlib.suppress(ConfigurationError):
            parse({name: text})
