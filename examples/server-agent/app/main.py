"""The HTTP side: `uvicorn app.main:app`."""

import logging
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Body, Depends, FastAPI, Header, HTTPException, Request, Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.approvals import request_approval
from app.budget import BudgetExceeded, spend, spent_today
from app.commands import answer
from app.database import Approval, open_database
from app.health import health
from app.settings import load_settings
from app.telegram import is_from_telegram, tell_master

log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.settings = load_settings()
    engine, app.state.sessions = open_database(app.state.settings.database_url)
    yield
    engine.dispose()


app = FastAPI(title="Server Agent", lifespan=lifespan)


def open_session(request: Request):
    with request.app.state.sessions.begin() as session:
        yield session


# `scope="function"`: committed before the answer is sent, so what was acknowledged is there.
Database = Annotated[Session, Depends(open_session, scope="function")]


@app.get("/live")
def live() -> dict:
    return {"status": "ok"}


@app.get("/health")
def get_health(request: Request, response: Response, session: Database) -> dict:
    try:
        return health(session, request.app.state.settings)
    except SQLAlchemyError as error:
        log.warning("health: %s", error)
        response.status_code = 503
        session.rollback()
        return {"status": "error", "error": type(error).__name__}


@app.get("/approvals")
def list_approvals(session: Database) -> list[dict]:
    approvals = session.scalars(select(Approval).order_by(Approval.id.desc()).limit(100))
    return [{"id": a.id, "action": a.action, "reason": a.reason, "status": a.status} for a in approvals]


@app.post("/approvals", status_code=201)
def post_approval(
    request: Request,
    response: Response,
    session: Database,
    action: Annotated[str, Body(min_length=1, max_length=200)],
    reason: Annotated[str, Body(max_length=2000)] = "",
) -> dict:
    approval, new = request_approval(session, action, reason)
    session.commit()
    if new:
        tell_master(request.app.state.settings, f"May I {action}? /approve {approval.id} or /reject {approval.id}")
    else:
        response.status_code = 200
    return {"id": approval.id, "status": approval.status}


@app.get("/budget")
def get_budget(request: Request, session: Database) -> dict:
    return {"spent": spent_today(session), "limit": request.app.state.settings.daily_token_budget}


@app.post("/budget", status_code=201)
def post_budget(
    request: Request,
    session: Database,
    tokens: Annotated[int, Body(gt=0)],
    purpose: Annotated[str, Body(min_length=1, max_length=200)],
) -> dict:
    try:
        return {"left": spend(session, tokens, purpose, request.app.state.settings.daily_token_budget)}
    except BudgetExceeded as error:
        raise HTTPException(429, str(error)) from error


@app.post("/webhook/telegram")
def telegram_webhook(
    request: Request,
    session: Database,
    update: Annotated[dict, Body()],
    x_telegram_bot_api_secret_token: Annotated[str | None, Header()] = None,
) -> dict:
    settings = request.app.state.settings
    if not settings.telegram_token:
        raise HTTPException(503, "Telegram is switched off.")
    if not is_from_telegram(settings, x_telegram_bot_api_secret_token):
        raise HTTPException(401, "This does not come from Telegram.")
    message = update.get("message")
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        return {"handled": False}
    # Anybody can write to a bot; only the master is answered.
    if settings.master_chat_id is None or message.get("chat", {}).get("id") != settings.master_chat_id:
        return {"handled": False}
    reply = answer(session, settings, message["text"])
    session.commit()
    tell_master(settings, reply)
    return {"handled": True, "reply": reply}
