import os

import httpx2
import pytest


@pytest.fixture
def running():
    """The agent that was just deployed."""
    url = os.environ.get("APP_URL") or f"http://localhost:{os.environ.get('APP_PORT') or '8000'}"
    with httpx2.Client(base_url=url, timeout=5, trust_env=False) as client:
        yield client
