"""Numbers as one says them, kind by kind: the readings were decided by hand, not by what the code gives."""

import random
import re
from collections.abc import Callable

import pytest

from chorus_chattts.text import _READERS, prepare
from chorus_chattts.text.alphabet import scan
from chorus_chattts.text.chinese import Chinese
from chorus_chattts.text.english import English
from chorus_chattts.text.kinds import KINDS
from chorus_chattts.text.stretches import stretches
from chorus_chattts.text.tongue import Tongue
from chorus_chattts.text.units import CURRENCIES, UNITS
from chorus_worker import NothingToSay

CHINESE: dict[str, dict[str, str]] = {
    "date": {
        "截止2024-05-01": "截止二零二四年五月一日",
        "生于1990/1/2": "生于一九九零年一月二日",
        "有效期至2025.12.31": "有效期至二零二五年十二月三十一日",
        "25/12/2024到货": "二零二四年十二月二十五日到货",
        "2024-05-01T13:30开始": "二零二四年五月一日十三点三十分开始",
        "2024-05-01~2024-05-07有效": "二零二四年五月一日到二零二四年五月七日有效",
    },
    "month of a year": {"截至2024-05": "截至二零二四年五月", "截至2024/12": "截至二零二四年十二月"},
    "years": {"2024-2025学年": "二零二四到二零二五学年", "1990~2000年": "一九九零到二零零零年"},
    "year": {"1998年出生，98年毕业": "一九九八年出生，九八年毕业", "2000年的历史": "两千年的历史", "24年": "二十四年"},
    "generation": {"00后和95后": "零零后和九五后", "10后来": "十后来"},
    "month": {"2月，02月，12月": "二月，二月，十二月"},
    "day": {"2月2日，3号线，06日": "二月二日，三号线，六日"},
    "decade": {"1990s流行": "一九九零年代流行"},
    "time": {
        "营业时间9:00~18:00": "营业时间九点到十八点",
        "营业时间9:00-18:00": "营业时间九点到十八点",
        "上午8:30～11:30上课": "上午八点三十分到十一点三十分上课",
        "上午9:00—下午5:00": "上午九点到下午五点",
        "周一 6:00 - 8:30": "周一六点到八点三十分",
        "凌晨2:05起床": "凌晨两点零五分起床",
        "现在是00:30": "现在是零点三十分",
        "14:00:00整，20:15:30": "十四点整，二十点十五分三十秒",
        "约定3:05 PM见": "约定下午三点零五分见",
    },
    "hour": {"营业9am-5pm": "营业上午九点到下午五点"},
    "mobile": {
        "电话138 1234 5678": "电话幺三八幺二三四五六七八",
        "手机138-1234-5678": "手机幺三八幺二三四五六七八",
        "联系13812345678": "联系幺三八幺二三四五六七八",
    },
    "landline": {
        "电话(010)12345678": "电话零幺零幺二三四五六七八",
        "传真:021-6543 2100": "传真，零二幺六五四三二幺零零",
        "固话0571-8888-6666": "固话零五七幺八八八八六六六六",
    },
    "service": {
        "热线400-810-8888": "热线四零零八幺零八八八八",
        "客服：400-8888-888": "客服，四零零八八八八八八八",
        "12306订票": "幺二三零六订票",
    },
    "international": {
        "电话+86 138 1234 5678": "电话加八六幺三八幺二三四五六七八",
        "致电+852 2123 4567": "致电加八五二二幺二三四五六七",
    },
    "called": {
        "拨打110": "拨打幺幺零",
        "打10086": "打幺零零八六",
        "拨打3次": "拨打三次",
        "打2折": "打二折",
        "手机3999元": "手机三千九百九十九元",
    },
    "emergency": {"110报警，120个": "幺幺零报警，一百二十个"},
    "extension": {"0755-12345678转801": "零七五五幺二三四五六七八转八零幺", "分机8001": "分机八零零幺"},
    "identifier": {
        "区号0755": "区号零七五五",
        "区号是010": "区号是零一零",
        "密码是123456": "密码是一二三四五六",
        "验证码：0123": "验证码，零一二三",
        "邮编518000": "邮编五一八零零零",
        "我的QQ123456789": "我的QQ一二三四五六七八九",
        "订单号20240501001": "订单号二零二四零五零一零零一",
        "端口8080": "端口八零八零",
    },
    "book": {
        "ISBN 978-7-111-12345-6是书号": "ISBN 九七八七一一一一二三四五六是书号",
        "书号：9787111123456": "书号，九七八七一一一一二三四五六",
        "期刊ISSN 1234-567X": "期刊ISSN 一二三四五六七X",
    },
    "card": {
        "卡6222 0212 3456 7890 123": "卡六二二二零二一二三四五六七八九零一二三",
        "尾号1234的卡": "尾号幺二三四的卡",
    },
    "groups": {"代号一 12-34-56": "代号一一二三四五六"},
    "network address": {"地址10.0.0.1": "地址一零点零点零点一"},
    "port": {"访问10.0.0.1:80": "访问一零点零点零点一，八零"},
    "version": {"版本v2.0.1": "版本v二点零点一", "内核5.10.0": "内核五点十点零"},
    "room": {"1203室，501房间": "幺二零三室，五零幺房间", "3室2厅": "三室两厅"},
    "line": {"101路和52路": "幺零幺路和五十二路"},
    "designation": {"房间302": "房间三零二", "波音747": "波音七四七", "京B·12345": "京B 幺二三四五"},
    "gap": {"选1 2 3": "选一，二，三"},
    "to": {
        "9点~10点": "九点到十点",
        "6月1日-7日": "六月一日到七日",
        "第3-5章，第3章-第5章": "第三到五章，第三章到第五章",
    },
    "score": {
        "比分3-2": "比分三比二",
        "比分110:98": "比分一百一十比九十八",
        "以3-2击败对手": "以三比二击败对手",
        "3:2领先": "三比二领先",
    },
    "ratio": {"比例尺1:10000": "比例尺一比一万", "比例1:10": "比例一比十", "画面16:9": "画面十六比九"},
    "name": {"7*24小时，24/7": "七乘二十四小时，七天二十四小时", "50/50": "五五开"},
    "scientific": {"约3.2e-5": "约三点二乘十的负五次方"},
    "sum": {
        "3-5=-2": "三减五等于负二",
        "5-3=2": "五减三等于二",
        "3+4=7，2×3=6": "三加四等于七，二乘三等于六",
        "8÷2=4，8/2=4": "八除以二等于四，八除以二等于四",
        "-1+2=1": "负一加二等于一",
        "10-4×2=2": "十减四乘二等于二",
        "10 - 3": "十减三",
        "1/3+1/6=1/2": "三分之一加六分之一等于二分之一",
        "100%+20%=120%": "百分之一百加百分之二十等于百分之一百二十",
        "2^3=8，3²+4²=5²": "二的三次方等于八，三平方加四平方等于五平方",
        "6.02×10^23": "六点零二乘十的二十三次方",
        "3>2，5≥5": "三大于二，五大于等于五",
        "长3×4m": "长三乘四米",
    },
    "fraction": {
        "1/2杯，3/4": "二分之一杯，四分之三",
        "2½": "二又二分之一",
        "要1/2kg": "要二分之一千克",
        "12/25，5/1": "十二月二十五日，五月一日",
    },
    "power": {"2^10，10^-3": "二的十次方，十的负三次方"},
    "minus": {"(1+2)-3=0": "一加二，减三等于零"},
    "plus": {"5000+人": "五千多人", "100+": "一百加"},
    "operator": {"(1+2)×3=9": "一加二，乘三等于九"},
    "comparison": {
        "~100，约~100": "约一百，约一百",
        "<5，>10，≥18岁，<=3": "小于五，大于十，大于等于十八岁，小于等于三",
        "±5%": "正负百分之五",
    },
    "number sign": {"他是No.1": "他是第一"},
    "height": {"身高5'10\"": "身高五英尺十英寸"},
    "arc": {"东经116°23′": "东经一百一十六度二十三分"},
    "model": {
        "GPT-4很强，A4纸": "GPT 四很强，A四纸",
        "A100显卡，C919客机": "A一百显卡，C九幺九客机",
        "G1234次，CA1234航班": "G幺二三四次，CA幺二三四航班",
        "USB3.0接口": "USB三点零接口",
    },
    "serial": {"007特工": "零零七特工", "5点05分": "五点零五分"},
    "after an ordinal": {"第2个，第2-3章": "第二个，第二到三章", "第22名": "第二十二名"},
    "tenths": {"身高1米75，5块25": "身高一米七五，五块二五", "1米8": "一米八"},
    "span": {
        "3-5天，3~5个": "三到五天，三到五个",
        "2-3天，5 - 10个": "两到三天，五到十个",
        "20-30%，5%-10%": "百分之二十到三十，百分之五到百分之十",
        "-3~5℃，-20~-10℃": "负三到五摄氏度，负二十到负十摄氏度",
        "100-200元，￥5-10": "一百到两百元，五到十元",
        "0.5-1小时": "零点五到一小时",
        "10-3个": "十减三个",
    },
    "product": {"我用iPhone 5s": "我用iPhone five s"},
    "each": {
        "5元/斤，60次/分": "五元每斤，六十次每分",
        "¥5/斤，3kg/人": "五元每斤，三千克每人",
        "2万/㎡，8元/kg": "两万每平方米，八元每千克",
    },
    "quantity": {
        "￥1,234.56，¥100.00": "一千二百三十四点五六元，一百元",
        "共$20，HK$50，€1，£2": "共二十美元，五十港元，一欧元，两英镑",
        "约$1.5M，$3 billion": "约一百五十万美元，三十亿美元",
        "$3.5万，USD 100，100USD": "三点五万美元，一百美元，一百美元",
        "-¥50，$-5": "负五十元，负五美元",
        "50%，5‰，-5%": "百分之五十，千分之五，负百分之五",
        "36.5°C，-5℃，45°角": "三十六点五摄氏度，负五摄氏度，四十五度角",
        "重10 kg，2L，2h，5m²": "重十千克，两升，两小时，五平方米",
        "跑100km/h，5 m/s": "跑每小时一百公里，每秒五米",
        "2个，2年，2年级，2倍，2楼": "两个，两年，二年级，两倍，二楼",
        "0.05，1,000,000，$1,234": "零点零五，一百万，一千二百三十四美元",
        "2万，12个，102个，2.5个": "两万，十二个，一百零二个，二点五个",
    },
}

