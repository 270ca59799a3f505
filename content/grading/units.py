"""The units that answers may carry, what they measure, and how many of the base unit each is.

A table holds what students type most, in both languages, and what pint does not know. Any other unit is made of parts
(`kg*m/s^2`, `kWh`, `mg/L`) by a grammar of our own; pint says only what each named part measures and its size. Its
evaluator of expressions is never used. Its registry takes about two seconds to build, so the web server builds it
before the first request, and nothing else does until it meets a unit beyond the table.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from content.mathematics.vocabulary import PLAIN


@dataclass(frozen=True)
class Unit:
    """One unit: what it measures, as powers of base units, and its size in these."""

    measures: frozenset[tuple[str, int]]
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
        "1": "kg kgs kilo kilos kilogram kilograms 千克 公斤",
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
        "1": "m/s ms^-1 米/秒",
        "5/18": "km/h kmh kph 千米/时 千米/小时",
        "44704/100000": "mph mi/h",
        "1000/60": "km/min",
    },
    "acceleration": {"1": "m/s^2 ms^-2 米/秒^2"},
    "dollars": {"1": "$ dollar dollars USD 美元", "1/100": "¢ cent cents"},
    "euros": {"1": "€ euro euros EUR 欧元"},
    "pounds sterling": {"1": "£ GBP"},
    "yuan": {"1": "¥ yuan CNY RMB 元 块", "1/10": "角"},
    "angle": {"1": "° deg degree degrees 度"},
    "celsius": {"1": "°C ℃ 摄氏度"},
    "fahrenheit": {"1": "°F ℉"},
    "percent": {"1": "% percent"},
}
# Quantities of the table in pint's base units; those that are not here measure themselves alone.
_BASES: dict[str, tuple[int, dict[str, int]]] = {
    "length": (1, {"meter": 1}),
    "mass": (1000, {"gram": 1}),
    "time": (1, {"second": 1}),
    "area": (1, {"meter": 2}),
    "volume": (1, {"meter": 3}),
    "speed": (1, {"meter": 1, "second": -1}),
    "acceleration": (1, {"meter": 1, "second": -2}),
}


def _measured(quantity: str, size: Fraction) -> tuple[frozenset[tuple[str, int]], Fraction]:
    scale, powers = _BASES.get(quantity, (1, {quantity: 1}))
    return frozenset(powers.items()), size * scale


UNITS = {
    spelling: Unit(*_measured(quantity, Fraction(size)))
    for quantity, sizes in _TABLE.items()
    for size, spellings in sizes.items()
    for spelling in spellings.split()
}
CURRENCIES = "$€£¥"
_UPRIGHT = re.compile(r"\\(?:text|mathrm|operatorname|textrm|mathit)\s*\{([^{}]*)\}")
_DEGREES = re.compile(r"\^\s*(?:\\circ(?![A-Za-z])|\{\s*\\circ\s*\}|∘)|\\degree(?![A-Za-z])|º|˚")
_SQUARED_SIGN = re.compile("[\u3380-\u33df]")  # ㎠, ㎏, ㎞: one sign
_RAISED = re.compile("⁻?[¹²³]")
_IN_WORDS = (
    (re.compile(r"\bper\s+cent\b"), "percent"),
    (re.compile(r"\b(?:square|sq)\.?\s+([A-Za-z]+)"), r"\1^2"),
    (re.compile(r"\b(?:cubic|cu)\.?\s+([A-Za-z]+)"), r"\1^3"),
    (re.compile(r"(?<=[A-Za-z])\s+per\s+(?=[A-Za-z])"), "/"),
    (re.compile(r"(?<=[\u4e00-\u9fff])每(?=[\u4e00-\u9fff])"), "/"),
    (re.compile(r"(?<![A-Za-z])([kcdmµμ]?m|ft|in)([23])(?!\d)"), r"\1^\2"),  # cm2
)
LONGEST = 40  # characters of a unit that is made of parts
MOST_POWER = 9
_LETTERS = r"[A-Za-zµμΩΩÅ\u4e00-\u9fff]+"
_PART = re.compile(rf"([*·/ .]?)\s*({_LETTERS})(?:\s*\^\s*\{{?\(?(-?\d)\)?\}}?)?")
_PARTS = re.compile(
    rf"{_LETTERS}(?:\s*\^\s*\{{?\(?-?\d\)?\}}?)?(?:\s*[*·/ .]\s*{_LETTERS}(?:\s*\^\s*\{{?\(?-?\d\)?\}}?)?){{0,5}}"
)
_TAIL = re.compile(r"[\d)\]}](?=[\s\\]*[A-Za-zµμΩΩÅ\u4e00-\u9fff])")
_PREFIX = re.compile(r"\s*([-−+]?)\s*(?:\\\$|([$€£¥]))\s*(?=[\d.(\\])")
_SUFFIX = re.compile(r"\s*(?:\\?[$€£¥])\s*\Z")


def factor_between(given: str, wanted: str) -> Fraction | None:
    """How many of the wanted unit one of the given is; None where they do not measure the same."""
    if given == wanted:
        return Fraction(1)
    ours, theirs = find(given), find(wanted)
    if ours is None or theirs is None or ours.measures != theirs.measures:
        return None
    return ours.size / theirs.size


@lru_cache(maxsize=1)
def registry() -> Any:
    """pint's units, with exact sizes."""
    import pint  # its import alone takes a second, which only those pay who meet such a unit

    return pint.UnitRegistry(non_int_type=Fraction)


