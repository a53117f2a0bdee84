#!/usr/bin/env bash
# Says what the ChatTTS engine lacks on this machine, as `chorus doctor` wants to hear it. Usage: chattts-doctor.sh DEVICE
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ! -e .venv-chattts/ready ]]; then
    printf '[{"check": "environment", "ok": false, "detail": "%s", "remedy": "%s"}]\n' \
        '.venv-chattts, with ChatTTS in it, has not been made' 'scripts/chattts.sh'
    exit 1
fi
exec .venv-chattts/bin/python -m chorus_chattts --doctor --device "$1"
