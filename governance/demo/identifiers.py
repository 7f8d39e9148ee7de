"""Invented identifiers with right check digits, drawn from a seeded source; none is taken from a real person."""

from __future__ import annotations

import datetime as dt
import string
from random import Random

from stdnum import ean, iban, luhn
from stdnum.cn import uscc

_TW_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""Taiwan's letters in the order of their codes, which begin at 10."""
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CARD_PREFIXES = (("411111", 16), ("424242", 16), ("555555", 16), ("510510", 16), ("622202", 19), ("378282", 15))
_CN_FALLBACK_COUNTIES = ("110101", "110105", "310104", "310110", "120101")
_CN_COUNTIES_SINCE = 1990
"""From this year of birth every county code of the word lists was in use."""


def cn_resident_id(rng: Random, county: str, birth: dt.date, *, male: bool) -> str:
    """A mainland resident id: county, birth date, an order number that is odd for men, check digit (GB 11643)."""
    if birth.year < _CN_COUNTIES_SINCE:
        county = rng.choice(_CN_FALLBACK_COUNTIES)
    order = rng.randrange(0, 500) * 2 + (1 if male else 0)
    body = f"{county}{birth:%Y%m%d}{order:03d}"
    return body + cn_check_digit(body)


def cn_check_digit(body: str) -> str:
    """The check digit of the first 17 digits of a mainland resident id; `X` stands for ten."""
    total = sum(int(digit) * (1 << (17 - place)) for place, digit in enumerate(body))
    return "10X98765432"[total % 11]


def tw_national_id(rng: Random, letter: str, *, male: bool) -> str:
    """A Taiwan national id: letter of the place of first registration, 1 or 2, seven digits, check digit."""
    body = f"{letter}{1 if male else 2}{rng.randrange(10**7):07d}"
    return body + tw_check_digit(body)


def tw_check_digit(body: str) -> str:
    """The check digit of a Taiwan national id's letter and eight digits."""
    code = _TW_LETTERS.index(body[0]) + 10
    total = code // 10 + code % 10 * 9 + sum(int(digit) * (8 - place) for place, digit in enumerate(body[1:]))
    return str(-total % 10)


def hk_identity_card(rng: Random) -> str:
    """A Hong Kong identity card number, check digit in brackets: `A123456(3)`; a few have two letters."""
    letters = rng.choice("ABCDEGHKPRVYZ") if rng.random() < 0.9 else rng.choice(("WX", "XA", "XH"))
    body = f"{letters}{rng.randrange(10**6):06d}"
    return f"{body}({hk_check_digit(body)})"


def hk_check_digit(body: str) -> str:
    """The check digit of a Hong Kong identity card's letters and six digits; `A` stands for ten, a blank weighs 36."""
    values = [36] * (8 - len(body)) + [int(sign, 36) for sign in body]
    total = sum(value * (9 - place) for place, value in enumerate(values))
    return "0123456789A"[-total % 11]


def us_ssn(rng: Random) -> str:
    """A US social security number that was never withdrawn: no area 000, 666 or 9xx, no zero group or serial."""
    area = rng.choice((rng.randrange(1, 666), rng.randrange(667, 900)))
    number = f"{area:03d}-{rng.randrange(1, 100):02d}-{rng.randrange(1, 10_000):04d}"
    return number if rng.random() < 0.85 else number.replace("-", rng.choice(("", " ")))


def passport(rng: Random, country: str) -> str:
    """A passport number in the form of the issuing country."""
    digits = f"{rng.randrange(10**9):09d}"
    if country == "CN":
        return rng.choice(("E", "G")) + digits[:8] if rng.random() < 0.7 else f"E{rng.choice('ABCDEFG')}{digits[:7]}"
    if country == "HK":
        return f"{rng.choice(('K', 'H'))}{digits[:8]}"
    if country == "DE":
        return rng.choice("CFGHJK") + "".join(rng.choices("0123456789CFGHJKLMNPRTVWXYZ", k=7)) + digits[0]
    return digits


def payment_card(rng: Random) -> str:
    """A card number of the test ranges with a right Luhn digit; plain, spaced or with dashes."""
    prefix, length = rng.choice(_CARD_PREFIXES)
    body = prefix + "".join(rng.choices(string.digits, k=length - len(prefix) - 1))
    number = body + luhn.calc_check_digit(body)
    separator = rng.choice(("", "", " ", "-"))
    return separator.join(number[start : start + 4] for start in range(0, length, 4)) if separator else number


