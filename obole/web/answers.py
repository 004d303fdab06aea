"""The answer where Fava cannot do what it was asked: a sentence, never a traceback, on the page or the terminal.

Fava answers most wrong requests itself; some it only notices when Python does (a pattern that is none, a page before
the first), and what it refuses as JSON it writes to the terminal with a traceback.
"""

import logging
from http import HTTPStatus

from fava.helpers import FavaAPIError
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from ledger.languages import speaking, spoken
from obole.words import _

_API = "json_api"  # Fava's blueprint
_log = logging.getLogger(__name__)


def answer_in_sentences(fava: Flask) -> None:
    """Let each request that Fava cannot answer end in a sentence, in the language of who starts the server."""
    language = spoken()

    def refused(error: FavaAPIError) -> Response:
        return _in_json(error.message)

    def unreadable(error: OSError) -> Response:
        return _in_json(error.strerror or type(error).__name__)

    def broken(error: Exception) -> AnyResponse | HTTPException:
        if isinstance(error, HTTPException):
            return error
        with speaking(language):
            said = _("This cannot be answered as it was asked ({cause}); correct the address, or begin at /.")
            told = said.format(cause=type(error).__name__)
        _log.warning("%s: %s", request.path.encode("unicode_escape").decode(), told)
        if request.blueprint == _API:
            return _in_json(told)
        return Response(told, HTTPStatus.BAD_REQUEST, content_type="text/plain; charset=utf-8")

    handlers = fava.error_handler_spec[_API][None]
    handlers[FavaAPIError] = refused
    handlers[OSError] = unreadable
    fava.register_error_handler(Exception, broken)


def _in_json(message: str) -> Response:
    response = jsonify({"error": message})
    response.status_code = HTTPStatus.BAD_REQUEST
    return response
