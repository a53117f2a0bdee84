"""What callers write becomes what ChatTTS can speak, and nothing is lost in silence."""

import random
import re
from importlib import resources

import pytest

from chorus_chattts.text import MAX_QUOTED, SpeakableText, Tokens, prepare
from chorus_chattts.text.stretches import _PIECE
from chorus_worker import NothingToSay

CHINESE = {
    "价格：￥100！真的？": "价格，一百元。真的。",
    "2024年5月1日": "二零二四年五月一日",
    "2024年2月2日": "二零二四年二月二日",
    "截止2024/5/1或2024-05-01": "截止二零二四年五月一日或二零二四年五月一日",
    "会议13:30开始，10:30-11:00休息": "会议十三点三十分开始，十点三十分到十一点休息",
    "下午2点见，第2个人": "下午两点见，第二个人",
    "增长50%，从5%-10%": "增长百分之五十，从百分之五到百分之十",
    "气温-3.5℃": "气温负三点五摄氏度",
    "完成了1/2": "完成了二分之一",
    "买3kg苹果": "买三千克苹果",
    "时速100km/h。": "时速每小时一百公里。",
    "共1,000,000人": "共一百万人",
    "售价$1,234.56": "售价一千二百三十四点五六美元",
    "9.9元/月": "九点九元每月",
    "电话010-12345678": "电话零幺零幺二三四五六七八",
    "手机13812345678": "手机幺三八幺二三四五六七八",
    "尾号1234": "尾号幺二三四",
    "身份证110101199001011234": "身份证一一零一零一一九九零零一零一一二三四",
    "第3-5章，6月1日-7日": "第三到五章，六月一日到七日",
    "比分3-2": "比分三比二",
    "7×24小时": "七乘二十四小时",
    "1+1=2": "一加一等于二",
    "2^10": "二的十次方",
    "版本1.2.3，IP是192.168.0.1": "版本一点二点三，IP是一九二点一六八点零点一",
    "5G网络，A4纸，GPT-4很强": "五G网络，A四纸，GPT 四很强",
    "用Python 3.11 写，在Windows10上": "用Python 三点一一写，在Windows十上",
    "二〇二四年": "二零二四年",
    "他是No.1": "他是第一",
    "我买了3个apple，花了$20": "我买了三个apple, 花了二十美元",
    "我的iPhone 15 Pro很好": "我的iPhone fifteen Pro很好",
    "请联系me@example.com。": "请联系me at example dot com.",
    "你好……世界——再见": "你好。世界，再见",
    "“真的吗？！”他问，《红楼梦》": "真的吗。他问，红楼梦",
    "【注意】（见下）": "注意，见下",
    "约翰·史密斯，男/女": "约翰史密斯，男、女",
    "啊，這個嘛，他說去哪儿": "啊，這個嘛，他說去哪儿",
    "3个啊": "三个啊",
    "第一行\n第二行": "第一行，第二行",
    "购物清单\n苹果\n香蕉": "购物清单，苹果，香蕉",
    "１２３": "一百二十三",
    "$5": "五美元",
}

ENGLISH = {
    "Dr. Smith came 3rd.": "Doctor Smith came third.",
    "It costs $1,234.56.": "It costs one thousand two hundred thirty four dollars and fifty six cents.",
    "On May 1, 2024 we met": "On May first, twenty twenty four we met",
    "on 3 March 2024 and Jan. 5th": "on the third of March twenty twenty four and January fifth",
    "It's 3:30 p.m. now, see you at 9 a.m.": "Its three thirty PM now, see you at nine AM.",
    "the 1990s, the 1900s and the '90s": "the nineteen nineties, the nineteen hundreds and the nineties",
    "version 2.0": "version two point oh",
    "iPhone 15 Pro": "iPhone fifteen Pro",
    "100km/h": "one hundred kilometers per hour",
    "3 kg, 3 m, 5 m/s": "three kilograms, three meters, five meters per second",
    "50% off, 5%-10%": "fifty percent off, five percent to ten percent",
    "pages 3-5, or 3~5": "pages three to five, or three to five",
    "$10k, $1.5 million, $5/month": "ten thousand dollars, one point five million dollars, five dollars per month",
    "2½ cups": "two and a half cups",
    "It is -3.5°C": "It is minus three point five degrees Celsius",
    "Call (555) 123-4567": "Call five five five, one two three, four five six seven",
    "from 1914-1918": "from nineteen fourteen to nineteen eighteen",
    "x² and 2^10": "x squared and two to the power of ten",
    "GPT-4, COVID-19, MP3": "GPT four, COVID nineteen, MP three",
    "No. 5": "number five",
    "Mr. and Mrs. Li vs. AT&T": "Mister and Missis Li versus AT and T",
    "cats, dogs, etc. are here, e.g. ours": "cats, dogs, et cetera are here, for example ours",
    "the U.S.A.": "the USA",
    "Sun is up. Hi, ME. Yes, OK": "Sun is up. Hi, ME. Yes, OK",
    "C# and C++ on node.js": "C sharp and C plus plus on node dot js",
    "see https://www.example.com": "see www dot example dot com",
    "I don’t know…": "I dont know.",
    "naïve café, Straße, ﬁne": "naive cafe, Strasse, fine",
    "state-of-the-art wi-fi - really": "state of the art wi fi, really",
    "# Title\n\n* **bold** _it_": "Title, bold it",
    "H₂O": "H two O",
    "𝐇𝐞𝐥𝐥𝐨 ＡＢＣ": "Hello ABC",
    "Acme™ “quoted”": "Acme quoted",
    "I live in 北京 and have 3 cats": "I live in 北京 and have three cats",
    "hello [ world": "hello, world",
    "[see below]": "see below",
}

