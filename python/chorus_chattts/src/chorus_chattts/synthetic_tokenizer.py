"""The tokenizer of synthetic assets: our own words, ChatTTS's control tokens."""

from __future__ import annotations

import json
from pathlib import Path

_CONTROLS = (
    "Sasr Pasr Easr Stts Ptts Etts Sbreak Pbreak Ebreak "
    "uv_break v_break lbreak llbreak undefine laugh spk_emb empty_spk music pure"
)
_LEVELS = {"break": 8, "laugh": 3, "oral": 10, "speed": 10}

SPECIAL_TOKENS = tuple(
    f"[{name}]"
    for name in (*_CONTROLS.split(), *(f"{name}_{level}" for name, count in _LEVELS.items() for level in range(count)))
)
"""The control tokens, in the order of the genuine tokenizer: the last 50 of its ids."""

FIRST_SPECIAL_TOKEN = 21_128
"""The id of the first control token; those below are words and characters."""


def write_tokenizer(folder: Path) -> None:
    """Writes a word-piece tokenizer that knows each Chinese character, and spells everything else in letters.

    The control tokens have their genuine ids. English needs one token a letter, about four times the genuine number.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    roles = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = [
        *roles.values(),
        *map(chr, range(0x4E00, 0xA000)),
        *letters,
        *(f"##{letter}" for letter in letters),
        *"，。、,. ",
    ]
    words += (f"[unused{number}]" for number in range(FIRST_SPECIAL_TOKEN - len(words)))
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=roles["unk_token"]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([*roles.values(), *SPECIAL_TOKENS])
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {**roles, "additional_special_tokens": list(SPECIAL_TOKENS)}
    configuration = {**special, "tokenizer_class": "BertTokenizer", "do_lower_case": True}
    for name, content in ("special_tokens_map", special), ("tokenizer_config", configuration):
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
