#!/usr/bin/env bash
# boto3 repeats a call that Rekognition refused with LimitExceededException, though waiting brings no more of what ran out.
#
# Version:   boto3 1.42.1, botocore 1.42.1
# Date:      2026-11-29
# Behaviour: Rekognition's own model says of LimitExceededException that a service limit was exceeded, such as too many
#            jobs at a time; it answers 400 and doesn't mark it as retryable. In the retry modes `standard` and `adaptive`
#            botocore counts the name among the codes of throttling, and sends the request again, up to two times more;
#            in `legacy` it doesn't. ServiceQuotaExceededException, of the same model and status, is final in all modes.
# Seen:      requests that the server got for one call:
#            LimitExceededException        legacy 1, standard 3
#            ServiceQuotaExceededException legacy 1, standard 1
# One would have guessed that of two names for "there is no more of it" neither or both are tried again. Whoever limits by the
# month answers the second. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.42.1 botocore==1.42.1

"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

SEEN: list[str] = []
CODE = [""]


class Refusing(BaseHTTPRequestHandler):
    """Answers every request with one error."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        SEEN.append(self.headers["X-Amz-Target"])
        body = json.dumps({"__type": CODE[0], "Message": "no more"}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


server = HTTPServer(("127.0.0.1", 0), Refusing)
threading.Thread(target=server.serve_forever, daemon=True).start()


def requests(code: str, mode: str) -> int:
    """How many requests one call makes."""
    CODE[0] = code
    SEEN.clear()
    client = boto3.client(
        "rekognition",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"mode": mode}),
    )
    try:
        client.start_label_detection(Video={"S3Object": {"Bucket": "films", "Name": "film.mp4"}})
    except ClientError as error:
        assert error.response["Error"]["Code"] == code
    return len(SEEN)


seen = {
    code: {mode: requests(code, mode) for mode in ("legacy", "standard")}
    for code in ("LimitExceededException", "ServiceQuotaExceededException")
}
print(seen)
expected = {
    "LimitExceededException": {"legacy": 1, "standard": 3},
    "ServiceQuotaExceededException": {"legacy": 1, "standard": 1},
}
sys.exit(seen != expected)
PYTHON
