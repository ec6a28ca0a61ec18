"""`proofs-check verify-proof`."""

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from proofs_check.cli.common import Json, Problem, one_sentence, print_json


def verify_proof(
    file: Annotated[Path, typer.Argument(help="The proof that `proofs-check recovery --proof` wrote.")],
    weights: Annotated[
        Path | None, typer.Option(help="Also check that the proof is about the LSTM of this .npz or .safetensors file.")
    ] = None,
    json: Json = False,
) -> None:
    """Re-check a recovery proof in exact and ball arithmetic, without a solver. Exit code 1 if it does not hold.

    The module bounds.lstm_recovery.verification does it, and says what every entry of the file means.
    """
    from bounds.common.lstm import load
    from bounds.lstm_recovery.verification import verify_proof as check

    with one_sentence(ValueError, OSError, MemoryError):
        proof = _read(file)
        net = None if weights is None else load(weights)
    answer = check(proof, net)
    if json:
        print_json({"file": str(file), "holds": answer.holds, "reason": answer.reason, "statement": answer.statement})
    elif answer.holds:
        print(f"{file.name} holds: {answer.statement}")
        about = "the weights of " + weights.name if weights is not None else f"weights with SHA-256 {proof['weights_sha256']}"
        print(f"It is about {about}; method {proof['method']}. {answer.reason.capitalize()}.")
    else:
        print(f"{file.name} is REJECTED: {answer.reason}")
    if not answer.holds:
        sys.exit(1)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of a proof")


def _read(file: Path) -> dict[str, Any]:
    from bounds.common.files import read_json

    proof = read_json(file, _no_number)
    if not isinstance(proof, dict):
        raise Problem(f"{file} holds a {type(proof).__name__}, not a proof object")
    return proof
