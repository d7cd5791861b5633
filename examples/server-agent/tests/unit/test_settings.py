import pytest

from app.settings import load_settings
from tests.conftest import ROOT

CONFIG = {"AGENT_CONFIG": str(ROOT / "config" / "agent.yaml")}


def test_a_password_may_hold_any_character():
    settings = load_settings(CONFIG | {"POSTGRES_PASSWORD": "p@ss/w:rd?#%"})
    assert settings.database_url.password == "p@ss/w:rd?#%"
    assert settings.database_url.host == "db"


def test_without_a_password_the_service_does_not_start():
    with pytest.raises(KeyError, match="POSTGRES_PASSWORD"):
        load_settings(CONFIG)


def test_empty_values_are_as_good_as_none():
    environment = {"POSTGRES_PASSWORD": "x", "MASTER_CHAT_ID": "", "TELEGRAM_API_TOKEN": "", "TELEGRAM_API_URL": ""}
    settings = load_settings(CONFIG | environment)
    assert settings.master_chat_id is None
    assert settings.telegram_api_url == "https://api.telegram.org"