ENGLISH: dict[str, dict[str, str]] = {
    "scheme": {"see https://example.com": "see example dot com"},
    "title": {"Dr. Li vs. Mr. Wu, e.g. today": "Doctor Li versus Mister Wu, for example today"},
    "ending": {"Acme Inc. is big, cats, etc.": "Acme Incorporated is big, cats, et cetera."},
    "initials": {"the U.S.A.": "the USA"},
    "date": {
        "on 2024-05-01": "on May first, twenty twenty four",
        "on 12/25/2024": "on December twenty fifth, twenty twenty four",
        "on 25/12/2024": "on December twenty fifth, twenty twenty four",
    },
    "month of a year": {"due 2024/12": "due December twenty twenty four"},
    "day of a month": {
        "On May 1, 2024 we met": "On May first, twenty twenty four we met",
        "on June 1-3, 2024": "on June first to third, twenty twenty four",
        "the 5th of May, 3 March 2024": "the fifth of May, the third of March twenty twenty four",
        "Mar. 3 and July 4th": "March third and July fourth",
        "On May 01, 2024 we met": "On May first, twenty twenty four we met",
        "due May 05": "due May fifth",
        "on June 01-03": "on June first to third",
        "05 May 2024, the 02nd of May": "the fifth of May twenty twenty four, the second of May",
    },
    "month": {"in Sept. 2021": "in September twenty twenty one"},
    "years": {
        "from 1914-1918": "from nineteen fourteen to nineteen eighteen",
        "in 1939-45": "in nineteen thirty nine to forty five",
    },
    "decade": {
        "the 1980s, the '60s, his 30s": "the nineteen eighties, the sixties, his thirties",
        "the early 2000s": "the early two thousands",
    },
    "year": {
        "in 1999, 1905, 2005 and 2010": "in nineteen ninety nine, nineteen oh five, two thousand five and twenty ten",
        "in 1776 and in 1900": "in seventeen seventy six and in nineteen hundred",
        "1234 people": "one thousand two hundred thirty four people",
    },
    "time": {
        "at 9:00, 9:05 or 17:45": "at nine oclock, nine oh five or seventeen forty five",
        "9:00 AM - 5:00 PM daily": "nine AM to five PM daily",
        "Open 9:00~18:00": "Open nine oclock to eighteen hundred",
        "at 3:30 p.m. now": "at three thirty PM now",
    },
    "hour": {"from 9am-5pm, by 5 p.m.": "from nine AM to five PM, by five PM."},
    "international": {
        "call +1 (555) 123-4567": "call plus one, five five five, one two three, four five six seven",
        "Call +44 20 7946 0958": "Call plus four four, two zero, seven nine four six, zero nine five eight",
    },
    "american": {
        "Call (555) 123-4567": "Call five five five, one two three, four five six seven",
        "call 1-800-555-0199": "call one, eight hundred, five five five, zero one nine nine",
    },
    "local": {"call 555-1234": "call five five five, one two three four"},
    "extension": {
        "fax 555-1234 x56": "fax five five five, one two three four, extension five six",
        "ext. 123": "extension one two three",
    },
    "called": {
        "call 911, dial 0": "call nine one one, dial zero",
        "call 12345678": "call one two three four five six seven eight",
    },
    "identifier": {
        "zip code 90210, NY 10001": "zip code nine zero two one zero, NY one zero zero zero one",
        "order #12345, PIN 1234": "order number one two three four five, PIN one two three four",
    },
    "book": {"ISBN 978-0-306-40615-7": "ISBN nine seven eight, zero, three zero six, four zero six one five, seven"},
    "card": {"card 4111 1111 1111 1111": "card four one one one, one one one one, one one one one, one one one one"},
    "groups": {"SSN 123-45-6789": "SSN one two three, four five, six seven eight nine", "a 4-4-2": "a four, four, two"},
    "network address": {"at 192.168.1.1": "at one nine two dot one six eight dot one dot one"},
    "version": {"version 10.15.7": "version ten point fifteen point seven"},
    "designation": {
        "Room 101, Room 1203": "Room one oh one, Room twelve oh three",
        "Boeing 747, bus 42": "Boeing seven forty seven, bus forty two",
        "Flight UA 1234, RTX 4090": "Flight UA twelve thirty four, RTX forty ninety",
    },
    "score": {"the score was 3-2, won 21:19": "the score was three to two, won twenty one to nineteen"},
    "ratio": {"a ratio of 1:10, 16:9": "a ratio of one to ten, sixteen to nine"},
    "name": {"24/7, 9/11, a 50-50 chance": "twenty four seven, nine eleven, a fifty fifty chance"},
    "scientific": {"1e6 cells": "one times ten to the power of six cells"},
    "resolution": {"1920x1080 video": "nineteen twenty by ten eighty video"},
    "sum": {
        "so 3-5=-2": "so three minus five equals minus two",
        "2 + 2 = 4 ok": "two plus two equals four ok",
        "3 x 4 tiles": "three times four tiles",
        "12/4=3 ok": "twelve divided by four equals three ok",
    },
    "fraction": {
        "1/2 cup, 3/4 inch, 2/3 majority": "one half cup, three quarters inch, two thirds majority",
        "2 1/2 cups, 10 1/8 miles": "two and a half cups, ten and an eighth miles",
        "on 5/1, say 22/7": "on May first, say twenty two over seven",
    },
    "power": {"say 2^10": "say two to the power of ten"},
    "operator": {"x=-5, y=2x+1": "x equals minus five, y equals two x plus one"},
    "comparison": {"about ~5, >= 3, < 5": "about five, at least three, less than five"},
    "ordinal": {
        "1st, 12th, 21st, 100th": "first, twelfth, twenty first, one hundredth",
        "02nd, 0th, 1,000th": "second, zeroth, one thousandth",
    },
    "number sign": {"No. 5, say #3": "number five, say number three"},
    "height": {"5'10 tall": "five foot ten tall"},
    "model": {
        "GPT-4, MP3, H.264": "GPT four, MP three, H two six four",
        "COVID-19, A100, C919": "COVID nineteen, A one hundred, C nine one nine",
    },
    "serial": {"agent 007": "agent zero zero seven"},
    "span": {
        "pages 3-5, 5 - 10 people": "pages three to five, five to ten people",
        "$5-10 each, $5-$10 each": "five to ten dollars each, five dollars to ten dollars each",
        "2-3kg, 20-25°C": "two to three kilograms, twenty to twenty five degrees Celsius",
    },
    "product": {"iPhone 5s": "iPhone five s"},
    "thousands": {"$10k, 10k runs": "ten thousand dollars, ten thousand runs"},
    "each": {
        "$5/kg, $20/L": "five dollars per kilogram, twenty dollars per liter",
        "$20/hour, $1.5M/year": "twenty dollars per hour, one point five million dollars per year",
    },
    "quantity": {
        "It costs $1,234.56.": "It costs one thousand two hundred thirty four dollars and fifty six cents.",
        "It costs $0.99, $1, $1.01": "It costs ninety nine cents, one dollar, one dollar and one cent",
        "€5.50, £3.20, ¥5.5 now": "five euros and fifty cents, three pounds and twenty pence, five point five yuan now",
        "$1.5 million, 5 USD, 50¢": "one point five million dollars, five US dollars, fifty cents",
        "-$20, $100.00 or so": "minus twenty dollars, one hundred dollars or so",
        "1 kg, 2 lbs, 60 mph": "one kilogram, two pounds, sixty miles per hour",
        "-3.5°C, 72°F": "minus three point five degrees Celsius, seventy two degrees Fahrenheit",
        "a 0.5%, 5°": "a zero point five percent, five degrees",
        "16GB, 2.4 GHz, 5000mAh": "sixteen gigabytes, two point four gigahertz, five thousand milliamp hours",
        "version 2.0, 3.05 s": "version two point oh, three point oh five seconds",
    },
}