def german_iban(rng: Random) -> str:
    """A German bank account number with right check digits; some in blocks of four."""
    body = f"{rng.choice((10, 20, 37, 50, 70))}{rng.randrange(10**6):06d}{rng.randrange(10**10):010d}"
    number = f"DE{iban.calc_check_digits('DE00' + body)}{body}"
    return " ".join(number[start : start + 4] for start in range(0, 22, 4)) if rng.random() < 0.4 else number


def company_credit_code(rng: Random, county: str) -> str:
    """A Chinese company's unified social credit code (GB 32100)."""
    body = f"91{county}MA" + "".join(rng.choices(_USCC_ALPHABET, k=7))
    return body + str(uscc.calc_check_digit(body + "0"))


def cn_plate(rng: Random, prefix: str) -> str:
    """A mainland plate: `京A·12345`, or green with six signs; the dot is often left out."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    if rng.random() < 0.25:
        return f"{prefix}{rng.choice('DF')}{rng.randrange(10**5):05d}"
    tail = "".join(rng.choices(string.digits, k=3)) + rng.choice(letters) + rng.choice(string.digits)
    return prefix + rng.choice(("", "·", " ")) + tail


def tw_plate(rng: Random) -> str:
    """A Taiwan plate: `ABC-1234`, older ones `1234-AB`."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    if rng.random() < 0.7:
        return "".join(rng.choices(letters, k=3)) + f"-{rng.randrange(1, 10**4):04d}"
    return f"{rng.randrange(1, 10**4):04d}-" + "".join(rng.choices(letters, k=2))


def hk_plate(rng: Random) -> str:
    """A Hong Kong plate: two letters and up to four digits."""
    return "".join(rng.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=2)) + f" {rng.randrange(1, 10**4)}"


def german_plate(rng: Random, town: str) -> str:
    """A German plate: `B-AB 1234`."""
    return f"{town}-{''.join(rng.choices(string.ascii_uppercase, k=2))} {rng.randrange(1, 10**4)}"


def uk_plate(rng: Random) -> str:
    """A British plate of the form in use since 2001: `AB12 CDE`."""
    letters = "ABCDEFGHJKLMNOPRSTUVWXY"
    year = rng.choice((rng.randrange(2, 25), rng.randrange(52, 75)))
    return "".join(rng.choices(letters, k=2)) + f"{year:02d} " + "".join(rng.choices(letters, k=3))


def ip_address(rng: Random) -> str:
    """A public-looking IPv4 address; one in eight is IPv6 of the documentation range."""
    if rng.random() < 0.125:
        return f"2001:db8:{rng.randrange(65536):x}:{rng.randrange(65536):x}::{rng.randrange(1, 65536):x}"
    first = rng.choice((36, 58, 61, 101, 111, 114, 118, 123, 180, 203, 210, 218, 24, 73, 81, 86, 91, 93))
    return f"{first}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def mac_address(rng: Random) -> str:
    """A hardware address in one of the three usual notations."""
    number = f"{rng.randrange(2**48):012x}"
    style = rng.random()
    if style < 0.15:
        return ".".join(number[start : start + 4] for start in range(0, 12, 4))
    pairs = [number[start : start + 2] for start in range(0, 12, 2)]
    return ":".join(pairs) if style < 0.7 else "-".join(pairs).upper()


def product_ean(rng: Random) -> str:
    """A 13-digit article number of a Chinese or German maker."""
    body = rng.choice(("690", "692", "471", "489", "400")) + f"{rng.randrange(10**9):09d}"
    return body + ean.calc_check_digit(body)


def api_key(rng: Random) -> str:
    """A secret as a payment or cloud service would give it."""
    signs = string.ascii_letters + string.digits
    prefix, length = rng.choice((("sk_" + "live_", 24), ("AK" + "IA", 16), ("ghp_", 36), ("xoxb-", 32)))
    pool = string.ascii_uppercase + "234567" if length == 16 else signs
    return prefix + "".join(rng.choices(pool, k=length))


def hex_token(rng: Random, length: int) -> str:
    """A random token in hexadecimal."""
    return f"{rng.getrandbits(length * 4):0{length}x}"


def wrong_check_digit(number: str) -> str:
    """The number with its last digit moved on by one, as a slip of the keyboard leaves it."""
    place = max(index for index, sign in enumerate(number) if sign.isdigit())
    return number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
