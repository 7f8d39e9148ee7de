"""Checks of numbers that python-stdnum has none for; each takes a number as it is written.

The rules are those that the issuing offices publish, or that are common knowledge of them: weights, moduli, fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module

from governance.scan.detectors.identifiers.base import Checksum
from governance.scan.detectors.national_ids import CN_PROVINCES, hk_id, is_day, tw_national_id

_SIGNS = re.compile(r"[^0-9A-Za-z]")
_GERMAN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VIN = {
    letter: value
    for value, row in enumerate(("", "AJ", "BKS", "CLT", "DMU", "ENV", "FW", "GPX", "HY", "RZ"))
    for letter in row
}
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def check_named(name: str) -> Checksum:
    """A check by its name: a module of python-stdnum such as `stdnum.es.dni`, or a function of this module.

    Raises KeyError when there is none.
    """
    if name.startswith("stdnum."):
        return _of_stdnum(name)
    found: Checksum | None = globals().get(name)
    if found is None or name.startswith("_") or not callable(found):
        raise KeyError(name)
    return found


@cache
def _of_stdnum(name: str) -> Checksum:
    try:
        module = import_module(name)
    except ImportError:
        raise KeyError(name) from None
    valid = module.is_valid

    def check(text: str) -> bool:
        return bool(valid(compact(text)))

    return check


def compact(text: str) -> str:
    """Letters and digits only, in capitals."""
    return _SIGNS.sub("", text).upper()


def varied(text: str) -> bool:
    """Whether the digits are not all the same: fillers such as `000000000` are nobody's number."""
    return len({sign for sign in text if sign.isdigit()}) > 1


def cn_old_resident_id(text: str) -> bool:
    """Fifteen digits of before 1999: province, county and a day of the 20th century; there is no check digit."""
    return text[:2] in CN_PROVINCES and text[2:6] != "0000" and is_day(f"19{text[6:12]}")


def cn_foreigner_id(text: str) -> bool:
    """The permanent residence number of 2023: 9, province, country, birthday, ISO 7064 check sign."""
    from stdnum.iso7064 import mod_11_2

    number = compact(text)
    return number[1:3] in CN_PROVINCES and is_day(number[6:14]) and bool(mod_11_2.is_valid(number))


def cn_foreigner_old_id(text: str) -> bool:
    """The form of before 2023: country, place and birthday as yymmdd."""
    number = compact(text)
    return is_day(f"19{number[7:13]}") or is_day(f"20{number[7:13]}")


def tw_id(text: str) -> bool:
    """A Taiwan citizen id or resident certificate, old form or new."""
    return tw_national_id(compact(text))


def hong_kong_id(text: str) -> bool:
    """A Hong Kong identity card number."""
    return hk_id(text)


def sg_nric(text: str) -> bool:
    """Singapore NRIC and FIN: weights 2 7 6 5 4 3 2, an offset and a row of letters for each series."""
    number = compact(text)
    total = _weighed(number[1:8], (2, 7, 6, 5, 4, 3, 2)) + {"T": 4, "G": 4, "M": 3}.get(number[0], 0)
    if number[0] == "M":
        return "KLJNPQRTUWX"[10 - total % 11] == number[8]
    return ("JZIHGFEDCBA" if number[0] in "ST" else "XWUTRQPNMLK")[total % 11] == number[8]


def jp_driver_license(text: str) -> bool:
    """Twelve digits, the eleventh a mod 11 digit of the first ten."""
    digits = compact(text)
    rest = 11 - _weighed(digits[:10], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return varied(digits) and digits[10] == str(rest if rest < 10 else 0)


def kr_rrn(text: str) -> bool:
    """A Korean resident or foreigner number: a day that exists; since October 2020 there is no check digit."""
    digits = compact(text)
    century = {"9": "18", "0": "18", "1": "19", "2": "19", "5": "19", "6": "19"}.get(digits[6], "20")
    return is_day(century + digits[:6])


def kr_rrn_checked(text: str) -> bool:
    """As `kr_rrn`, with the check digit of before 2020."""
    digits = compact(text)
    offset = 2 if digits[6] in "5678" else 0
    total = _weighed(digits[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5))
    return kr_rrn(text) and digits[12] == str((11 - total % 11 + offset) % 10)


def kr_brn(text: str) -> bool:
    """A Korean business number: weights 1 3 7 1 3 7 1 3 5, the tens of the last product added, mod 10."""
    digits = compact(text)
    total = _weighed(digits[:9], (1, 3, 7, 1, 3, 7, 1, 3, 5)) + int(digits[8]) * 5 // 10
    return digits[3:5] != "00" and str(-total % 10) == digits[9]


def au_medicare(text: str) -> bool:
    """An Australian Medicare card number: the ninth digit is a mod 10 digit of the first eight."""
    digits = compact(text)
    return varied(digits) and str(_weighed(digits[:8], (1, 3, 7, 9, 1, 3, 7, 9)) % 10) == digits[8]


def us_npi(text: str) -> bool:
    """A US provider number: Luhn over 80840 and the ten digits."""
    return luhn(f"80840{compact(text)}")


def us_ssn_like(text: str) -> bool:
    """A US tax number of nine digits that is no filler."""
    return varied(text)


def ca_ohip(text: str) -> bool:
    """An Ontario health card: Luhn over ten digits, with or without the two letters of its edition."""
    return luhn(compact(text)[:10])


def de_document(text: str) -> bool:
    """A German id card or passport number: weights 7 3 1 over nine signs and the check digit."""
    signs = compact(text)
    return varied(signs) and str(_weighed([_GERMAN.index(sign) for sign in signs[:-1]], (7, 3, 1)) % 10) == signs[-1]


def de_health_insurance(text: str) -> bool:
    """A German health insurance number: the letter as two digits, weights 1 and 2, sums of digits, mod 10."""
    number = compact(text)
    digits = f"{ord(number[0]) - 64:02d}{number[1:9]}"
    return str(_digit_sums(digits, (1, 2)) % 10) == number[9]


def de_social_security(text: str) -> bool:
    """A German pension insurance number: birthday, the letter as two digits, 2 1 2 5 7 1 2 1 2 1 2 1, mod 10."""
    number = compact(text)
    day, month = int(number[2:4]), int(number[4:6])
    if not (1 <= day <= 31 or 51 <= day <= 81) or not 1 <= month <= 12:
        return False
    digits = f"{number[:8]}{ord(number[8]) - 64:02d}{number[9:11]}"
    return str(_digit_sums(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)) % 10) == number[11]


