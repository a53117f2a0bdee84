#!/usr/bin/env bash
# Makes .venv-chattts, the Python environment of the ChatTTS engine and its tests. Does nothing, quickly, when all is there.
# Usage: scripts/chattts.sh    (PYTHON=python3.12 chooses another Python than python3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly python=${PYTHON:-python3}
readonly venv=.venv-chattts
readonly package=python/chorus_chattts
readonly cpu_wheels=https://download.pytorch.org/whl/cpu

fail() {
    printf 'chattts: %s\n' "$1" >&2
    exit 1
}

check_python() {
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
        || fail "$python is not Python 3.11, 3.12 or 3.13. Name one that is: PYTHON=python3.12 $0"
    "$python" -c 'import ensurepip' 2>/dev/null \
        || fail "$python cannot make environments. As root: apt-get install python3-venv"
}

has_gpu() {
    [[ -e /proc/driver/nvidia/version ]] || command -v nvidia-smi >/dev/null
}

# Every file that a package may come as is named by its hash, also the tool that builds those that come as sources.
install() {
    "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes --no-build-isolation --use-pep517 "$@"
}

# Whether this machine has the CPU build of torch already, where pip was told to look (PIP_FIND_LINKS).
has_cpu_wheel() {
    install --quiet --dry-run --no-deps --no-index --requirement "$package/requirements-cpu.txt" 2>/dev/null
}

install_packages() {
    local sources=()
    if ! has_gpu && ! has_cpu_wheel; then sources=(--extra-index-url "$cpu_wheels"); fi
    install --quiet --requirement <(sed -n '/^setuptools==/,/[^\\]$/p' "$package/requirements.txt")
    install "${sources[@]}" "${locks[@]/#/--requirement=}"
}

# torchaudio's compiled library wants CUDA's even where there is no GPU, and then `import torchaudio` fails. Without that library it
# is Python throughout, and ChatTTS needs no more.
remove_torchaudio_library() {
    rm -f "$1"/torchaudio/lib/*.so
}

# Our own packages are used from where they are.
add_our_packages() {
    printf '%s\n' "$PWD/python/chorus_worker/src" "$PWD/$package/src" >"$1/chorus.pth"
}

if has_gpu; then build=cuda; else build=cpu; fi
locks=("$package/requirements.txt" "$package/requirements-$build.txt")
made_from=$(sha256sum "$0" "${locks[@]}")
if [[ -e $venv/ready && $(<"$venv/ready") == "$made_from" ]]; then exit; fi

check_python
echo "Installing ChatTTS and what it needs into $venv ($build build)"
"$python" -m venv --clear "$venv"
install_packages
site_packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
remove_torchaudio_library "$site_packages"
add_our_packages "$site_packages"
printf '%s\n' "$made_from" >"$venv/ready"
