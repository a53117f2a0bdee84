"""Random weights of ChatTTS's form, under the genuine `Chat`."""

import json
from pathlib import Path
from typing import Any

import ChatTTS
import numpy as np
import pytest
import torch

from chorus_chattts import synthetic
from chorus_chattts.assets import FILES
from chorus_chattts.synthetic import apply_configuration, write_assets
from chorus_chattts.synthetic_tokenizer import SPECIAL_TOKENS

GENUINE_PARAMETERS = 279_657_740
"""Of the released model, in the modules that ChatTTS keeps."""


def hashes(directory: Path) -> dict[str, str]:
    return dict(json.loads((directory / "synthetic.json").read_text())["sha256"])


def load(directory: Path) -> Any:
    """ChatTTS's own `Chat`, which checks the files against its list of hashes: here the one that they came with."""
    apply_configuration(directory)
    chat = ChatTTS.Chat()
    chat.sha256_map = {
        f"sha256_{file}".replace("/", "_").replace(".", "_"): digest for file, digest in hashes(directory).items()
    }
    assert chat.load(source="custom", custom_path=str(directory), device=torch.device("cpu"))
    return chat


def speak(chat: Any, text: str, **parameters: Any) -> list[np.ndarray[Any, Any]]:
    """The chunks of `Chat.infer`, as a stream: otherwise it drops samples that are nearly 0 from everywhere."""
    code = chat.InferCodeParams(show_tqdm=False, pass_first_n_batches=0, **parameters)
    stream = chat.infer([text], stream=True, split_text=False, skip_refine_text=True, params_infer_code=code)
    return [chunk[0] for chunk in stream]


@pytest.fixture(scope="module")
def chat(tiny_assets: Path) -> Any:
    return load(tiny_assets)


@pytest.fixture(scope="module")
def endless_chat(tmp_path_factory: pytest.TempPathFactory) -> Any:
    directory = tmp_path_factory.mktemp("endless")
    write_assets(directory, "tiny", end_of_speech=False)
    return load(directory)


@pytest.mark.parametrize("tokens", [1, 24, 50])
def test_the_genuine_chat_speaks_512_samples_a_token_less_256(chat: Any, tokens: int) -> None:
    samples = np.concatenate(speak(chat, "你好，世界。", min_new_token=tokens, max_new_token=tokens, manual_seed=1))
    assert 0 <= 512 * tokens - 256 - samples.size <= 16, "the last chunk lacks its samples that are nearly 0"


def test_without_a_stream_the_length_is_the_same(chat: Any) -> None:
    code = chat.InferCodeParams(show_tqdm=False, min_new_token=40, max_new_token=40, manual_seed=1)
    (samples,) = chat.infer(["你好，世界。"], split_text=False, skip_refine_text=True, params_infer_code=code)
    assert 0 <= 512 * 40 - 256 - samples.size <= 16


def test_the_sound_is_finite_audible_and_not_clipped(chat: Any) -> None:
    samples = np.concatenate(speak(chat, "Hello, world.", min_new_token=48, max_new_token=48, manual_seed=2))
    assert np.isfinite(samples).all()
    assert 0.03 < np.sqrt(np.mean(samples**2)) < 0.3
    assert np.abs(samples).max() < 1


def test_text_and_speaker_decide_what_is_heard(chat: Any) -> None:
    def sound(text: str, **parameters: Any) -> np.ndarray[Any, Any]:
        return np.concatenate(speak(chat, text, min_new_token=12, max_new_token=12, manual_seed=1, **parameters))[:5000]

    torch.manual_seed(0)
    one, other = chat.sample_random_speaker(), chat.sample_random_speaker()
    reference = sound("你好。", spk_emb=one)
    np.testing.assert_array_equal(reference, sound("你好。", spk_emb=one))
    for different in sound("再见。", spk_emb=one), sound("你好。", spk_emb=other):
        assert np.abs(reference - different).max() > 0.05


