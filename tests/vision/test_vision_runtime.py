"""OpenVINO is imported without a word to anyone."""

import os
import subprocess
import sys
from pathlib import Path

IMPORT_AND_TELL = """
import sys, threading
watched = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.fork", "os.forkpty",
           "os.posix_spawn", "os.exec", "os.system", "urllib.Request", "http.client.connect")
sys.addaudithook(lambda event, arguments: event in watched and print("DID", event, arguments))
from imgrec.vision.runtime import import_openvino
print("IMPORTED", import_openvino().__name__)
print("THREADS", [thread.name for thread in threading.enumerate()])
"""


def test_importing_it_opens_no_socket_starts_no_process_and_leaves_no_consent_file(tmp_path: Path):
    environment = {**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    for variable in ("CI", "OPENVINO_TELEMETRY"):
        environment.pop(variable, None)
    told = subprocess.run(
        [sys.executable, "-c", IMPORT_AND_TELL],
        env=environment, capture_output=True, text=True, timeout=120, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert told == ["IMPORTED openvino", "THREADS ['MainThread']"]
    assert not [file for file in tmp_path.rglob("*") if "intel" in str(file.relative_to(tmp_path)).lower()]
