"""What a language must be able to say of numbers, and what all languages share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]

NAMED_DIGITS = 12
"""The digits of the longest number with a name. Longer ones are said digit by digit, as serial numbers are."""
GROUPED_DIGITS = 15
"""The same for a number with commas in it, which is no serial number."""


@dataclass(frozen=True)
class Quantity:
    """A number with what belongs to it: -$1.5 million, 3kg, 5%."""

    number: str
    """As `Tongue.number` takes it."""
    sign: str = ""
    currency: str = ""
    """A sign or a code: `$`, `HK$`, `EUR`."""
    scale: str = ""
    """What multiplies it: `k`, `million`, `万`; only with a currency."""
    unit: str = ""
    """A symbol of `units`."""
    following: str = ""
    """The text behind it, which decides how some numbers are said."""


class Tongue(ABC):
    """A language's words for each kind of number. The numbers are digits, with a decimal point where one is allowed."""

    language: Language
    to: str
    """Between the two ends of a span."""
    against: str
    """Between the numbers of a score or a ratio."""
    point: str
    """Before decimals, and between the numbers of a version."""
    dot: str
    """Between the numbers of an IP address."""
    signs: dict[str, str]
    """What is said for a sign before a number and for an operator."""

    @abstractmethod
    def cardinal(self, digits: str) -> str:
        """A whole number of at most `GROUPED_DIGITS` digits."""

    @abstractmethod
    def digits(self, digits: str) -> str:
        """One digit after another; letters stay."""

    @abstractmethod
    def decimals(self, digits: str) -> str:
        """The point, and what is behind it."""

    @abstractmethod
    def dial(self, groups: Sequence[str]) -> str:
        """A telephone number, or another one of which each digit must be understood; a group may begin with `+`."""

    @abstractmethod
    def label(self, digits: str) -> str:
        """The number of a room, a line, a model: 101, 747, 1203."""

    @abstractmethod
    def year(self, digits: str) -> str:
        """A year."""

    @abstractmethod
    def decade(self, year: str) -> str:
        """The ten years from one, in two or four digits."""

    @abstractmethod
    def ordinal(self, digits: str) -> str:
        """A place in an order."""

    @abstractmethod
    def date(self, year: str | None, month: str, day: str | None) -> str:
        """A day, or a month of a year."""

    @abstractmethod
    def clock(self, hour: str, minute: str, second: str | None, half: str) -> str:
        """A time of day; `half` is `AM`, `PM` or empty, `minute` is empty where only the hour is written."""

    @abstractmethod
    def quantity(self, quantity: Quantity) -> str:
        """A quantity."""

    @abstractmethod
    def span(self, low: Quantity, high: Quantity) -> str:
        """From one quantity to another."""

    @abstractmethod
    def fraction(self, whole: str | None, above: str, below: str) -> str:
        """A fraction, also behind a whole number."""

    @abstractmethod
    def power(self, exponent: str) -> str:
        """What is said behind a number for `^`, and the exponent."""

    @abstractmethod
    def feet(self, feet: str, inches: str) -> str:
        """A height in feet and inches."""

    def version(self, parts: Sequence[str]) -> str:
        """The numbers of a version."""
        return self.point.join(self.number(part) for part in parts)

    def address(self, parts: Sequence[str]) -> str:
        """An IP address."""
        return self.dot.join(self.digits(part) for part in parts)

    def number(self, number: str) -> str:
        """A number with or without decimals. Digit by digit if it begins with a needless zero, or is too long."""
        whole, point, behind = number.replace(",", "").partition(".")
        is_serial = len(whole) > (GROUPED_DIGITS if "," in number else NAMED_DIGITS) or (
            len(whole) > 1 and whole[0] == "0"
        )
        words = self.digits(whole) if is_serial else self.cardinal(whole or "0")
        return words + (self.decimals(behind) if point else "")

    def signed(self, number: str) -> str:
        """A number that may have a sign before it."""
        sign = number[0] if number[:1] in ("+", "-", "±") else ""
        return self.signs.get(sign, "") + self.number(number[len(sign) :])
