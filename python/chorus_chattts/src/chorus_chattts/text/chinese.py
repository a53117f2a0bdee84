"""Numbers in Chinese."""

import re
from collections.abc import Sequence

from chorus_chattts.text.tongue import Language, Quantity, Tongue
from chorus_chattts.text.units import CURRENCIES, POWERS, SCALES, UNITS

_DIGITS = "零一二三四五六七八九"
_PLACES = ("", "十", "百", "千")
_MYRIADS = ("", "万", "亿", "万")

_MEASURES = (
    "[个位名只条张本件台辆次种天岁周倍斤升克吨米元块毛点套份杯瓶碗盒包箱袋双对间座篇首部场届批组句页步遍趟头颗粒根支枝把片朵"
    "封门架艘厅卫万亿千百]|年(?!级)|人|家(?!庭)|层|公斤|公里|千克|千米|厘米|毫米|英里|英尺|小时|分钟|秒钟?|季度|星期|代人|里地|美元|欧元|英镑|港元|日元"
)
_counts_as_two = re.compile(f" ?(?:{_MEASURES})").match
"""What 2 is 两 before, and not 二."""


class Chinese(Tongue):
    """Mandarin, as one reads a text aloud."""

    language: Language = "zh"
    to = "到"
    against = "比"
    point = "点"
    dot = "点"
    signs = {  # noqa: RUF012
        "-": "负",
        "+": "正",
        "±": "正负",
        "~": "约",
        "<": "小于",
        ">": "大于",
        "<=": "小于等于",
        ">=": "大于等于",
        "≤": "小于等于",
        "≥": "大于等于",
        "=": "等于",
        "==": "等于",
        "≈": "约等于",
        "≠": "不等于",
        "": "",
        "add": "加",
        "subtract": "减",
        "×": "乘",
        "x": "乘",
        "X": "乘",
        "*": "乘",
        "÷": "除以",
        "/": "除以",
    }

    def cardinal(self, digits: str) -> str:
        """一百二十, 两千零五: 两 leads before 百, 千, 万, 亿, and 一 is left out of 一十."""
        digits = digits.lstrip("0") or "0"
        size = len(digits)
        groups = [digits[max(0, size - 4 * (at + 1)) : size - 4 * at] for at in range((size + 3) // 4)]
        words = ""
        for at in reversed(range(len(groups))):
            group = groups[at]
            if int(group) == 0 and at == 2:
                words += "亿"  # 一万亿.
            elif int(group) == 0:
                words += "零" if words and not words.endswith("零") else ""
            else:
                words += self._group(group, is_first=not words) + _MYRIADS[at]
        words = re.sub("零+", "零", words.rstrip("零")) or "零"
        words = re.sub("^一十", "十", words)
        return re.sub("^二(?=[百千万亿])", "两", words)

    def _group(self, group: str, *, is_first: bool) -> str:
        words = ""
        for place, digit in zip(reversed(range(len(group))), group, strict=True):
            if digit != "0":
                words += _DIGITS[int(digit)] + _PLACES[place]
            elif (words or not is_first) and not words.endswith("零"):
                words += "零"
        return words.rstrip("零")

    def digits(self, digits: str) -> str:
        """一二三."""
        return re.sub("[0-9]", lambda digit: _DIGITS[int(digit[0])], digits)

    def decimals(self, digits: str) -> str:
        """点五."""
        return self.point + self.digits(digits)

    def dial(self, groups: Sequence[str]) -> str:
        """With 幺, which nobody takes for 七."""
        return self.digits("".join(groups).replace("+", "加")).replace("一", "幺")

    def label(self, digits: str) -> str:
        """一百零一 is a count; a room or a line of three digits and more is 幺零幺."""
        return self.dial([digits]) if len(digits) > 2 else self.number(digits)

    def year(self, digits: str) -> str:
        """二零二四."""
        return self.digits(digits)

    def decade(self, year: str) -> str:
        """一九九零年代."""
        return f"{self.year(year)}年代"

    def ordinal(self, digits: str) -> str:
        """第一."""
        return "第" + self.number(digits)

    def date(self, year: str | None, month: str, day: str | None) -> str:
        """二零二四年五月一日."""
        words = f"{self.year(year)}年" if year else ""
        words += f"{self.cardinal(month)}月"
        return words + (f"{self.cardinal(day)}日" if day else "")

    def clock(self, hour: str, minute: str, second: str | None, half: str) -> str:
        """下午两点零五分."""
        words = {"AM": "上午", "PM": "下午", "": ""}[half]
        words += ("两" if int(hour) == 2 else self.cardinal(hour)) + "点"
        if int(minute or 0) or int(second or 0):
            words += self._sixtieth(minute) + "分"
        return words + (self._sixtieth(second) + "秒" if second and int(second) else "")

    def _sixtieth(self, digits: str) -> str:
        return self.digits(digits) if digits[0] == "0" else self.cardinal(digits)

    def quantity(self, quantity: Quantity) -> str:
        """负百分之五, 两千克, 三点五万美元."""
        sign = self.signs[quantity.sign]
        if quantity.currency:
            return sign + self._money(quantity)
        if not quantity.unit:
            return sign + self._counted(quantity.number, quantity.following)
        unit = UNITS[quantity.unit][0]
        if unit.endswith("之"):
            return sign + unit + self.number(quantity.number)
        name, _, time = unit.partition("/")
        before = f"每{time}" if time else ""
        return before + sign + self._counted(quantity.number, name) + name

    def span(self, low: Quantity, high: Quantity) -> str:
        """百分之五到十, 三到五千克: what both have is said once, unless it is written twice."""
        if high.unit in ("%", "‰") and not low.unit:
            low = Quantity(low.number, low.sign, unit=high.unit)
            high = Quantity(high.number, high.sign)
        if low.currency and not high.currency:
            high = Quantity(high.number, high.sign, low.currency, high.scale)
            low = Quantity(low.number, low.sign, following="元")
        elif not low.unit and not low.currency:
            following = UNITS[high.unit][0] if high.unit else high.following
            low = Quantity(low.number, low.sign, following=following)
        return self.quantity(low) + self.to + self.quantity(high)

    def fraction(self, whole: str | None, above: str, below: str) -> str:
        """二又三分之一."""
        words = f"{self.number(below)}分之{self.number(above)}"
        return f"{self.number(whole)}又{words}" if whole else words

    def power(self, exponent: str) -> str:
        """的十次方."""
        return f"的{self.signed(exponent)}次方"

    def feet(self, feet: str, inches: str) -> str:
        """五英尺十英寸."""
        return f"{self._counted(feet, '英尺')}英尺{self.number(inches)}英寸"

    def _counted(self, number: str, following: str) -> str:
        return "两" if number == "2" and _counts_as_two(following) else self.number(number)

    def _money(self, quantity: Quantity) -> str:
        """With k or million worked out, as Chinese counts in 万; a price has no zeros at its end."""
        number, scale = quantity.number.replace(",", ""), quantity.scale
        scale = SCALES.get(scale, scale)
        zeros = POWERS.get(scale, 0)
        if zeros:
            number, scale = (number, "万亿") if scale == "trillion" else (_scaled(number, zeros), "")
        if "." in number:
            number = number.rstrip("0").rstrip(".")
        name = CURRENCIES[quantity.currency][0]
        return self._counted(number, scale or name) + scale + name


def _scaled(number: str, zeros: int) -> str:
    """The number with its point moved to the right."""
    whole, _, behind = number.partition(".")
    behind = behind.ljust(zeros, "0")
    return f"{(whole + behind[:zeros]).lstrip('0') or '0'}.{behind[zeros:]}".rstrip(".")
