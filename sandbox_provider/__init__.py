"""A payment provider for demo and tests, in its own process, with its own ledger; test cards trigger failures.

It shares no code with the shop, as a real provider would not; they communicate by HTTP and signed webhooks only.
"""