MIXED = {
    "我的iPhone 15 Pro很好": "我的iPhone fifteen Pro很好",
    "I live in 北京 and have 3 cats": "I live in 北京 and have three cats",
    "请call 555-123-4567 now": "请call five five five, one two three, four five six seven now",
    "我有3 kg苹果和2 GB内存": "我有三千克苹果和二GB内存",
    "编号ID 00123的A区": "编号ID 零零一二三的A区",
    "在Room 101开会": "在Room 幺零幺开会",
    "价格$1,234.5 million左右": "价格十二亿三千四百五十万美元左右",
    "Meet at 9:00, 你好": "Meet at nine oclock, 你好",
}

ALL = [*CHINESE.items(), *ENGLISH.items()]
CASES = [(kind, text, spoken) for kind, readings in ALL for text, spoken in readings.items()]


@pytest.mark.parametrize(("kind", "text", "spoken"), CASES)
def test_a_number_is_said_as_one_says_it(kind: str, text: str, spoken: str) -> None:
    assert prepare(text).text == spoken, kind


@pytest.mark.parametrize(("text", "spoken"), MIXED.items())
def test_a_number_has_the_language_of_the_words_beside_it(text: str, spoken: str) -> None:
    assert prepare(text).text == spoken


def test_there_are_examples_of_every_kind_and_it_takes_part_in_reading_them() -> None:
    for language, readings in ("zh", CHINESE), ("en", ENGLISH):
        assert {kind.name for kind in KINDS if kind.only == language} <= readings.keys()
        for name, examples in readings.items():
            assert {name} <= {kind for text in examples for kind in kinds_in(text)}, (language, name)
    assert {kind.name for kind in KINDS} == CHINESE.keys() | ENGLISH.keys()


