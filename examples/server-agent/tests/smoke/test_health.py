def test_the_agent_is_healthy_and_its_schema_is_new_enough(running):
    response = running.get("/health")
    assert response.status_code == 200, response.text
    seen = response.json()
    assert seen["status"] == "ok"
    # Revisions are numbered: a newer one is fine, that is what a rollback leaves behind.
    assert seen["schema"] >= "0002"


def test_the_agent_answers_fast(running):
    running.get("/health")
    assert running.get("/health").elapsed.total_seconds() < 1


def test_the_token_budget_is_kept(running):
    budget = running.get("/budget").json()
    assert 0 <= budget["spent"] <= budget["limit"]
