import logging
from dataclasses import replace

from app.telegram import is_from_telegram, tell_master, webhook_secret
from tests.conftest import MASTER, TOKEN


def test_the_master_gets_the_message(settings, telegram):
    assert tell_master(settings, "Done.")
    assert telegram.messages == [{"chat_id": MASTER, "text": "Done."}]


def test_without_a_token_or_a_chat_nothing_is_sent(settings, telegram):
    assert not tell_master(replace(settings, telegram_token=""), "Done.")
    assert not tell_master(replace(settings, master_chat_id=None), "Done.")
    assert telegram.messages == []


def test_a_broken_telegram_is_logged_without_the_token(settings, telegram, caplog):
    telegram.broken = True
    with caplog.at_level(logging.DEBUG):
        assert not tell_master(settings, "Done.")
    assert "did not take the message" in caplog.text
    assert TOKEN not in caplog.text


def test_only_the_right_secret_is_from_telegram(settings):
    assert is_from_telegram(settings, webhook_secret(TOKEN))
    assert not is_from_telegram(settings, webhook_secret("another token"))
    assert not is_from_telegram(settings, None)


def test_the_token_is_not_in_the_settings_as_text(settings):
    assert TOKEN not in repr(settings)