def kinds_in(text: str) -> set[str]:
    readable, _ = scan(text, numbers=True, tokens="sounds")
    return {
        kind
        for stretch in stretches(readable)
        if stretch.language
        for kind, _ in _READERS[stretch.language].pieces(readable, stretch.start, stretch.end)
    }


@pytest.mark.parametrize(
    ("lines", "spoken"),
    [
        ("购物清单\n苹果\n香蕉\n牛奶", "购物清单，苹果，香蕉，牛奶"),
        ("购物清单：\r\n- 苹果\r\n- 香蕉", "购物清单，苹果，香蕉"),
        ("苹果\r香蕉\u2028牛奶\t面包", "苹果，香蕉，牛奶，面包"),
        ("第一行。\n\n第二行", "第一行。第二行"),
        ("1. 苹果\n2. 香蕉", "一。苹果，二。香蕉"),
        ("Apple\nBanana\n\nOrange", "Apple, Banana, Orange"),
        ("3\n5个", "三，五个"),
        ("苹果 / 香蕉", "苹果，香蕉"),
        ("苹果\nApple\n香蕉", "苹果，Apple, 香蕉"),
        ("[uv_break]苹果\n[laugh]香蕉", "[uv_break]苹果，[laugh]香蕉"),
    ],
)
def test_the_end_of_a_line_is_a_pause(lines: str, spoken: str) -> None:
    assert prepare(lines).text == spoken


