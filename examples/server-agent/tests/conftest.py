import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient

from app.database import open_database
from app.main import app
from app.settings import load_settings
from app.telegram import webhook_secret

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "123456:a-token-of-the-tests"
MASTER = 4711


class TelegramServer(ThreadingHTTPServer):
    """Answers as the Bot API does and keeps what it was told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), TelegramHandler)
        self.messages: list[dict] = []
        self.broken = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class TelegramHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        ok = self.path == f"/bot{TOKEN}/sendMessage" and not self.server.broken
        if ok:
            self.server.messages.append(body)
        self.send_response(200 if ok else 500)
        self.end_headers()
        self.wfile.write(json.dumps({"ok": ok}).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def telegram():
    server = TelegramServer()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def alembic_config():
    return Config(ROOT / "alembic.ini")


@pytest.fixture
def settings(tmp_path, monkeypatch, telegram, alembic_config):
    """Settings for a database that has had every migration."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/agent.db")
    monkeypatch.setenv("AGENT_CONFIG", str(ROOT / "config" / "agent.yaml"))
    monkeypatch.setenv("TELEGRAM_API_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_API_URL", telegram.url)
    monkeypatch.setenv("MASTER_CHAT_ID", str(MASTER))
    monkeypatch.delenv("VCS_REF", raising=False)
    command.upgrade(alembic_config, "head")
    return load_settings()


@pytest.fixture
def sessions(settings):
    engine, sessions = open_database(settings.database_url)
    yield sessions
    engine.dispose()


@pytest.fixture
def client(settings):
    with TestClient(app) as client:
        yield client


@pytest.fixture
def write_to_bot(client):
    """Sends a message to the webhook as Telegram does."""

    def write(text: str, chat: int = MASTER, secret: str = webhook_secret(TOKEN)):
        return client.post(
            "/webhook/telegram",
            json={"update_id": 1, "message": {"message_id": 1, "chat": {"id": chat}, "text": text}},
            headers={"X-Telegram-Bot-Api-Secret-Token": secret},
        )

    return write
