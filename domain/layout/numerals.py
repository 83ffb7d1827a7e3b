"""Number formats of keys and row labels: base 36, and letters."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def base36(number: int) -> str:
    """Return a positive number in base 36 (digits 0 to 9, a to z), without leading zeros."""
    digits = ""
    while number:
        number, remainder = divmod(number, len(_DIGITS))
        digits = _DIGITS[remainder] + digits
    return digits


def letters(index: int) -> str:
    """Return the label of row `index`, counted from 0: A … Z, AA, AB …"""
    name = ""
    rest = index + 1
    while rest:
        rest, letter = divmod(rest - 1, len(_LETTERS))
        name = _LETTERS[letter] + name
    return name
