"""Numbers in English."""

import re
from collections.abc import Sequence

from chorus_chattts.text.shapes import MONTHS
from chorus_chattts.text.tongue import Language, Quantity, Tongue
from chorus_chattts.text.units import CURRENCIES, SCALES, UNITS

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_ONES += ["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_THOUSANDS = ["", "thousand", "million", "billion", "trillion"]
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_ORDINALS |= {"twelve": "twelfth"}


class English(Tongue):
    """American English, as one reads a text aloud."""

    language: Language = "en"
    to = " to "
    against = " to "
    point = " point "
    dot = " dot "
    signs = {  # noqa: RUF012
        "-": " minus ",
        "+": " plus ",
        "±": " plus or minus ",
        "~": " about ",
        "<": " less than ",
        "": "",
        ">": " more than ",
        "<=": " at most ",
        ">=": " at least ",
        "≤": " at most ",
        "≥": " at least ",
        "=": " equals ",
        "==": " equals ",
        "≈": " is about ",
        "≠": " is not ",
        "add": " plus ",
        "subtract": " minus ",
        "×": " times ",
        "x": " times ",
        "X": " times ",
        "*": " times ",
        "÷": " divided by ",
        "/": " divided by ",
    }

    def cardinal(self, digits: str) -> str:
        """One hundred twenty three."""
        digits = digits.lstrip("0") or "0"
        if digits == "0":
            return "zero"
        words: list[str] = []
        for at in reversed(range((len(digits) + 2) // 3)):
            end = len(digits) - 3 * at
            group = int(digits[max(0, end - 3) : end])
            if group:
                words += [*_below_thousand(group), _THOUSANDS[at]]
        return " ".join(filter(None, words))

    def digits(self, digits: str) -> str:
        """One two three."""
        return re.sub(" +", " ", re.sub("[0-9]", lambda digit: f" {_ONES[int(digit[0])]} ", digits)).strip()

    def decimals(self, digits: str) -> str:
        """Point oh five."""
        return self.point + self.digits(digits).replace("zero", "oh")

    def dial(self, groups: Sequence[str]) -> str:
        """Eight hundred, five five five, zero one two three."""
        said = ["plus " + self.digits(group[1:]) if group[0] == "+" else self._group(group) for group in groups]
        return ", ".join(said)

    def _group(self, group: str) -> str:
        return self.cardinal(group) if re.fullmatch("[1-9]00", group) else self.digits(group)

    def label(self, digits: str) -> str:
        """Forty two, one oh one, seven forty seven, twelve oh three."""
        if digits[0] == "0" or len(digits) > 4:
            return self.digits(digits)
        if len(digits) < 3 or digits.endswith("00"):
            return self.number(digits)
        return f"{self.cardinal(digits[:-2])} {self._pair(digits[-2:])}"

    def year(self, digits: str) -> str:
        """Nineteen oh five, two thousand five, twenty twenty four."""
        if len(digits) != 4 or digits[1:3] == "00" or digits[0] == "0":
            return self.number(digits)
        if digits.endswith("00"):
            return f"{self.cardinal(digits[:2])} hundred"
        return f"{self.cardinal(digits[:2])} {self._pair(digits[2:])}"

    def _pair(self, digits: str) -> str:
        return f"oh {self.cardinal(digits)}" if digits[0] == "0" else self.cardinal(digits)

    def ordinal(self, digits: str) -> str:
        """Twenty first, one hundredth."""
        before, _, last = self.number(digits.lstrip("0") or "0").rpartition(" ")
        if last not in _ORDINALS:
            last = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
        return f"{before} {_ORDINALS.get(last, last)}".strip()

    def decade(self, year: str) -> str:
        """Nineteen nineties, nineteen hundreds."""
        words = self.year(year)
        return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"

    def date(self, year: str | None, month: str, day: str | None) -> str:
        """May first, twenty twenty four."""
        words = MONTHS[int(month) - 1] + (f" {self.ordinal(day)}" if day else "")
        return words + (f"{', ' if day else ' '}{self.year(year)}" if year else "")

    def clock(self, hour: str, minute: str, second: str | None, half: str) -> str:
        """Nine oclock, nine oh five PM, seventeen hundred; ChatTTS itself writes oclock so."""
        words = self.cardinal(hour)
        if int(minute or 0):
            words += f" {self._pair(minute)}"
        elif not half:
            words += " oclock" if 0 < int(hour) <= 12 else " hundred"
        words += f" and {self.number(second.lstrip('0') or '0')} seconds" if second and int(second) else ""
        return f"{words} {half}".strip()

    def quantity(self, quantity: Quantity) -> str:
        """Minus five degrees Celsius, one dollar and one cent."""
        sign = self.signs[quantity.sign]
        if quantity.currency:
            return sign + self._money(quantity)
        words = self.number(quantity.number)
        if quantity.unit:
            _, one, others = UNITS[quantity.unit]
            words += " " + (one if quantity.number == "1" else others)
        return sign + words

    def span(self, low: Quantity, high: Quantity) -> str:
        """Five to ten dollars: what is written once is said at the end."""
        if low.currency and not high.currency:
            high = Quantity(high.number, high.sign, low.currency, high.scale)
            low = Quantity(low.number, low.sign)
        return self.quantity(low) + self.to + self.quantity(high)

    def fraction(self, whole: str | None, above: str, below: str) -> str:
        """One half, two and a half, three quarters, twenty two over seven."""
        if whole:
            words = self.fraction(None, above, below)
            return f"{self.number(whole)} and {re.sub('^one ', 'an ' if below in ('8', '11', '18') else 'a ', words)}"
        if int(above) >= int(below) or len(below) > 3 or (int(below) > 20 and int(below) % 10):
            return f"{self.number(above)} over {self.number(below)}"
        name = {"2": "half", "4": "quarter"}.get(below) or self.ordinal(below)
        if above == "1":
            return f"one {name}"
        return f"{self.number(above)} {name}s"

    def power(self, exponent: str) -> str:
        """To the power of ten."""
        return f" to the power of {self.signed(exponent)}"

    def feet(self, feet: str, inches: str) -> str:
        """Five foot ten."""
        return f"{self.number(feet)} foot {self.number(inches)}"

    def _money(self, quantity: Quantity) -> str:
        _, one, others, cent, cents = CURRENCIES[quantity.currency]
        number = quantity.number.replace(",", "")
        if quantity.scale:
            scale = SCALES.get(quantity.scale, quantity.scale)
            return f"{self.number(number)} {scale} {others}"
        whole, _, hundredths = number.partition(".")
        if cent and len(hundredths) == 2:
            part = f"{self.cardinal(hundredths)} {cent if hundredths == '01' else cents}"
            if not int(whole or 0) and int(hundredths):
                return part
            words = f"{self.number(whole or '0')} {one if whole == '1' else others}"
            return f"{words} and {part}" if int(hundredths) else words
        return f"{self.number(number)} {one if number == '1' else others}"


def _below_thousand(number: int) -> list[str]:
    words = [_ONES[number // 100], "hundred"] if number >= 100 else []
    rest = number % 100
    if rest >= 20:
        words += [_TENS[rest // 10]] + ([_ONES[rest % 10]] if rest % 10 else [])
    elif rest:
        words.append(_ONES[rest])
    return words