SPOKEN_DIGITS = {"zh": "零幺二三四五六七八九", "en": "zero one two three four five six seven eight nine"}


@pytest.mark.parametrize(
    ("write", "spoken"),
    [
        (lambda d: f"电话1{d[0]}{d[1]} {d[2:6]} {d[6:10]}", lambda d: f"1{d[0]}{d[1]}{d[2:10]}"),
        (lambda d: f"手机1{d[0]}{d[1]}-{d[2:6]}-{d[6:10]}", lambda d: f"1{d[0]}{d[1]}{d[2:10]}"),
        (lambda d: f"电话0{d[0]}{d[1:3]}-{d[3:11]}", lambda d: f"0{d[0]}{d[1:11]}"),
        (lambda d: f"致电+86 1{d[0]}{d[1]} {d[2:6]} {d[6:10]}", lambda d: f"861{d[0]}{d[1]}{d[2:10]}"),
        (lambda d: f"拨打400-{d[1:4]}-{d[4:8]}", lambda d: f"400{d[1:8]}"),
        (lambda d: f"Call ({d[0]}{d[1:3]}) {d[3:6]}-{d[6:10]} now", lambda d: d[:10]),
        (lambda d: f"Call +44 {d[0]}{d[1]} {d[2:6]} {d[6:10]} now", lambda d: f"44{d[:10]}"),
        (lambda d: f"ISBN 978-{d[0]}-{d[1:4]}-{d[4:9]}-{d[9]}是", lambda d: f"978{d[:10]}"),
        (lambda d: f"密码{d}", lambda d: d),
        (lambda d: f"卡号{d[:4]} {d[4:8]} {d[0:4]}", lambda d: f"{d[:8]}{d[:4]}"),
    ],
)
def test_each_digit_of_what_is_dialled_is_spoken_once_and_in_order(
    write: Callable[[str], str], spoken: Callable[[str], str]
) -> None:
    seed = 20240502
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(200):
        digits = chance.choice("3456789") + "".join(chance.choices("0123456789", k=11))
        if "800" in (digits[:3], digits[3:6]) or digits[1:3] == "00" or digits[4:6] == "00":
            continue  # "eight hundred" is said otherwise.
        assert heard(prepare(write(digits)).text) == spoken(digits), write(digits)


