"""Decisions about refunds: who may ask for one, who approves it, and its transfer."""
