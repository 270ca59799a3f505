"""Numbers beyond the plain ones (tests/content/test_grading.py): precision, notation, ranges, units of many parts."""

from typing import Any

import pytest

from content.grading import units
from tests.content.kinds.cases import graded, problems, verdict


def number(value: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "number", "value": value, **fields}


@pytest.mark.parametrize(
    ("answer", "response", "reason"),
    [
        (number("200", relative_tolerance="0.02"), "204", "right"),
        (number("200", relative_tolerance="0.02"), "205", "wrong"),
        (number("-200", relative_tolerance="0.02", tolerance="1"), "-203", "right"),
        (number("1/3", significant_figures="3"), "0.333", "right"),
        (number("1/3", significant_figures="3"), "3.33*10^-1", "right"),
        (number("1/3", significant_figures="3"), "0.3333", "form"),
        (number("1/3", significant_figures="3"), "1/3", "form"),
        (number("1/3", significant_figures="3"), "0.33", "rounding"),
        (number("1/3", significant_figures="3"), "0.334", "wrong"),
        (number("1234", significant_figures="2"), "1200", "right"),
        (number("1234", significant_figures="2"), "1234", "form"),
        (number("9.99", significant_figures="2"), "10", "right"),
        (number("37000", form="scientific"), "3.7*10^4", "right"),
        (number("37000", form="scientific"), "3.7e4", "right"),
        (number("37000", form="scientific"), r"3.7\times10^{4}", "right"),
        (number("37000", form="scientific"), "37000", "form"),
        (number("37000", form="scientific"), "37*10^3", "form"),
    ],
)
def test_precision_and_notation(answer: dict[str, Any], response: str, reason: str) -> None:
    assert verdict(answer, response) == reason


@pytest.mark.parametrize(
    ("unit", "response", "reason"),
    [
        ("N", "12 N", "right"),
        ("N", "12", "right"),
        ("N", "12 kg*m/s^2", "right"),
        ("N", "0.012 kN", "right"),
        ("N", r"12\,\mathrm{N}", "right"),
        ("N", "12 kg", "unit"),
        ("N", "12 kN", "wrong"),
        ("m/s^2", "12 m/s²", "right"),
        ("m/s^2", "12 m s^-2", "right"),
        ("m/s^2", "12 米/秒^2", "right"),
        ("m/s^2", "1200 cm/s^2", "right"),
        ("mg/L", "0.012 g/L", "right"),
        ("kWh", "43.2 MJ", "right"),
        ("厘米", "0.12 米", "right"),
        ("千克", "12000 克", "right"),
        ("pages", "12 pages", "right"),
        ("pages", "12 N", "unreadable: number_expected"),
    ],
)
def test_units_of_many_parts_are_converted(unit: str, response: str, reason: str) -> None:
    assert verdict(number("12", unit=unit), response) == reason


@pytest.mark.parametrize(
    "spelling", ["m^99", "2**9", "m*" * 30 + "m", "__import__", "(m", "m/", "", "1/0", "degC", "m^m"]
)
def test_what_is_no_unit_is_none_and_never_evaluated(spelling: str) -> None:
    assert units.find(spelling) is None


def test_a_foreseen_wrong_answer_may_be_a_range() -> None:
    assert graded(number("1900"), "1822", "1820..1824").wrong_answer == 0
    assert graded(number("1900"), "1825", "1820..1824").wrong_answer is None
    assert graded(number("5", unit="km"), "1822 m", "1.82..1.83").wrong_answer == 0


@pytest.mark.parametrize(
    "fields",
    [{"relative_tolerance": "-1"}, {"significant_figures": "0"}, {"significant_figures": "99"}, {"form": "big"}],
)
def test_a_key_with_a_precision_that_cannot_be_is_refused(fields: dict[str, Any]) -> None:
    assert problems(number("5", **fields))
