"""One module per noun, each with a `router`; `ROUTERS` says in which order they are asked, the busiest first."""

from fastapi import APIRouter

from api.routes import accounts, auth, health, organizers

ROUTERS: tuple[APIRouter, ...] = (auth.router, accounts.router, organizers.router, health.router)
