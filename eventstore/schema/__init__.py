"""Stored event shapes: encoding, upcasting, JSON Schemas, and the check that a log is readable."""
