"""The worker: `python -m chorus_cosyvoice --uri unix:///path/to.sock --device cuda:0 --model DIR`."""

import os
import sys

from chorus_cosyvoice.device import show_only
from chorus_cosyvoice.engine import CosyVoiceEngine
from chorus_worker import serve

if __name__ == "__main__":
    serve(CosyVoiceEngine, show_only(sys.argv[1:], os.environ))
