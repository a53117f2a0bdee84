"""The engine in Flask, for gunicorn: `gunicorn flask_engine:app`."""

import engine
from flask import Flask, Response, request

app = Flask(__name__)


def speech() -> Response:
    """OpenAI's route, as far as the comparison needs it."""
    return Response(engine.speak(request.get_json()["input"]), mimetype="audio/pcm")


app.add_url_rule("/v1/audio/speech", view_func=speech, methods=["POST"])
