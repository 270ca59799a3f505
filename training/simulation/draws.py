"""Draws that depend on a name only: the same on every machine, in whatever order they are made."""

import hashlib
import math


def integer_of(name: str) -> int:
    """A number from 0 to 2^64 - 1."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())


def normal_of(name: str) -> float:
    """A standard normal value from a name, by the Box-Muller formula."""
    whole = integer_of(name)
    first, second = (whole >> 32) + 1, whole & 0xFFFFFFFF
    return math.sqrt(-2 * math.log(first / 2**32)) * math.cos(2 * math.pi * second / 2**32)
