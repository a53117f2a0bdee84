#!/usr/bin/env bash
# Installs what Chorus needs and does not find: Debian packages, by name. Does nothing, quickly, when all is there.
# Usage: scripts/setup.sh [serve|chattts|test]
set -euo pipefail

readonly purpose=${1:-serve}
readonly swift_minimum=6.2

# Each package, and what it is for.
needs=(
    "libavcodec-dev encodes mp3, opus, aac and flac"
    "libavformat-dev wraps them in their containers"
    "libavutil-dev what those two share"
    "libswresample-dev changes sample rates"
    "libsonic-dev changes the speed of speech and keeps its pitch"
    "libicu-dev finds the ends of sentences"
    "libespeak-ng-dev the built-in engine"
    "espeak-ng-data its voices"
    "libssl-dev digests"
    "pkg-config tells the compiler where libraries are"
)
if [[ $purpose == test ]]; then
    needs+=(
        "espeak-ng what our espeak engine is compared with"
        "ffmpeg decodes every format that we encode"
        "curl a client that everybody has"
        "openssl makes certificates for the tests of HTTPS"
    )
fi
if [[ $purpose != serve ]]; then
    needs+=("python3-venv ChatTTS and the client tests are Python")
fi

fail() {
    printf 'setup: %s\n' "$1" >&2
    exit 1
}

check_swift() {
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p') || true
    [[ -n $version ]] || fail "Swift is not installed. Get $swift_minimum or later from https://www.swift.org/install/linux/"
    [[ $(printf '%s\n' "$swift_minimum" "$version" | sort --version-sort | head -n 1) == "$swift_minimum" ]] \
        || fail "Swift $version is too old. Get $swift_minimum or later from https://www.swift.org/install/linux/"
}

list() {
    local need
    for need in "$@"; do printf '  %-18s %s\n' "${need%% *}" "${need#* }"; done
}

is_installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    else
        command -v sudo >/dev/null || fail "installing packages needs root, and there is no sudo. Run as root: $*"
        echo "setup: with sudo: $*"
        sudo "$@"
    fi
}

install_missing() {
    local need missing=()
    for need in "${needs[@]}"; do
        is_installed "${need%% *}" && continue
        ((${#missing[@]})) || echo "setup: these packages are missing and will be installed:"
        list "$need"
        missing+=("${need%% *}")
    done
    ((${#missing[@]})) || return 0
    as_root apt-get update --quiet --quiet
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends "${missing[@]}"
}

check_swift
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian or Ubuntu. Install what these Debian packages contain:" >&2
    list "${needs[@]}" >&2
    fail "then build and run without make: swift build -c release && .build/release/chorus serve"
fi
install_missing
