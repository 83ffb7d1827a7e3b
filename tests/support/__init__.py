"""Scenarios that several packages of tests build on.

- `scenario`: events given to streams, a command, and the events or the refusal expected; no store.
  `shop`, `paid_order`, `payments`, `refund_requests`, `money_exceptions` and `gate` are its first chapters.
- `engine`: the command handler of every scenario on a store.
- `shop_scenario`: one method per command on a log in memory, for read models and the audit.
- `audited_scenario`: one performance on any store, checked against the invariants after every command.

Three builders stay where they are used: `tests/api/http_scenario.py` sends requests only, `tests/processes/shop.py`
drives the real sandbox gateway, and `tests/properties/engine/scenario.py` is the base of a state machine.
"""
