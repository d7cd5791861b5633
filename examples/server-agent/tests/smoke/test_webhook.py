import os

from app.telegram import webhook_secret

TOKEN = os.environ.get("TELEGRAM_API_TOKEN", "")
# From a chat that can't exist, so nobody gets a message and nothing is decided.
UPDATE = {"update_id": 1, "message": {"message_id": 1, "chat": {"id": 0}, "text": "/status"}}


def post(running, secret: str):
    return running.post("/webhook/telegram", json=UPDATE, headers={"X-Telegram-Bot-Api-Secret-Token": secret})


def test_telegram_is_let_in_where_it_is_switched_on(running):
    response = post(running, webhook_secret(TOKEN))
    if TOKEN:
        assert (response.status_code, response.json()) == (200, {"handled": False})
    else:
        assert response.status_code == 503


def test_others_are_not_let_in(running):
    assert post(running, "guessed").status_code == (401 if TOKEN else 503)
