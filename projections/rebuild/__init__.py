"""Rebuilds of read models: a version is built beside the live one, compared, swapped in, and can be rolled back.

One database session at a time works on the versions of a read model (`exclusive_session`). Progress is stored, so
another session can resume a build at any step: filling (backfill) → following (dual write) → comparison → live. The
former live version is retired and kept until the next swap.
"""
