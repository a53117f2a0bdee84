"""The worker: `python -m chorus_chattts --uri unix:///path/to.sock --device cpu`."""

from chorus_chattts.engine import ChatTTSEngine
from chorus_worker import serve

if __name__ == "__main__":
    serve(ChatTTSEngine)