def heard(words: str) -> str:
    """The digits that were said one by one."""
    found = re.findall("[零一幺二三四五六七八九]|zero|one|two|three|four|five|six|seven|eight|nine", words)
    english = SPOKEN_DIGITS["en"].split()
    return "".join(
        str(english.index(d)) if d.isascii() else str("零一二三四五六七八九".index(d.replace("幺", "一")))
        for d in found
    )


def numbers() -> list[int]:
    """All small numbers, those around the powers of ten, and others at random."""
    chance = random.Random(7)
    around = [10**power + by for power in range(2, 12) for by in (-1, 0, 1, 10, 11, 100, 101, 1010)]
    return [*range(2_000), *around, *(chance.randrange(10 ** chance.randint(4, 12)) for _ in range(3_000))]


def test_a_chinese_number_says_its_value() -> None:
    for number in numbers():
        words = Chinese().cardinal(str(number))
        assert chinese_value(words) == number, words


def chinese_value(words: str) -> int:
    total = section = digit = 0
    for character in words.replace("两", "二"):
        if character in "零一二三四五六七八九":
            digit = "零一二三四五六七八九".index(character)
        elif character in "十百千":
            section += (digit or 1) * 10 ** ("十百千".index(character) + 1)
            digit = 0
        else:
            group = section + digit
            total = total + group * 10**4 if character == "万" else (total + group) * 10**8
            section = digit = 0
    return total + section + digit


