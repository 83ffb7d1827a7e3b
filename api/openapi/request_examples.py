"""Named examples of request bodies, by operation."""

from collections.abc import Mapping
from typing import Any

from api.openapi.sample_values import (
    DOORS_AT,
    HOLD,
    LAYOUT,
    ORGANIZER,
    PAYMENT,
    PERFORMANCE,
    SEAT_STREAM,
    SEATS,
    STARTS_AT,
    TICKET,
    VENUE,
    euros,
)

Examples = Mapping[str, Mapping[str, Any]]

PASSWORD = "correct horse battery staple"  # noqa: S105 - a sample
TWO_SEATS = [{"seat": seat, "ticket_type": "adult"} for seat in SEATS]
CONTACT = {"email": "ann@example.com", "name": "Ann Berg"}
GRID = {"sections": [{"name": "Stalls", "category": "A", "rows": 20, "seats_per_row": 24}]}


def to_named_examples(**examples: tuple[str, Any]) -> Examples:
    """Return examples from pairs of summary and body, by name."""
    return {name: {"summary": summary, "value": value} for name, (summary, value) in examples.items()}


RESOLUTION = to_named_examples(explained=("The difference is explained", {"reason": "explained"}))

VISIT: Mapping[str, Examples] = {
    "register_account": to_named_examples(
        customer=("A customer", {"email": "ann@example.com", "password": PASSWORD, "name": "Ann Berg"})
    ),
    "log_in": to_named_examples(customer=("A customer", {"email": "ann@example.com", "password": PASSWORD})),
    "hold_seats": to_named_examples(
        two_seats=("Two seats", {"items": TWO_SEATS}),
        standing_area=("Four places of a standing area", {"items": [{"area": "pit", "quantity": 4}]}),
    ),
    "place_order": to_named_examples(
        from_hold=("Order a hold", {"hold_id": HOLD, "terms_version": "2027-01"}),
        in_one_step=("Hold and order in one step", {"performance_id": PERFORMANCE, "items": TWO_SEATS}),
        as_guest=("Order as a guest", {"hold_id": HOLD, "contact": CONTACT, "locale": "nb"}),
    ),
    "start_payment": to_named_examples(sandbox=("Pay with the sandbox provider", {"provider": "sandbox"})),
    "request_refund": to_named_examples(
        whole_order=("All lines", {}),
        one_line=("One line", {"lines": ["1"]}),
        by_support=("By support, with a reason", {"reason": "The customer was in hospital."}),
    ),
}
ORGANIZING: Mapping[str, Examples] = {
    "create_organizer": to_named_examples(theatre=("A theatre", {"name": "National Theatre"})),
    "set_member_roles": to_named_examples(
        entry_manager=("An entry manager", {"roles": ["entry_manager"]}),
        removed=("End the membership", {"roles": []}),
    ),
    "create_venue": to_named_examples(
        theatre=(
            "A theatre",
            {
                "organizer_id": ORGANIZER,
                "name": "National Theatre",
                "address": "Storgata 1",
                "city": "Oslo",
                "country": "NO",
                "time_zone": "Europe/Oslo",
            },
        )
    ),
    "update_venue": to_named_examples(address=("A new address", {"address": "Storgata 3"})),
    "publish_layout": to_named_examples(grid=("A grid", {"name": "Main hall", "format": "grid", "document": GRID})),
    "create_event": to_named_examples(
        play=(
            "A play",
            {
                "organizer_id": ORGANIZER,
                "venue_id": VENUE,
                "title": "Peer Gynt",
                "description": "A play by Henrik Ibsen.",
                "category": "theatre",
            },
        )
    ),
    "update_event": to_named_examples(
        title=("A new title", {"title": "Peer Gynt, part I"}),
        no_image=("Remove the image", {"image_url": None}),
    ),
    "schedule_performance": to_named_examples(
        evening=(
            "An evening performance",
            {
                "starts_at": STARTS_AT,
                "doors_at": DOORS_AT,
                "layout_id": LAYOUT,
                "prices": [{"category": "A", "ticket_type": "adult", "price": euros(4_500)}],
                "limits": {"seats_per_order": 8, "seats_per_buyer": 8, "live_holds_per_buyer": 2},
            },
        )
    ),
    "update_performance": to_named_examples(
        later_start=("A later start", {"starts_at": "2027-03-01T19:00:00Z"}),
        pause_sales=("Pause sales", {"sales": "paused"}),
    ),
    "cancel_performance": to_named_examples(illness=("Because of illness", {"reason": "illness"})),
    "block_seats": to_named_examples(sightline=("Two seats without a view", {"seats": SEATS, "reason": "sightline"})),
    "unblock_seats": to_named_examples(two_seats=("Two seats", {"seats": SEATS})),
}
STAFF: Mapping[str, Examples] = {
    "record_scan": to_named_examples(
        code=("A scanned code", {"code": "SL1.AZpbAAAAcACAAAAAAAAACw.c2ln", "gate": "North", "nonce": "1"}),
        number=(
            "A typed ticket number, confirmed",
            {"ticket_number": TICKET, "confirm": True, "gate": "North", "nonce": "2"},
        ),
    ),
    "revert_scan": to_named_examples(mistake=("Scanned by mistake", {"reason": "scanned_by_mistake"})),
    "register_device": to_named_examples(
        one_performance=("For one performance", {"label": "North gate 1", "performance_ids": [PERFORMANCE]}),
        opening_hours=(
            "For all performances within given hours",
            {"label": "North gate 2", "works_from": DOORS_AT, "works_until": "2027-03-02T00:30:00Z"},
        ),
    ),
    "reject_refund": to_named_examples(too_late=("With a reason", {"reason": "The request came after the deadline."})),
    "accept_exception": RESOLUTION,
    "refund_exception": to_named_examples(goodwill=("Goodwill", {"reason": "goodwill"})),
    "retry_exception": to_named_examples(
        provider_fixed=("The provider solved its problem", {"reason": "provider_fixed"})
    ),
    "write_off_exception": to_named_examples(uncollectible=("Uncollectible", {"reason": "uncollectible"})),
    "set_account_roles": to_named_examples(support=("A support agent", {"roles": ["support"]})),
    "skip_event": to_named_examples(unreadable=("An unreadable event", {"position": 1_042, "reason": "unreadable"})),
    "unskip_event": to_named_examples(position=("The skipped event", {"position": 1_042})),
    "park_stream": to_named_examples(
        damaged=("A stream with damaged rows", {"stream": SEAT_STREAM, "reason": "damaged_rows"})
    ),
    "unpark_stream": to_named_examples(stream=("The parked stream", {"stream": SEAT_STREAM})),
    "rebuild_projection": to_named_examples(
        whole=("The whole read model", {}),
        one_performance=("One performance", {"performance_id": PERFORMANCE}),
    ),
    "receive_webhook": to_named_examples(
        capture=(
            "A capture, as the sandbox provider sends it",
            {"id": "evt_1", "type": "checkout.captured", "data": {"reference": PAYMENT}},
        )
    ),
}
REQUEST_EXAMPLES: Mapping[str, Examples] = {**VISIT, **ORGANIZING, **STAFF}
