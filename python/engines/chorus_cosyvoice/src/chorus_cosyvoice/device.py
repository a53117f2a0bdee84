"""Which card CosyVoice uses: it takes the first that it sees, and cannot be told another. So it is shown but one."""

import argparse
import re
from collections.abc import MutableMapping, Sequence

VISIBLE = "CUDA_VISIBLE_DEVICES"


def show_only(argv: Sequence[str], environment: MutableMapping[str, str]) -> list[str]:
    """Hides all cards but the one that `--device` names, or all of them for `cpu`.

    Must be called before anything uses CUDA. Ends the process with status 2 if there is no such card in
    `CUDA_VISIBLE_DEVICES`.

    Returns:
        the command line as it is right from now on: the only card is `cuda:0`.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--device", default="cpu")
    known, others = parser.parse_known_args(argv)
    device: str = known.device
    if device == "cpu":
        environment[VISIBLE] = ""
    elif card := re.fullmatch(r"cuda:([0-9]+)", device):
        number = int(card[1])
        shown = environment[VISIBLE].split(",") if VISIBLE in environment else None
        if shown is not None and number >= len(shown):
            parser.error(f"there is no {device}: {VISIBLE} is {environment[VISIBLE]!r}; count from 0 within it")
        environment[VISIBLE] = shown[number].strip() if shown is not None else str(number)
        device = "cuda:0"
    return [*others, "--device", device]
