"""The units that answers may carry, what they measure, and how many of the base unit each is."""

import re
from dataclasses import dataclass
from fractions import Fraction

from content.mathematics.vocabulary import PLAIN


@dataclass(frozen=True)
class Unit:
    """One unit: the quantity it measures, and its size in that quantity's base unit."""

    quantity: str
    size: Fraction


_TABLE: dict[str, dict[str, str]] = {  # quantity: size in the base unit: spellings
    "length": {
        "1000": "km kilometer kilometers kilometre kilometres 千米 公里",
        "1": "m meter meters metre metres 米",
        "1/10": "dm 分米",
        "1/100": "cm centimeter centimeters centimetre centimetres 厘米",
        "1/1000": "mm millimeter millimeters millimetre millimetres 毫米",
        "1609344/1000": "mi mile miles 英里",
        "9144/10000": "yd yard yards",
        "3048/10000": "ft foot feet 英尺",
        "254/10000": "in inch inches 英寸",
    },
    "mass": {
        "1000": "t ton tons tonne tonnes 吨",
        "1": "kg kilogram kilograms 千克 公斤",
        "1/1000": "g gram grams 克",
        "1/1000000": "mg milligram milligrams 毫克",
        "45359237/100000000": "lb lbs pound pounds 磅",
        "45359237/1600000000": "oz ounce ounces 盎司",
    },
    "time": {
        "604800": "week weeks 周",
        "86400": "d day days 天 日",
        "3600": "h hr hrs hour hours 小时",
        "60": "min mins minute minutes 分钟 分",
        "1": "s sec secs second seconds 秒",
    },
    "area": {
        "1000000": "km^2 平方千米 平方公里",
        "10000": "ha hectare hectares 公顷",
        "1": "m^2 平方米",
        "1/100": "dm^2 平方分米",
        "1/10000": "cm^2 平方厘米",
        "1/1000000": "mm^2 平方毫米",
        "9290304/100000000": "ft^2",
        "64516/100000000": "in^2",
    },
    "volume": {
        "1": "m^3 立方米",
        "1/1000": "L l liter liters litre litres dm^3 升 立方分米",
        "1/1000000": "mL ml cm^3 毫升 立方厘米",
    },
    "speed": {
        "1": "m/s 米/秒",
        "5/18": "km/h kmh kph 千米/时 千米/小时",
        "44704/100000": "mph mi/h",
        "1000/60": "km/min",
    },
    "dollars": {"1": "$ dollar dollars USD 美元", "1/100": "¢ cent cents"},
    "euros": {"1": "€ euro euros EUR 欧元"},
    "pounds sterling": {"1": "£ GBP"},
    "yuan": {"1": "¥ yuan CNY RMB 元 块", "1/10": "角"},
    "angle": {"1": "° degree degrees 度"},
    "celsius": {"1": "°C ℃ 摄氏度"},
    "fahrenheit": {"1": "°F ℉"},
    "percent": {"1": "% percent"},
}
UNITS = {
    spelling: Unit(quantity, Fraction(size))
    for quantity, sizes in _TABLE.items()
    for size, spellings in sizes.items()
    for spelling in spellings.split()
}
CURRENCIES = "$€£¥"
_UPRIGHT = re.compile(r"\\(?:text|mathrm|operatorname|textrm|mathit)\s*\{([^{}]*)\}")
_DEGREES = re.compile(r"\^\s*(?:\\circ(?![A-Za-z])|\{\s*\\circ\s*\}|∘)|\\degree(?![A-Za-z])|º|˚")
_PREFIX = re.compile(r"\s*([-−+]?)\s*(?:\\\$|([$€£¥]))\s*(?=[\d.(\\])")
_SUFFIX = re.compile(r"\s*(?:\\?[$€£¥])\s*\Z")


def factor_between(given: str, wanted: str) -> Fraction | None:
    """How many of the wanted unit one of the given is; None where they do not measure the same."""
    if given == wanted:
        return Fraction(1)
    if given not in UNITS or wanted not in UNITS or UNITS[given].quantity != UNITS[wanted].quantity:
        return None
    return UNITS[given].size / UNITS[wanted].size


def normalise(unit: str) -> str:
    """A unit in the spelling of the table: `cm²`, `\\text{cm}^{2}` and `cm^2` are one."""
    plain = _spelled(unit).strip()
    plain = {"￥": "¥", "\\$": "$", "\\%": "%"}.get(plain, plain)
    return plain if plain in UNITS or plain.lower() not in UNITS else plain.lower()


def split_unit(text: str, *, expected: str) -> tuple[str, str]:
    """Cut a quantity into the number's text and its unit, "" if it has none that is known or expected.

    `%` is a unit only where it is expected; elsewhere it belongs to the number.
    """
    plain = text.translate(PLAIN)
    if (found := _PREFIX.match(plain)) and "$$" not in plain[: found.end() + 1]:
        return found[1] + _SUFFIX.sub("", plain[found.end() :]), found[2] or "$"
    spelled = _spelled(plain).replace("$$", " ").rstrip(" .")
    is_word = expected.isalpha() and expected not in UNITS
    of_word = {expected + "s", expected.removesuffix("s")} if is_word else set()
    named = {"", *UNITS, expected, *of_word} - ({"%"} - {expected})
    for unit in sorted(named - {""}, key=len, reverse=True):
        if spelled.endswith(unit) or ((len(unit) > 2 or unit == expected) and spelled.lower().endswith(unit.lower())):
            rest = spelled[: -len(unit)].rstrip("\\ ")
            if rest and (rest[-1] in ")}]" or rest[-1].isdigit() or not rest[-1].isalnum()) and _has_digit(rest):
                return rest, unit if unit in UNITS else expected
    return text, ""


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text) or "\\pi" in text or "π" in text


def _spelled(text: str) -> str:
    """LaTeX around units taken off: upright letters, thin spaces, raised digits."""
    plain = _DEGREES.sub("°", _UPRIGHT.sub(r" \1 ", text))
    plain = re.sub(r"\\[,;:! ]|~", " ", plain).replace("²", "^2").replace("³", "^3")
    return re.sub(r"(?<=[A-Za-z])\s*\^\s*\{?([23])\}?", r"^\1", plain)
