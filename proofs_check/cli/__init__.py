"""The command `proofs-check`: one file per verb."""

import sys
import warnings
from collections.abc import Callable

import typer

from proofs_check.cli import (
    campaign,
    card,
    doctor,
    energy,
    entropy,
    experiment,
    explore,
    figures,
    ledger,
    listing,
    new,
    prune,
    quantize,
    recovery,
    replay,
    report,
    run,
    show,
    spikes,
    verify_proof,
    worst_case,
)
from proofs_check.cli.common import Problem, version_option

app = typer.Typer(
    name="proofs-check",
    help="Check the theorems of ML-theory papers as executable, falsifiable claims, and use them on your own models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
)
app.callback()(version_option)
VERBS: dict[str, Callable[..., None]] = {
    "run": run.run,
    "list": listing.list_claims,
    "show": show.show,
    "worst-case": worst_case.worst_case,
    "replay": replay.replay,
    "new": new.new,
    "figures": figures.figures,
    "explore": explore.explore,
    "experiment": experiment.experiment,
    "entropy": entropy.entropy,
    "spikes": spikes.spikes,
    "recovery": recovery.recovery,
    "prune": prune.prune,
    "verify-proof": verify_proof.verify_proof,
    "energy": energy.energy,
    "quantize": quantize.quantize,
    "campaign": campaign.campaign,
    "card": card.card,
    "report": report.report,
    "ledger": ledger.ledger,
    "doctor": doctor.doctor,
}
for name, verb in VERBS.items():
    app.command(name)(verb)


def main() -> None:
    """Run the command; bad input is one sentence and exit code 2, Ctrl-C is exit code 130."""
    warnings.simplefilter("ignore", RuntimeWarning)  # claims answer in enclosures: log 0 = -inf is a value
    try:
        app(standalone_mode=True)
    except Problem as problem:
        print(f"proofs-check: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("proofs-check: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
