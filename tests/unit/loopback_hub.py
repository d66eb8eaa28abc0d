"""A small Hugging Face hub, and any other file, on the loopback address; it can break off, corrupt and refuse."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """`files` by path: data set files as NAME/FILE, at revision COMMIT and main, and others by their whole path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks = 0  # so many downloads end after half of the bytes
        self.corrupt = False  # one byte of each download is another
        self.refuse = 0  # an HTTP status for all requests
        self.gets: list[tuple[str, str | None]] = []  # path and Range of each download
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                hub._answer(self, False)

            def do_GET(self) -> None:
                hub._answer(self, True)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler, body: bool) -> None:
        path = request.path
        if found := re.fullmatch(r"/datasets/(.+)/resolve/([^/]+)/(.+)", path):
            name, revision, file = found.groups()
            path = f"{name}/{file}" if revision in (COMMIT, "main") else ""
        content = self.files.get(path)
        if self.refuse or content is None:
            request.send_response(self.refuse or 404)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        start = 0
        if body:
            asked = request.headers.get("Range")
            self.gets.append((path, asked))
            start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        request.send_response(206 if start else 200)
        request.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        request.send_header("X-Repo-Commit", COMMIT)
        request.send_header("Content-Length", str(len(content) - start))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.end_headers()
        if not body:
            return
        sent = content[start:]
        if self.corrupt:
            sent = sent[:-1] + bytes([sent[-1] ^ 1])
        if self.breaks:
            self.breaks -= 1
            request.wfile.write(sent[: len(sent) // 2])
            request.close_connection = True
            return
        request.wfile.write(sent)
