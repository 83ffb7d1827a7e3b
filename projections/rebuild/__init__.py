"""The versions of a read model: built beside the live one while the shop is open, compared, swapped, taken back.

One session at a time works on them (`attending`); whatever it did is kept, so the next one goes on where it stopped:
filling → following (the owner of the live one writes both) → compared → live; the former one is retired.
"""
