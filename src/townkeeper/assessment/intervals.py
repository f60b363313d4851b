"""How sure a rate and a total are: Wilson's interval, and square-and-add for sums.

A month's cases are read as a sample of how the unit works: five of five on time is not yet a
hundred percent unit. Rates get the Wilson score interval (Wilson 1927; recommended for small
numbers by Brown, Cai and DasGupta 2001). A total of several items gets the method of variance
estimates recovery (Zou and Donner 2008): distances to the limits are squared, added, rooted. Items
that share cases are treated as independent, which makes the interval of the total approximate.
"""

from collections.abc import Iterable
from decimal import Decimal, localcontext

Z95 = Decimal("1.959963984540054")
"""The 97.5 % point of the normal distribution."""
PRECISION = 28
HUNDRED = Decimal(100)


def wilson(numerator: int, denominator: int) -> tuple[Decimal, Decimal]:
    """Return the 95 % interval of a rate in percent; `denominator` must be above zero.

    The numerator may not exceed the denominator. Raises ValueError otherwise.
    """
    if not 0 <= numerator <= denominator or denominator == 0:
        msg = f"{numerator} of {denominator} is not a rate"
        raise ValueError(msg)
    with localcontext(prec=PRECISION):
        n = Decimal(denominator)
        rate = numerator / n
        square = Z95 * Z95
        scale = 1 + square / n
        centre = (rate + square / (2 * n)) / scale
        half = Z95 * (rate * (1 - rate) / n + square / (4 * n * n)).sqrt() / scale
        low = Decimal(0) if numerator == 0 else centre - half
        high = Decimal(1) if numerator == denominator else centre + half
        return low * HUNDRED, high * HUNDRED


def added(
    total: Decimal, parts: Iterable[tuple[Decimal, Decimal, Decimal]]
) -> tuple[Decimal, Decimal]:
    """Return the interval of a sum from its parts (point, low, high)."""
    below = above = Decimal(0)
    with localcontext(prec=PRECISION):
        for point, low, high in parts:
            below += (point - low) ** 2
            above += (high - point) ** 2
        return total - below.sqrt(), total + above.sqrt()
