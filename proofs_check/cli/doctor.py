"""`proofs-check doctor`: is this installation sound?"""

from typing import Any

from proofs_check.cli.common import Json, print_json


def doctor(json: Json = False) -> None:
    """Check versions, the solver, ball arithmetic, and whether another package shadows ours. Exit code 1 if not all is well."""
    import json as js
    import sys

    from proofs_check.ledger import versions

    checks = [_packages(), _solver(), _balls(), _claims()]
    sound = all(check["ok"] for check in checks)
    if json:
        print_json({"ok": sound, "versions": js.loads(versions()), "checks": checks})
    else:
        print("\n".join(f"{name:14} {number}" for name, number in js.loads(versions()).items()))
        for check in checks:
            print(f"{'ok   ' if check['ok'] else 'WRONG'} {check['name']}: {check['found']}")
    if not sound:
        sys.exit(1)


def _packages() -> dict[str, Any]:
    """`bounds` and `figures` are common words: another distribution, or a folder in the current one, may hide ours."""
    from importlib.util import find_spec
    from pathlib import Path

    import proofs_check

    home = Path(proofs_check.__file__).parent.parent
    hidden = []
    for name in ("bounds", "figures"):
        spec = find_spec(name)
        if spec is None or spec.origin is None or Path(spec.origin).parent.parent != home:
            hidden.append(f"{name} is found at {spec.origin if spec else 'no place'} instead of beside proofs_check")
    return {"name": "our packages", "ok": not hidden, "found": "; ".join(hidden) or "bounds and figures are ours"}


def _solver() -> dict[str, Any]:
    """A linear program whose optimum is known: min x + y over x ≥ 1, y ≥ 2 is 3."""
    try:
        import cvxpy as cp

        v = cp.Variable(2)
        value = cp.Problem(cp.Minimize(v[0] + v[1]), [v >= [1, 2]]).solve(solver="CLARABEL")  # type: ignore[no-untyped-call]
    except Exception as problem:  # a broken solver can fail in any way, and that is the finding
        return {"name": "convex solver", "ok": False, "found": f"{type(problem).__name__}: {problem}"}
    return {"name": "convex solver", "ok": bool(abs(value - 3) < 1e-6), "found": f"min x + y = {value:.9f}, should be 3"}


def _balls() -> dict[str, Any]:
    """Ball arithmetic encloses: sin(π) contains 0 with a tiny radius."""
    try:
        from flint import arb

        ball = arb.pi().sin()
    except Exception as problem:
        return {"name": "ball arithmetic", "ok": False, "found": f"{type(problem).__name__}: {problem}"}
    return {"name": "ball arithmetic", "ok": ball.contains(0) and float(ball.rad()) < 1e-9, "found": f"sin π = {ball}"}


def _claims() -> dict[str, Any]:
    from proofs_check.discover import claims

    try:
        found = claims()
    except Exception as problem:
        return {"name": "claims", "ok": False, "found": f"{type(problem).__name__}: {problem}"}
    return {"name": "claims", "ok": bool(found), "found": f"{len(found)} claims"}