def test_speech_ends_by_itself(chat: Any) -> None:
    lengths = {sum(map(len, speak(chat, "你好。", max_new_token=100, manual_seed=seed))) for seed in range(1, 9)}
    assert min(lengths) < 90 * 512, lengths


@pytest.mark.parametrize("sampling", [{}, {"temperature": 5.0, "top_P": 1.0, "top_K": None}])
def test_without_an_end_of_speech_only_the_limit_ends_it(endless_chat: Any, sampling: dict[str, Any]) -> None:
    for seed in range(4):
        samples = np.concatenate(speak(endless_chat, "你好。", max_new_token=60, manual_seed=seed, **sampling))
        assert 0 <= 512 * 60 - 256 - samples.size <= 16, f"seed {seed}"


def test_a_recording_becomes_a_voice(chat: Any) -> None:
    wave = np.sin(np.arange(24_000) / 20).astype(np.float32)
    sample = chat.sample_audio_speaker(wave)
    assert sum(map(len, speak(chat, "你好。", min_new_token=8, max_new_token=8, spk_smp=sample, txt_smp="啊"))) > 0


def test_the_same_seed_writes_the_same_files(tiny_assets: Path, tmp_path: Path) -> None:
    write_assets(tmp_path / "again", "tiny")
    write_assets(tmp_path / "other", "tiny", seed=1)
    assert hashes(tmp_path / "again") == hashes(tiny_assets)
    changed = {file for file in FILES if hashes(tmp_path / "other")[file] != hashes(tiny_assets)[file]}
    assert changed == {file for file in FILES if file.endswith(".safetensors")}


def test_weights_of_others_are_not_overwritten(tmp_path: Path) -> None:
    precious = tmp_path / "asset/gpt/model.safetensors"
    precious.parent.mkdir(parents=True)
    precious.write_bytes(b"released weights")
    with pytest.raises(FileExistsError, match="choose another directory"):
        write_assets(tmp_path, "tiny")
    assert precious.read_bytes() == b"released weights"


def test_writing_leaves_the_random_numbers_of_others_alone(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    write_assets(tmp_path, "tiny")
    assert torch.equal(torch.rand(4), expected)


def test_full_has_the_genuine_sizes() -> None:
    sizes = {}
    for file, make in synthetic._modules(synthetic._genuine_config(), end_of_speech=False):
        large = file in ("asset/Embed.safetensors", "asset/gpt/model.safetensors")
        with torch.no_grad(), torch.device("meta" if large else "cpu"):
            sizes[file] = sum(each.numel() for each in make().parameters())
    thrown_away = synthetic.LLAMA_VOCABULARY * 768
    assert sum(sizes.values()) == GENUINE_PARAMETERS + thrown_away
    assert sizes["asset/gpt/model.safetensors"] == 188_775_168 + thrown_away


def test_the_tokenizer_knows_control_tokens_by_their_genuine_ids(chat: Any) -> None:
    tokenizer = chat.tokenizer._tokenizer
    assert tokenizer.convert_tokens_to_ids(list(SPECIAL_TOKENS)) == list(range(21_128, 21_178))
    assert len(tokenizer) == 21_178
    assert tokenizer.convert_tokens_to_ids(["[Sasr]", "[spk_emb]", "[break_0]", "[speed_9]"]) == [
        21128,
        21143,
        21147,
        21177,
    ]


def test_each_chinese_character_is_a_token_of_its_own(chat: Any) -> None:
    tokenizer = chat.tokenizer._tokenizer
    ids = tokenizer("[Stts][spk_emb]你好[uv_break]龥，Cat[Ptts]", add_special_tokens=False)["input_ids"]
    assert len(ids) == 2 + 2 + 1 + 2 + 3 + 1
    assert len(set(ids)) == len(ids)
    assert tokenizer.unk_token_id not in ids