def test_an_english_number_says_its_value() -> None:
    for number in numbers():
        words = English().cardinal(str(number))
        assert english_value(words) == number, words


def english_value(words: str) -> int:
    small = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    small += "seventeen eighteen nineteen"
    tens = "twenty thirty forty fifty sixty seventy eighty ninety"
    values = {word: value for value, word in enumerate(small.split(" "))}
    values |= {word: 10 * value for value, word in enumerate(tens.split(" "), 2)}
    total = group = 0
    for word in words.split():
        if word in values:
            group += values[word]
        elif word == "hundred":
            group *= 100
        else:
            total += group * {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}[word]
            group = 0
    return total + group


@pytest.mark.parametrize("tongue", [Chinese(), English()])
def test_every_sign_unit_and_currency_has_words(tongue: Tongue) -> None:
    word = "我" if tongue.language == "zh" else "say"
    for unit in UNITS:
        assert re.fullmatch("[\u4e00-\u9fffA-Za-z ]+", prepare(f"{word} 3{unit}").text), unit
    for currency in CURRENCIES:
        assert re.fullmatch("[\u4e00-\u9fffA-Za-z ]+", prepare(f"{word} {currency}3").text), currency


PARTS = [
    *"0123456789",
    *"0123456789",
    *"+-×÷=/.:,~^%$¥°'()# ",
    "年",
    "月",
    "第",
    "个",
    "个",
    "万",
    "k",
    "m",
    "kg",
    "PM",
    "x",
]
PARTS += [
    "1,234",
    "2024",
    "138 1234 5678",
    "9:00",
    "1/2",
    "May ",
    "st",
    "ISBN ",
    "电话",
    "A",
    "e",
    "\n",
    " - ",
    "——",
    "[laugh]",
]


def strange_texts(count: int) -> list[str]:
    seed = 20240503
    print("seed", seed)
    chance = random.Random(seed)
    return ["".join(chance.choices(PARTS, k=chance.randint(1, 30))) for _ in range(count)]


def test_no_digit_is_left_and_nothing_raises_whatever_is_written() -> None:
    for text in [*strange_texts(4_000), "9" * 900, "1/" * 450, "1" + "/1" * 400, "$" + "9" * 500 + "k", "1^" * 400]:
        try:
            prepared = prepare(text)
        except NothingToSay:
            assert not re.search("[0-9A-Za-z\u4e00-\u9fff]", text), text
            continue
        assert not re.search("[0-9]", prepared.text), text
        assert prepare(prepared.text, normalize=False) == prepared, text


def test_every_number_is_heard_in_the_words_around_it() -> None:
    """Between two words stands what is said for the number, and the words are whole."""
    for text in strange_texts(1_000):
        words = prepare(f"好{text.replace('[laugh]', '')}坏").text
        assert words[0] == "好", text
        assert words[-1] == "坏", text
        if re.search("[0-9]", text):
            assert len(words) > 2, text


