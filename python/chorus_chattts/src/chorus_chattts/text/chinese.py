"""Numbers in a Chinese stretch."""

import re

from chorus_chattts.text.alphabet import HAN
from chorus_chattts.text.grammar import RUN, in_words, rewriter, span, spelled

_NUMBER = re.compile(
    rf"(?<=第)[0-9]+"  # 第二个, not 第两个
    rf"|(?<=月)[0-9]{{1,2}}(?=[日号])"  # 二月二日, not 两日
    rf"|尾号[是为]?[0-9]{{4}}"
    rf"|[{RUN}](?:[{RUN} ]*[{RUN}])?\ ?(?:(?![呃啊儿])[{HAN}]){{0,3}}"  # With its unit; 呃, 啊 and 儿 would be dropped.
)

_rewritten = rewriter(
    (r"(?<![0-9/])24/7(?![0-9/])", "7天24小时"),
    span("到"),
    (rf"([0-9][{HAN}]{{1,2}})[-~—](?=[0-9])", r"\1到"),
    (r"(?<=[0-9]) ?[*×xX] ?(?=[0-9])", "乘"),
    (r"(?<=[0-9])\^([0-9]+)", r"的\1次方"),
    (r"(?<![0-9])([0-9]+) ([0-9]+/[0-9])", r"\1又\2"),
    (r"(?<![0-9./])([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9./])", r"\1点\2点\3"),
    (r"(?<![0-9.])([0-9.]+)‰", r"千分之\1"),
    (r"(?<![0-9.第])2(?=点(?:[0-9]+分|[^0-9]|$))", "两"),
    (rf"([0-9][{HAN}]{{1,2}})/(?=[{HAN}])", r"\1每"),
    (r"\+(?=[0-9]{1,3}[ -][0-9]{3})", "加"),
    (r"[Nn]o\. ?(?=[0-9])", "第"),
    (r"US\$", "$"),
    (r"HK\$", "HKD"),
    (r"<(?= ?-?[0-9])", "小于"),
    (r">(?= ?-?[0-9])", "大于"),
    (r"~(?=[0-9])", "约"),
    (r"(?<=[0-9])'(?=[0-9])", "英尺"),
)


def read(text: str) -> str:
    """The stretch with its numbers in Chinese."""
    return spelled(_NUMBER.sub(_in_words, _rewritten(text)), "zh")


def _in_words(number: re.Match[str]) -> str:
    return in_words(number[0], "zh") if re.search("[0-9]", number[0]) else number[0]
