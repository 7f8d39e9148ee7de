"""Which characters a name or line may hold."""

from __future__ import annotations

import unicodedata


def bad_character(text: str) -> str | None:
    """What is wrong with a text's characters, by line position; None when nothing is.

    Tabs and ordinary spaces are allowed, letters of every script too, in composed form (NFC).
    """
    for column, each in enumerate(text, start=1):
        if each not in " \t" and unicodedata.category(each) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"):
            return f"the invisible character U+{ord(each):04X} in column {column}"
    if not unicodedata.is_normalized("NFC", text):
        return "letters with separate accents"
    return None
