"""The bundle's HTTP API as an ASGI application, for servers other than Lambda's."""

import os

from isoship_lambda.app import create_app

app = create_app(os.environ.get("ISOSHIP_BUNDLE", "/srv/lambda"))
