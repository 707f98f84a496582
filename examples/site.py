"""Serves the made-up site of crawler.py on this machine, and runs the command behind it with its address, or until Ctrl-C."""

import contextlib
import http.server
import subprocess
import sys
import threading


class Site(http.server.BaseHTTPRequestHandler):
    """Page 7 is at /7."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = self.path[1:]
        page = int(name) if name.isdecimal() else None
        is_there = page is not None and page < 60
        links = [0, page + 1, page * 7 % 64, page * 13 % 61] if is_there else []
        body = "".join(f"<a href=/{link}>{link}</a>\n" for link in links).encode()
        self.send_response(200 if is_there else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Every request would be a line."""


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
address = f"http://127.0.0.1:{server.server_port}/0"
command = sys.argv[1:]
threading.Thread(target=server.serve_forever, daemon=True).start()
if command:
    child = subprocess.Popen([*command, address])
    # At Ctrl-C the command is interrupted, too, and says what it found.
    with contextlib.suppress(KeyboardInterrupt):
        child.wait()
    sys.exit(child.wait())
print(address, flush=True)
with contextlib.suppress(KeyboardInterrupt):
    threading.Event().wait()