@lru_cache(maxsize=2048)
def find(spelling: str) -> Unit | None:
    """The unit of a spelling, of the table or made of parts; None for a word that is none."""
    if spelling in UNITS:
        return UNITS[spelling]
    if not spelling or len(spelling) > LONGEST or not _PARTS.fullmatch(spelling):
        return None
    powers: Counter[str] = Counter()
    size = Fraction(1)
    for sign, name, exponent in _PART.findall(spelling):
        power = int(exponent or 1) * (-1 if sign == "/" else 1)
        part = UNITS.get(name) or _named(name)
        if part is None or abs(power) > MOST_POWER or not part.size:
            return None
        size *= part.size**power
        powers.update({base: times * power for base, times in part.measures})
    return Unit(frozenset((base, times) for base, times in powers.items() if times), size)


def _named(name: str) -> Unit | None:
    """A unit that pint knows by its name or symbol, with or without a prefix."""
    if not name.isascii() and name not in ("µm", "μm", "Ω", "Å"):
        return None
    readings = registry().parse_unit_name(name)
    if not readings:
        return None
    prefix, unit, _ = readings[0]
    if not registry()._units[unit].is_multiplicative:  # degrees Celsius: a factor alone would say that 0 °C is 0 K
        return None
    try:
        size, bases = registry().get_root_units(registry().UnitsContainer({prefix + unit: 1}))
    except Exception:  # noqa: BLE001 (units with an offset or a logarithm, each refused by an exception of its own)
        return None
    if not isinstance(size, int | Fraction) or not all(
        Fraction(times).denominator == 1 for times in bases._units.values()
    ):
        return None
    return Unit(frozenset((base, int(times)) for base, times in bases._units.items()), Fraction(size))


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
    if expected and (made := _made_of_parts(spelled, expected)):
        return made
    is_word = expected.isalpha() and expected not in UNITS
    of_word = {expected + "s", expected.removesuffix("s")} if is_word else set()
    named = {"", *UNITS, expected, *of_word} - ({"%"} - {expected})
    for unit in sorted(named - {""}, key=len, reverse=True):
        if spelled.endswith(unit) or ((len(unit) > 2 or unit == expected) and spelled.lower().endswith(unit.lower())):
            rest = spelled[: -len(unit)].rstrip("\\ ")
            if rest and (rest[-1] in ")}]" or rest[-1].isdigit() or not rest[-1].isalnum()) and _has_digit(rest):
                return rest, unit if unit in UNITS else expected
    return text, ""


def _made_of_parts(spelled: str, expected: str) -> tuple[str, str] | None:
    """The number and a unit beyond the table, where one that is convertible is asked for."""
    for start in _TAIL.finditer(spelled):
        tail = " ".join(spelled[start.end() :].replace("\\cdot", "*").split()).strip("\\ ")
        if tail in UNITS or not tail or not _has_digit(spelled[: start.end()]):
            continue
        if tail == expected or (find(expected) is not None and find(tail) is not None):
            return spelled[: start.end()], tail
    return None


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text) or "\\pi" in text or "π" in text


def _spelled(text: str) -> str:
    """LaTeX around units taken off: upright letters, thin spaces, raised digits."""
    plain = _DEGREES.sub("°", _UPRIGHT.sub(r" \1 ", text))
    plain = re.sub(r"\\[,;:! ]|~", " ", plain).replace("**", "^")
    plain = _SQUARED_SIGN.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), plain)
    for pattern, instead in _IN_WORDS:
        plain = pattern.sub(instead, plain)
    plain = _RAISED.sub(lambda raised: f"^{unicodedata.normalize('NFKC', raised[0]).replace('−', '-')}", plain)
    return re.sub(r"(?<=[A-Za-z])\s*\^\s*[{(]?(-?[123])[})]?", r"^\1", plain)
