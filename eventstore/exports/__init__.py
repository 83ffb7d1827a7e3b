"""Exports of a part of the log to files: the recorded events, byte for byte."""
