from __future__ import annotations

import datetime as dt
import ipaddress
import re
from random import Random

import pytest
from stdnum import ean, iban, luhn
from stdnum.cn import ric, uscc
from stdnum.us import ssn

from governance.demo import identifiers
from governance.demo.wordlists import word_list

RNG = Random("identifiers")
MANY = 500


def test_resident_ids_of_every_county_and_year_are_valid():
    for place in word_list("places")["CN"]:
        for year in range(1930, 2009):
            number = identifiers.cn_resident_id(RNG, place[0], dt.date(year, 7, 9), male=year % 2 == 0)
            assert ric.is_valid(number)
            assert number[6:14] == f"{year}0709"
            assert int(number[16]) % 2 == (year % 2 == 0)


def test_resident_id_check_digits_include_the_letter_x():
    birth = dt.date(1991, 1, 2)
    assert any(identifiers.cn_resident_id(RNG, "110101", birth, male=True).endswith("X") for _ in range(MANY))


@pytest.mark.parametrize("known", ["A123456789", "F131104093", "O158238845", "N116247806", "L122544270"])
def test_taiwan_check_digit_agrees_with_published_examples(known: str):
    assert identifiers.tw_check_digit(known[:-1]) == known[-1]


@pytest.mark.parametrize("known", ["A123456(3)", "G123456(A)", "C123456(9)", "AB987654(3)"])
def test_hong_kong_check_digit_agrees_with_published_examples(known: str):
    body, digit = known.rstrip(")").split("(")
    assert identifiers.hk_check_digit(body) == digit


def test_taiwan_ids_keep_letter_sex_and_check_digit():
    for letter in "ABDEFHNOU":
        number = identifiers.tw_national_id(RNG, letter, male=False)
        assert re.fullmatch(rf"{letter}2\d{{8}}", number)
        assert identifiers.tw_check_digit(number[:-1]) == number[-1]


@pytest.mark.parametrize(
    ("draw", "valid"),
    [
        (identifiers.us_ssn, lambda number: ssn.is_valid(number.replace(" ", ""))),
        (identifiers.payment_card, lambda number: luhn.is_valid(re.sub(r"[ -]", "", number))),
        (identifiers.german_iban, iban.is_valid),
        (lambda rng: identifiers.company_credit_code(rng, "440106"), uscc.is_valid),
        (identifiers.product_ean, ean.is_valid),
        (identifiers.ip_address, lambda number: bool(ipaddress.ip_address(number))),
        (identifiers.mac_address, lambda number: len(re.sub(r"[^0-9A-Fa-f]", "", number)) == 12),
    ],
)
def test_drawn_numbers_pass_their_own_check(draw, valid):
    assert all(valid(draw(RNG)) for _ in range(MANY))


def test_a_wrong_check_digit_fails_every_check():
    for _ in range(MANY):
        assert not luhn.is_valid(re.sub(r"[ -]", "", identifiers.wrong_check_digit(identifiers.payment_card(RNG))))
        number = identifiers.cn_resident_id(RNG, "310104", dt.date(1992, 2, 29), male=True)
        assert not ric.is_valid(identifiers.wrong_check_digit(number))
        body, digit = identifiers.wrong_check_digit(identifiers.hk_identity_card(RNG)).rstrip(")").split("(")
        assert identifiers.hk_check_digit(body) != digit
