"""What CosyVoice needs and this machine lacks. Nothing heavy is imported to find out."""

from importlib.util import find_spec
from pathlib import Path

from chorus_worker import Finding

IMPORTS = (
    "diffusers",
    "hyperpyyaml",
    "inflect",
    "librosa",
    "modelscope",
    "onnxruntime",
    "pyworld",
    "soundfile",
    "torch",
    "torchaudio",
    "transformers",
    "whisper",
    "x_transformers",
)
"""Those of its requirements that serving cannot do without and that few machines have already."""

CONFIGURATIONS = ("cosyvoice.yaml", "cosyvoice2.yaml", "cosyvoice3.yaml")
"""One of them is in the directory of every model; it says which version it is."""

_CLONE = "git clone --recursive https://github.com/FunAudioLLM/CosyVoice"
_PATH = "export PYTHONPATH=$PWD/CosyVoice:$PWD/CosyVoice/third_party/Matcha-TTS"


def findings(model: str | None, voices: Path) -> list[Finding]:
    """What was looked for, and what was found.

    Args:
        model: a directory, or a name at ModelScope; None: nobody said.
        voices: the directory of recordings.
    """
    return [_cosyvoice(), _matcha(), _requirements(), _model(model), _voices(model, voices)]


def _cosyvoice() -> Finding:
    spec = find_spec("cosyvoice")
    for place in (spec.submodule_search_locations or []) if spec else []:
        if Path(place, "cli", "cosyvoice.py").is_file():
            return Finding("CosyVoice can be imported", True, place)
    detail = "it is not in PYTHONPATH; it has no package that could be installed"
    return Finding("CosyVoice can be imported", False, detail, f"{_CLONE} && {_PATH}")


def _matcha() -> Finding:
    check = "Matcha-TTS can be imported"
    if find_spec("matcha"):
        return Finding(check, True, "it is in PYTHONPATH")
    detail = "third_party/Matcha-TTS of CosyVoice's repository is not in PYTHONPATH"
    return Finding(check, False, detail, f"git -C CosyVoice submodule update --init --recursive && {_PATH}")


def _requirements() -> Finding:
    check = "what CosyVoice imports is installed"
    missing = [name for name in IMPORTS if not find_spec(name)]
    if not missing:
        return Finding(check, True, ", ".join(IMPORTS))
    return Finding(check, False, f"missing: {', '.join(missing)}", "pip install -r CosyVoice/requirements.txt")


def _model(model: str | None) -> Finding:
    check = "the model is here"
    name, place = "FunAudioLLM/Fun-CosyVoice3-0.5B-2512", model or "Fun-CosyVoice3-0.5B"
    get = f"snapshot_download('{name}', local_dir='{place}')"
    remedy = f'python3 -c "from modelscope import snapshot_download; {get}"'
    if model is None:
        return Finding(check, False, "nobody said where", f"{remedy}; then give --model {place}")
    if not Path(model).is_dir():
        return Finding(check, False, f"{model} is no directory, so CosyVoice would download it while loading", remedy)
    if found := [file for file in CONFIGURATIONS if Path(model, file).is_file()]:
        return Finding(check, True, f"{model}/{found[0]}")
    return Finding(check, False, f"{model} has none of {', '.join(CONFIGURATIONS)}", remedy)


def _voices(model: str | None, voices: Path) -> Finding:
    check = "there is a voice"
    if model is not None and Path(model, "spk2info.pt").is_file():
        return Finding(check, True, f"{model}/spk2info.pt")
    if names := sorted(file.stem for file in voices.glob("*.wav")):
        return Finding(check, True, f"{voices}: {', '.join(names)}")
    remedy = f"put a recording, NAME.wav, and what is said in it, NAME.txt, into {voices}"
    return Finding(check, False, "the model has no speakers of its own, and there is no recording", remedy)