TOKENS = {
    "你好[laugh]世界": "你好[laugh]世界",
    "我有[uv_break]3个[lbreak]": "我有[uv_break]三个[lbreak]",
    "[oral_2][break_7][laugh_0]hi 2[v_break][llbreak]": "[oral_2][break_7][laugh_0]hi two[v_break][llbreak]",
    "Hello! [laugh] 3": "Hello. [laugh] three",
    "［laugh］hm": "[laugh]hm",
    "[LAUGH] [laugh_3] ha": "LAUGH, laugh three, ha",
}

FORBIDDEN = [
    *("[Sasr]", "[Pasr]", "[Easr]", "[Stts]", "[Ptts]", "[Etts]", "[Sbreak]", "[Pbreak]", "[Ebreak]", "[spk_emb]"),
    *("[empty_spk]", "[undefine]", "[music]", "[pure]", "[speed_0]", "[speed_9]"),
]

SPEAKABLE = re.compile(
    r"(?:[\u4e00-\u9fffA-Za-z，。、,. ]|\[(?:laugh(?:_[0-2])?|u?v_break|ll?break|oral_[0-9]|break_[0-7])\])+"
)

NASTY = [
    *["[", "]", "［", "］", "Ptts", "[Ptts]", "[Ebreak]", "laugh", "[laugh]", "uv_break", "oral_2", "[oral_2]"],
    *["\u200b", "\u0301", "\ufe0f", "\u200d", "\x00", "\ud800", "\U000e0041"],
    *"😀👨ةのが𠀀々你好啊個年月日个第号aBéﬁ½²①0129.,-/:%‰$￥°℃μ \n'\"\\^*#&@~…—=<>+±×_{}|，。、？！（）",
    *["мир", "가나", "km", "m", "kg", "st", "May ", "No.", "https://", "12", "2024", "1,234"],
]

NOTHING = ["", "  \n", "?!", "😀", "Привет", "[uv_break]", "[oral_2][lbreak]。", "[Ptts]", "\u200b", "\ud800"]


@pytest.fixture(scope="module")
def fuzzed() -> list[tuple[str, bool, SpeakableText]]:
    """1,000 texts made of what goes wrong somewhere, with and without numbers, if they have something to say."""
    seed = 20240501
    print("seed", seed)
    chance = random.Random(seed)
    prepared: list[tuple[str, bool, SpeakableText]] = []
    for _ in range(1000):
        text = "".join(chance.choices(NASTY, k=chance.randint(1, 24)))
        for normalize in (True, False):
            try:
                prepared.append((text, normalize, prepare(text, normalize=normalize, tokens="all")))
            except NothingToSay:
                continue
    assert len(prepared) > 1500
    return prepared


@pytest.mark.parametrize(("text", "spoken"), [*CHINESE.items(), *ENGLISH.items(), *TOKENS.items()])
def test_a_text_is_read_as_a_person_reads_it(text: str, spoken: str) -> None:
    assert prepare(text, tokens="all") == SpeakableText(spoken, "")


@pytest.mark.parametrize(
    ("tokens", "spoken", "dropped"),
    [
        ("all", "[uv_break]a[laugh]b[lbreak][oral_2] c[break_7][laugh_0]", "[speed_1] [Stts]"),
        ("sounds", "[uv_break]a[laugh]b[lbreak] c", "[oral_2] [speed_1] [Stts] [break_7] [laugh_0]"),
        ("none", "a b c", "[uv_break] [laugh] [lbreak] [oral_2] [speed_1] [Stts] [break_7] [laugh_0]"),
    ],
)
def test_the_tokens_of_a_text_reach_the_model_as_far_as_they_may(tokens: Tokens, spoken: str, dropped: str) -> None:
    text = "[uv_break]a[laugh]b[lbreak][oral_2][speed_1][Stts]c[break_7][laugh_0]"
    assert prepare(text, tokens=tokens) == SpeakableText(spoken, dropped)


def test_a_text_has_pauses_and_laughs_unless_they_are_turned_off() -> None:
    assert prepare("[laugh]好[oral_2]") == prepare("[laugh]好[oral_2]", tokens="sounds")
    with pytest.raises(NothingToSay):
        prepare("[laugh]", tokens="none")


