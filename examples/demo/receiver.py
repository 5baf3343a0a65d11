"""A pager for the demonstration: prints what it is sent, and keeps nothing. It stands for what wakes people, and for what they mend."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pager(BaseHTTPRequestHandler):
    """Takes pages as JSON, and says to whom they went. Of numbers it says that they are not in service."""

    def do_POST(self) -> None:
        """Print one page, or that it is refused."""
        page = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = str(page.get("text", "")).splitlines()
        to = str(page.get("to", ""))
        is_refused = to.startswith("+")
        said = "refused, not in service" if is_refused else "\n            ".join(text if "mail" in to else text[:1])
        print(f"    [pager] {to}: {said}" if to else f"    [cluster] {json.dumps(page.get('body', page))}", flush=True)
        self.send_response(422 if is_refused else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"error": "this number is not in service"}' if is_refused else b"{}")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing else."""


def main() -> None:
    """Listen on a free port of the loopback, say which, and serve until ended."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pager)
    print(server.server_address[1], file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
