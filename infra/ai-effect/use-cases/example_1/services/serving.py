"""What the three services share: settings, a gRPC server with health and reflection, files in the data
folder.

Settings are environment variables: GRPC_PORT (50051; 0 picks a free one), GRPC_HOST (127.0.0.1; the images
set 0.0.0.0), DATA_DIR (../data), SERVICE_NAME, GRPC_TLS_CERT and GRPC_TLS_KEY (PEM files; both, or neither
for plain channels), GRPC_TLS_CLIENT_CA (then clients need a certificate of it).
"""

import errno
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

GRACE_S = 20
CHECK_EVERY = 4096
BAD_SETTINGS = 2
FULL = (errno.ENOSPC, errno.EDQUOT)


class Refused(Exception):
    """What a caller asked for can't be done: the gRPC status and the reason."""

    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


def invalid(reason: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, reason)


def load(package: str, proto: str) -> tuple[Any, Any]:
    """The messages and the service of `<package>/proto/<proto>`, compiled now."""
    sys.path.append(str(Path(__file__).parent / package / "proto"))
    return grpc.protos_and_services(proto)


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or Path(__file__).parent.parent / "data").resolve()


def path_inside(name: str, field: str) -> Path:
    """The path of a name below the data folder; refuses every way out of it, also by links."""
    parts = PurePosixPath(name).parts
    if not name or "\0" in name or len(name) > 500 or "\\" in name or name.startswith("/") or ".." in parts:
        raise invalid(f"{field} {name[:80]!r} is not a name below the data folder")
    home = data_dir()
    try:
        path = (home / name).resolve()
    except (OSError, RuntimeError):  # Python 3.11 and 3.12 say so of links in a circle
        raise invalid(f"{field} {name[:80]!r} is not a name below the data folder") from None
    if not path.is_relative_to(home):
        raise invalid(f"{field} {name[:80]!r} leads out of the data folder")
    return path


def name_inside(path: Path) -> str:
    return path.relative_to(data_dir()).as_posix()


def existing(name: str, field: str) -> Path:
    path = path_inside(name, field)
    if not path.is_file():
        raise Refused(
            grpc.StatusCode.NOT_FOUND, f"{field} {name[:80]!r}: there is no such file in the data folder"
        )
    return path


@contextmanager
def written(path: Path) -> Iterator[Any]:
    """A text file that gets its name when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def checking(context: grpc.ServicerContext) -> Callable[[int], None]:
    """A function to call with the number of each step: it ends the work of a call that nobody waits for."""

    def check(step: int) -> None:
        if step % CHECK_EVERY == 0 and not context.is_active():
            raise Refused(grpc.StatusCode.CANCELLED, f"the call ended at step {step}")

    return check


def answering(work: Callable[[Any, grpc.ServicerContext], Any]) -> Callable[..., Any]:
    """A method of a servicer: what `work` refuses becomes a status, and each call a line of the log."""

    def method(_self: object, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            answer = work(request, context)
        except Refused as error:
            log("refused", error.reason, code=error.code.name)
            context.abort(error.code, error.reason)
        except OSError as error:
            log("failed", str(error))
            context.abort(*_status_of(error))
        log("done", answer.message)
        return answer

    return method


def _status_of(error: OSError) -> tuple[grpc.StatusCode, str]:
    reason = f"the data folder: {error.strerror}"
    if error.errno in FULL:
        return grpc.StatusCode.RESOURCE_EXHAUSTED, reason
    if error.errno == errno.EACCES:
        reason += f"; user {os.getuid()} must be able to read and write there"
    return grpc.StatusCode.FAILED_PRECONDITION, reason


def log(action: str, message: str, **facts: object) -> None:
    service = os.environ.get("SERVICE_NAME", "")
    line = {"severity": "INFO", "action": action, "message": message, "service": service, **facts}
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def serve(package: str, add: Callable[[grpc.Server], None], service: Any) -> None:
    """Serve until SIGTERM or SIGINT; calls under way then have some seconds to end."""
    logging.basicConfig(level=logging.WARNING)
    port = _port()
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
    add(server)
    checks = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    names = (service.full_name, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    bound = _listen(server, f"{os.environ.get('GRPC_HOST') or '127.0.0.1'}:{port}")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    for name in ("", service.full_name):
        checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    log("listening", f"{package} listens on port {bound}", port=bound)
    ended.wait()
    checks.enter_graceful_shutdown()
    server.stop(GRACE_S).wait()


def _port() -> int:
    text = os.environ.get("GRPC_PORT") or "50051"
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        _refuse(f"GRPC_PORT={text!r}: use a number from 0 to 65535")
    return int(text)


def _listen(server: grpc.Server, address: str) -> int:
    cert, key = os.environ.get("GRPC_TLS_CERT"), os.environ.get("GRPC_TLS_KEY")
    if bool(cert) != bool(key):
        _refuse("set GRPC_TLS_CERT and GRPC_TLS_KEY, or neither")
    try:
        if not (cert and key):
            return server.add_insecure_port(address)
        clients = os.environ.get("GRPC_TLS_CLIENT_CA")
        credentials = grpc.ssl_server_credentials(
            [(Path(key).read_bytes(), Path(cert).read_bytes())],
            root_certificates=Path(clients).read_bytes() if clients else None,
            require_client_auth=bool(clients),
        )
        return server.add_secure_port(address, credentials)
    except (OSError, RuntimeError) as error:
        return _refuse(f"can't listen on {address}: {error}")


def _refuse(reason: str) -> Any:
    log("bad_settings", reason)
    sys.exit(BAD_SETTINGS)
