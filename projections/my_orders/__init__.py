"""The read model of orders: orders with lines, payments and refunds, and live holds that are not ordered yet."""

from projections.my_orders.cancellation import RefundProgress, UnrefundedOrder, refund_progress
from projections.my_orders.fold import MY_ORDERS
from projections.my_orders.queries import (
    Hold,
    Order,
    Orders,
    Payment,
    Refund,
    find_order,
    find_orders_by_code,
    is_booked,
    list_holds,
    list_orders,
    list_refunds,
    list_refunds_of,
)
from projections.my_orders.search import OrderFilter, OrderTerms, find_orders

__all__ = [
    "MY_ORDERS",
    "Hold",
    "Order",
    "OrderFilter",
    "OrderTerms",
    "Orders",
    "Payment",
    "Refund",
    "RefundProgress",
    "UnrefundedOrder",
    "find_order",
    "find_orders",
    "find_orders_by_code",
    "is_booked",
    "list_holds",
    "list_orders",
    "list_refunds",
    "list_refunds_of",
    "refund_progress",
]
