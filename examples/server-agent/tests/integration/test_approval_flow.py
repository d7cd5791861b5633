import pytest

from app.commands import HELP
from tests.conftest import MASTER


def ask(client, action: str) -> int:
    return client.post("/approvals", json={"action": action, "reason": "why not"}).json()["id"]


def status_of(client, approval: int) -> str:
    return next(a["status"] for a in client.get("/approvals").json() if a["id"] == approval)


def test_the_master_rejects(client, write_to_bot):
    approval = ask(client, "delete logs")
    assert write_to_bot(f"/reject {approval}").json() == {"handled": True, "reply": "delete logs: rejected"}
    assert status_of(client, approval) == "rejected"


def test_a_second_decision_is_told_and_changes_nothing(client, write_to_bot):
    approval = ask(client, "delete logs")
    write_to_bot(f"/reject {approval}")
    assert "already rejected" in write_to_bot(f"/approve {approval}").json()["reply"]
    assert status_of(client, approval) == "rejected"


def test_strangers_decide_nothing(client, telegram, write_to_bot):
    approval = ask(client, "delete logs")
    sent = len(telegram.messages)
    assert write_to_bot(f"/approve {approval}", chat=MASTER + 1).json() == {"handled": False}
    assert write_to_bot(f"/approve {approval}", secret="guessed").status_code == 401
    assert status_of(client, approval) == "pending"
    assert len(telegram.messages) == sent


def test_asking_twice_asks_the_master_once(client, telegram):
    first = client.post("/approvals", json={"action": "delete logs"})
    second = client.post("/approvals", json={"action": "delete logs"})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert len(telegram.messages) == 1


def test_a_silent_telegram_does_not_lose_the_request(client, telegram):
    telegram.broken = True
    approval = ask(client, "delete logs")
    assert status_of(client, approval) == "pending"


def test_status_lists_what_is_pending(client, write_to_bot):
    approval = ask(client, "delete logs")
    reply = write_to_bot("/status").json()["reply"]
    assert reply == f"0 of 100000 tokens spent today\n{approval}: delete logs (why not)"


@pytest.mark.parametrize("text", ["hello", "/approve", "/approve x", "/approve 1; drop table"])
def test_anything_else_gets_help(write_to_bot, text):
    assert write_to_bot(text).json()["reply"] == HELP


def test_an_unknown_number_is_told(write_to_bot):
    assert write_to_bot("/approve 99").json()["reply"] == "There is no approval 99."
