"""One module per noun, each with a `router`; `ROUTERS` says in which order they are asked, the busiest first."""

from fastapi import APIRouter

from api.routes import (
    accounts,
    audit,
    auth,
    events,
    health,
    holds,
    orders,
    organizers,
    payments,
    performances,
    projections,
    rebuilds,
    refunds,
    reports,
    scans,
    seats,
    tickets,
    venues,
    webhooks,
)

ROUTERS: tuple[APIRouter, ...] = (
    orders.hot_router,
    orders.router,
    holds.router,
    seats.router,
    performances.router,
    events.router,
    payments.router,
    webhooks.router,
    tickets.router,
    scans.router,
    refunds.router,
    venues.router,
    auth.router,
    accounts.router,
    organizers.router,
    reports.router,
    projections.router,
    rebuilds.router,
    audit.router,
    health.router,
)
