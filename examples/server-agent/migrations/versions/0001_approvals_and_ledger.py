"""Approvals and the token ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("action", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_approvals_status", "approvals", ["status"])
    op.create_table(
        "token_spends",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_token_spends_spent_at", "token_spends", ["spent_at"])


def downgrade() -> None:
    op.drop_table("token_spends")
    op.drop_table("approvals")
