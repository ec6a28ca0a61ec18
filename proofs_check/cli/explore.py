"""`proofs-check explore`: the claims in a browser, or as a static page."""

from pathlib import Path
from typing import Annotated, Any

import typer

from proofs_check.cli.common import Problem, one_sentence

USUAL_PORT = 2718


def explore(
    claim: Annotated[str, typer.Argument(metavar="[CLAIM]", help="Key of the claim to open; the first by default.")] = "",
    port: Annotated[int | None, typer.Option(min=1, max=65535, help=f"Port; by default {USUAL_PORT} or a free one.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on. Whoever reaches it can run the claims.")] = "127.0.0.1",
    headless: Annotated[bool, typer.Option("--headless", help="Do not open a browser.")] = False,
    export: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write a static page instead, whose Python runs in the browser.")
    ] = None,
) -> None:
    """Explore a claim in the browser: move its parameters, watch both sides, see misreadings fail. Ctrl-C ends it."""
    from importlib.util import find_spec

    from proofs_check.discover import BrokenModule, UnknownClaim, find

    if find_spec("marimo") is None:
        raise Problem("explore needs marimo: pip install 'proofs-check[explore]'")
    with one_sentence(UnknownClaim, BrokenModule):
        if claim:
            find(claim)
    if export is not None:
        _export(export, claim)
    else:
        _serve(claim, host, port, headless)


def _serve(claim: str, host: str, port: int | None, headless: bool) -> None:
    """Run the server until it ends or somebody ends it; whatever it has started ends with it."""
    import signal
    import subprocess
    import sys
    import tempfile
    import webbrowser
    from importlib import resources
    from urllib.parse import quote

    port = _free(host, port)
    notebook = str(resources.files("notebooks").joinpath("explore.py"))
    command = [
        sys.executable,
        "-m",
        "marimo",
        "run",
        notebook,
        "--headless",
        "--no-sandbox",
        "--host",
        host,
        "--port",
        str(port),
    ]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/{f'?claim={quote(claim)}' if claim else ''}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is ended then, too
    with tempfile.TemporaryFile("w+") as said:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)
        try:
            if not _answers(server, host, port):
                said.seek(0)
                raise Problem(f"the server did not start: {(said.read().strip() or 'it said nothing').splitlines()[-1]}")
            print(f"Exploring at {url} (Ctrl-C ends it)", flush=True)
            if not headless:
                webbrowser.open(url)
            server.wait()
        finally:
            _end(server)
    raise Problem("the server has ended by itself")


def _free(host: str, port: int | None) -> int:
    """The port asked for if it is free; if none was asked for, the usual one or any."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in [port] if port else [USUAL_PORT, 0]:
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, candidate))
            except OSError as problem:
                reason = problem
                continue
            chosen: int = trial.getsockname()[1]
            return chosen
    where = f"port {port} of {host}" if port else host
    raise Problem(f"{where} cannot be listened on: {reason.strerror or reason}; another --port may be free")


def _answers(server: Any, host: str, port: int) -> bool:
    """Wait until the server takes connections; False if it ended or half a minute passed."""
    import socket
    import time

    for _ in range(300):
        if server.poll() is not None:
            return False
        try:
            socket.create_connection(("127.0.0.1" if host == "0.0.0.0" else host, port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


def _end(server: Any) -> None:
    """End the server and the processes it has started."""
    import os
    import signal
    import subprocess

    for number, patience in ((signal.SIGTERM, 3), (signal.SIGKILL, 3)):
        try:
            os.killpg(server.pid, number)
        except ProcessLookupError:
            break
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def _export(folder: Path, claim: str) -> None:
    from rich.console import Console

    from proofs_check.discover import BrokenModule, UnknownClaim, select
    from proofs_check.exploring.static_page import CannotExport, needed
    from proofs_check.exploring.static_page import export as write

    with one_sentence(UnknownClaim, BrokenModule, CannotExport, OSError):
        with Console(stderr=True).status("judging each claim with numpy and scipy alone"):
            answers = needed(select([]))
        offered, others = ([key for key in answers if bool(answers[key]) == kind] for kind in (False, True))
        if claim and claim not in offered:
            raise Problem(f"{claim} does not run in a page: it needs {answers[claim]}")
        if claim:
            offered.sort(key=lambda key: key != claim)  # the page opens with the first
        with Console(stderr=True).status("writing the page"):
            write(folder, offered)
    print(
        f"{len(offered)} of {len(answers)} claims run in the page {folder / 'index.html'}; {folder / 'claims.txt'} lists them."
    )
    for package in sorted({answers[key] for key in others}):
        keys = [key for key in others if answers[key] == package]
        print(f"Not there, for want of {package}: {', '.join(keys)}.")
    print(f"To look at it: python -m http.server --directory {folder}")