def test_a_number_is_looked_at_from_its_beginning_only() -> None:
    """However long a row of digits is, it is one piece: digit by digit, each would look through the rest of it."""
    for language, reader in _READERS.items():
        row = "7" * 5_000
        assert [kind for kind, _ in reader.pieces(row, 0, len(row)) if kind] == ["quantity"], language


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("on 13/13/2024", "on thirteen thirteen twenty twenty four"),
        ("on 25/31/2024", "on twenty five thirty one twenty twenty four"),
        ("at 31.31.2024", "at thirty one point thirty one point two thousand twenty four"),
        ("共13/13/2024", "共十三、十三、两千零二十四"),
    ],
)
def test_what_is_no_day_of_any_year_is_no_date(text: str, spoken: str) -> None:
    assert prepare(text).text == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("a $50 min deposit", "a fifty dollars min deposit"),
        ("$10 h later", "ten dollars h later"),
        ("They paid 20 USD h", "They paid twenty US dollars h"),
        ("$5% fee", "five dollars percent fee"),
        ("花了$20 min就到", "花了二十美元 min就到"),
        ("$5 m, $5M, $5 bn", "five million dollars, five million dollars, five billion dollars"),
        ("$5 to $10 m", "five dollars to ten million dollars"),
        ("$5/kg, 20 min, 5%", "five dollars per kilogram, twenty minutes, five percent"),
    ],
)
def test_what_follows_money_is_not_lost(text: str, spoken: str) -> None:
    assert prepare(text).text == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("if x != 5", "if x is not five"),
        ("if x!=5", "if x is not five"),
        ("if (x !== 5)", "if, x is not five"),
        ("a != b", "a is not b"),
        ("如果3!=4", "如果三不等于四"),
        ("如果3！=4", "如果三不等于四"),
        ("3!==6", "三不等于六"),
        ("5!=120", "五。等于一百二十"),
        ("5!=5×4×3×2×1", "五。等于五乘四乘三乘二乘一"),
        ("2!=1+1", "二。等于一加一"),
        ("Yes!=>no", "Yes. no"),
    ],
)
def test_unequal_is_not_read_as_equal(text: str, spoken: str) -> None:
    """Behind a number it is a factorial if that is true, or may be."""
    assert prepare(text).text == spoken


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Due 3/4/24", "Due March fourth, twenty twenty four"),
        (
            "Due 12/25/24, born 25/12/88",
            "Due December twenty fifth, twenty twenty four, born December twenty fifth, nineteen eighty eight",
        ),
        ("截止3/4/24", "截止二零二四年三月四日"),
        ("12/25/24", "二零二四年十二月二十五日"),
        ("他活了1000年", "他活了一千年"),
        ("1500年前", "一千五百年前"),
        ("一共1800年", "一共一千八百年"),
        ("公元1000年，1800年5月，始于1500年", "公元一零零零年，一八零零年五月，始于一五零零年"),
        ("2000年毕业，到了2000年，等了2000年，2000年前", "二零零零年毕业，到了二零零零年，等了两千年，两千年前"),
        ("1900年和1998年，1800年代", "一九零零年和一九九八年，一八零零年代"),
        ("他1800年出生。1600年，战争爆发", "他一八零零年出生。一六零零年，战争爆发"),
        ("13800000000元", "一百三十八亿元"),
        ("13800138000 people", "thirteen billion eight hundred million one hundred thirty eight thousand people"),
        ("联系13800138000个人号码", "联系幺三八零零幺三八零零零个人号码"),
        ("共1,000,000,000,000元", "共一万亿元"),
        ("共12,345,678,901,234元", "共十二万三千四百五十六亿七千八百九十万一千二百三十四元"),
        ("共1,000,000,000,010元，100,000,010", "共一万亿零一十元，一亿零一十"),
        ("1,000,000,000,000 stars", "one trillion stars"),
        ("80s music, 80s later", "eighties music, eighty seconds later"),
    ],
)
def test_what_could_be_two_things_is_the_likelier(text: str, spoken: str) -> None:
    assert prepare(text).text == spoken


def test_a_large_number_with_commas_says_its_value() -> None:
    chance = random.Random(11)
    for number in (10**12, 10**14 + 1, 10**15 - 1, *(chance.randrange(10**12, 10**15) for _ in range(500))):
        assert chinese_value(Chinese().number(f"{number:,}")) == number
        assert english_value(English().number(f"{number:,}")) == number
