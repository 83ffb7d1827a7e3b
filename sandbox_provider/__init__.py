"""A payment provider to rehearse with: a process of its own, its own books, unfriendly on demand.

It shares no code with the engine, as a provider would not: what it says travels over HTTP and signed webhooks only.
"""
