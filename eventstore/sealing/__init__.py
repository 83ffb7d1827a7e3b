"""Seals: who owns only the database cannot change what is sealed without being named."""