@pytest.mark.parametrize(
    ("text", "spoken", "dropped"),
    [
        ("Hi 😀 мир", "Hi", "😀 мир"),
        ("こんにちは世界", "世界", "こんにちは"),
        ("𠀀一々二가나", "一二", "𠀀 々 가나"),
        ("👨‍👩‍👧 family ❤️!", "family.", "👨‍👩‍👧 ❤️"),
        ("ok สวัสดี", "ok", "สวัสดี"),
        ("你😀好", "你好", "😀"),
        ("[Stts]hi[speed_5]", "hi", "[Stts] [speed_5]"),
        ("zero\u200bwidth\x07 and \ud800", "zerowidth and", ""),
    ],
)
def test_what_cannot_be_spoken_is_listed_in_order(text: str, spoken: str, dropped: str) -> None:
    assert prepare(text) == SpeakableText(spoken, dropped)


def test_without_normalizing_numbers_are_dropped_and_said_to_be() -> None:
    assert prepare("价格：￥1,234.56！涨50%", normalize=False) == SpeakableText("价格。涨", "￥1,234.56 50%")
    assert prepare("Dr. No & I [laugh]", normalize=False) == SpeakableText("Dr. No and I [laugh]", "")


@pytest.mark.parametrize("text", NOTHING)
def test_a_text_with_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(NothingToSay, match=r"Nothing of .* can be spoken: ChatTTS speaks Chinese and English words"):
        prepare(text)


def test_a_refusal_quotes_a_bounded_part_and_says_what_would_help() -> None:
    with pytest.raises(NothingToSay) as refused:
        prepare("12 " * 1000, normalize=False)
    assert "numbers only when they are normalized" in str(refused.value)
    assert len(str(refused.value)) < MAX_QUOTED + 150


def test_a_laugh_is_something_to_say() -> None:
    assert prepare("[laugh]") == SpeakableText("[laugh]", "")
    assert prepare("[uv_break][laugh_1]", tokens="all").text == "[uv_break][laugh_1]"


@pytest.mark.parametrize("token", FORBIDDEN)
def test_no_disguise_smuggles_a_structural_token(token: str) -> None:
    name = token[1:-1]
    disguises = [
        token,
        f"［{name}］",
        f"[{token}{name}]",
        f"[{name[0]}\u200b{name[1:]}]",
        f"[{name}\u0301]",
        f"[{name}\x00]",
        f"[{name}😀]",
        f"[[laugh]{name}]",
        f"[{name[:2]}{token}{name[2:]}]",
        f"[lau{token}gh]",
        f"[laugh{token}]",
    ]
    for disguise in disguises:
        spoken = prepare(f"hi {disguise} there", tokens="all").text
        assert SPEAKABLE.fullmatch(spoken), disguise
        assert token not in spoken


def test_whatever_is_written_only_speakable_characters_are_left(fuzzed: list[tuple[str, bool, SpeakableText]]) -> None:
    for text, normalize, prepared in fuzzed:
        assert SPEAKABLE.fullmatch(prepared.text), (text, normalize)


def test_a_prepared_text_stays_as_it_is(fuzzed: list[tuple[str, bool, SpeakableText]]) -> None:
    for text, normalize, prepared in fuzzed:
        assert prepare(prepared.text, normalize=False, tokens="all") == SpeakableText(prepared.text, ""), (
            text,
            normalize,
        )


def test_words_are_neither_lost_nor_dropped(fuzzed: list[tuple[str, bool, SpeakableText]]) -> None:
    """Chinese characters of the text come out in order, between what is read for the rest."""
    for text, normalize, prepared in fuzzed:
        if not normalize:
            characters = re.findall("[你好啊個年月日个第号]", text)
            assert re.findall("[你好啊個年月日个第号]", prepared.text) == characters, text


def test_chattts_deletes_nothing_of_a_prepared_text(fuzzed: list[tuple[str, bool, SpeakableText]]) -> None:
    from ChatTTS.norm import Normalizer

    normalizer = Normalizer(str(resources.files("ChatTTS") / "res" / "homophones_map.json"))
    texts = [prepare(text, tokens="all").text for text in [*CHINESE, *ENGLISH, *TOKENS]]
    for text in [*texts, *(prepared.text for *_, prepared in fuzzed)]:
        assert normalizer(text, False, False, None) == text
    assert normalizer("价格100", False, False, None) == "价格"  # It would have deleted.


@pytest.mark.parametrize("sign", ["+", "-+", ".:", "@"])
def test_a_run_of_signs_is_looked_at_once(sign: str) -> None:
    """In one piece: sign by sign, each would look for a letter in all that follow it."""
    assert len(_PIECE.findall(sign * 4000)) == 1


def test_a_row_of_one_sign_is_said_once_and_a_pair_twice() -> None:
    assert prepare("真的%%%%%%，是").text == "真的百分号，是"
    assert prepare("why &&&& not").text == "why and not"
    assert prepare("&&").text == "和和"
