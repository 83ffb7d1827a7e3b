"""Numbers as people and keys write them: base 36 for keys, letters for rows."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def base36(number: int) -> str:
    """Write a positive number with the digits 0 to 9 and a to z, without leading zeros."""
    digits = ""
    while number:
        number, remainder = divmod(number, len(_DIGITS))
        digits = _DIGITS[remainder] + digits
    return digits


def letters(index: int) -> str:
    """Name the `index`-th row, counted from 0: A … Z, AA, AB …"""
    name = ""
    rest = index + 1
    while rest:
        rest, letter = divmod(rest - 1, len(_LETTERS))
        name = _LETTERS[letter] + name
    return name