def uk_driving_licence(text: str) -> bool:
    """A British driving licence: 16 signs, five of them the surname filled up with nines."""
    number = compact(text)
    return len(number) == 16 and number[:5].rstrip("9").isalpha()


def fi_hetu(text: str) -> bool:
    """A Finnish personal identity code: a day, a sign for the century, a number and its check sign, mod 31."""
    number = text.upper()
    century = "18" if number[6] == "+" else "20" if number[6] in "ABCDEF" else "19"
    signs = "0123456789ABCDEFHJKLMNPRSTUVWXY"
    return (
        is_day(f"{century}{number[4:6]}{number[2:4]}{number[:2]}")
        and signs[int(number[:6] + number[7:10]) % 31] == number[10]
    )


def es_social_security(text: str) -> bool:
    """A Spanish social security number: province, number, and both modulo 97."""
    digits = compact(text)
    if not 1 <= int(digits[:2]) <= 66:
        return False
    number = int(digits[2:10])
    body = int(digits[:2]) * 10_000_000 + number if number < 10_000_000 else int(digits[:10])
    return body % 97 == int(digits[10:])


def pl_id_card(text: str) -> bool:
    """A Polish identity card: three letters, a check digit and five digits, weights 7 3 1 9 7 3 1 7 3, mod 10."""
    number = compact(text)
    return _weighed([_GERMAN.index(sign) for sign in number], (7, 3, 1, 9, 7, 3, 1, 7, 3)) % 10 == 0


def br_cnh(text: str) -> bool:
    """A Brazilian driver licence: two check digits over nine, the second eased by two when the first was ten."""
    digits = compact(text)
    first = _weighed(digits[:9], range(9, 0, -1)) % 11
    second = _weighed(digits[:9], range(1, 10)) % 11
    eased = 2 if first > 9 else 0
    first = 0 if first > 9 else first
    second = second - eased + (11 if second - eased < 0 else 0)
    return varied(digits) and digits[9:] == f"{first}{0 if second > 9 else second}"


def at_least_two_kinds(text: str) -> bool:
    """Whether both a letter and a digit stand in it, and the digits vary."""
    return any(sign.isalpha() for sign in text) and varied(text)


def vin(text: str) -> bool:
    """A vehicle identification number: the ninth sign is a mod 11 check of the other sixteen."""
    number = compact(text)
    values = [int(sign) if sign.isdigit() else _VIN.get(sign, -1) for sign in number]
    if -1 in values or not at_least_two_kinds(number):
        return False
    return "0123456789X"[_weighed(values, _VIN_WEIGHTS) % 11] == number[8]


def imei(text: str) -> bool:
    """A device number: 15 digits with the Luhn digit, the first two a known reporting body."""
    digits = compact(text)
    return digits[:2] in _REPORTING and varied(digits) and luhn(digits)


def bitcoin(text: str) -> bool:
    """A Bitcoin address by its checksum: base 58, or Bech32 with the constant of its version."""
    if text[:3].lower() != "bc1":
        from stdnum import bitcoin as rules

        return bool(rules.is_valid(text))
    return text in (text.lower(), text.upper()) and _bech32(text.lower())


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn digit of the others."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        number = int(sign)
        total += number if place % 2 == 0 else number * 2 - 9 * (number > 4)
    return total % 10 == 0


def _bech32(text: str) -> bool:
    """Whether the checksum of a native address holds: BIP 173 for version 0, BIP 350 for later ones."""
    signs = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    if any(sign not in signs for sign in text[3:]):
        return False
    values = [3, 3, 0, 2, 3, *(signs.index(sign) for sign in text[3:])]
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for place, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            state ^= part if top >> place & 1 else 0
    return state == (1 if text[3] == "q" else 0x2BC830A3)


def _weighed(values: Iterable[str | int], weights: Sequence[int]) -> int:
    """The sum of values times weights, the weights taken again from the start when they end."""
    return sum(int(value) * weights[place % len(weights)] for place, value in enumerate(values))


def _digit_sums(digits: str, weights: Sequence[int]) -> int:
    products = (int(digit) * weights[place % len(weights)] for place, digit in enumerate(digits))
    return sum(product // 10 + product % 10 for product in products)


_REPORTING = frozenset(
    {"01", "10", "30", "33", "35", "44", "45", "49", "50", "51", "52", "53", "54", "86", "91", "98", "99"}
)
"""First two digits of device numbers: bodies that give them out."""
