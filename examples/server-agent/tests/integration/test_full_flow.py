from app.check import check
from app.health import newest_revision


def test_a_new_agent_is_healthy(client, settings):
    assert client.get("/health").json() == {
        "status": "ok",
        "commit": "unknown",
        "schema": newest_revision(),
        "telegram": "on",
        "tokens_today": 0,
        "daily_token_budget": settings.daily_token_budget,
    }


def test_health_says_so_when_the_schema_is_missing(client, tmp_path):
    (tmp_path / "agent.db").unlink()
    response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["status"] == "error"
    assert client.get("/live").status_code == 200


def test_tokens_are_tracked_until_the_day_is_spent(client, settings):
    limit = settings.daily_token_budget
    assert client.post("/budget", json={"tokens": limit - 10, "purpose": "answer"}).json() == {"left": 10}
    refused = client.post("/budget", json={"tokens": 11, "purpose": "essay"})
    assert refused.status_code == 429
    assert client.get("/budget").json() == {"spent": limit - 10, "limit": limit}
    assert client.get("/health").json()["tokens_today"] == limit - 10


def test_from_request_over_decision_to_the_record(client, telegram, write_to_bot):
    requested = client.post("/approvals", json={"action": "restart nginx", "reason": "certificate"}).json()
    assert telegram.messages[-1]["text"].startswith("May I restart nginx?")
    write_to_bot(f"/approve {requested['id']}")
    assert telegram.messages[-1]["text"] == "restart nginx: approved"
    assert client.get("/approvals").json() == [
        {"id": requested["id"], "action": "restart nginx", "reason": "certificate", "status": "approved"}
    ]


def test_the_check_command_counts_every_table(client):
    client.post("/approvals", json={"action": "restart nginx"})
    assert "1 approvals" in check()
