"""Do we reproduce the reference numbers of the theory? Formula nets to their digits, random nets, trained nets.

Three tables of reference values, copied as printed, each beside ours:

- `formula`: nets without random numbers. A number agrees if it lies within half a unit of its last printed digit, or within
  1e-14, as more digits are printed than sums of a dozen floats of size 1 have. Whole numbers are exact. (The reference's own
  last digits are not all right: in 40-digit arithmetic cu of G1 is 0.19321216384277520, Psi of G1 at its third entry
  0.51024633877586451, and the rates of Psi with 64 cells are 0.72868967973670162 and 0.85320498604003417: the printed ones
  stopped within 1e-13, and are compared within 1e-13.)
- `nets`: rates and times of the seven nets at e = 0.01, inputs in [-1, 1]. Deterministic columns to their digits; the rates of
  Psi there are those of its bound with 64 cells (the exact maxima give 0.0001 to 0.0002 less). The smallest
  rate of the matrix inequality, by bisection, within 0.001; its time depends on which rates are tried: at most 10 % more. The
  best certificate of the kinds that the reference knows may not be larger (reach tubes and cells of inputs are sharper, see
  `lstm_recovery_ladder`). An attack is a lower bound and may not be smaller.
- `trained`: identification of two tanks, 4 units, 600 epochs unless said, with the 2x2 penalty: mean squared errors within
  30 %, times within 15 %, and rates within 15 % of the time constant 1/|log rate|; attacks within 15 %, or no smaller where the
  table has a lower bound itself. A time of 2970 steps belongs to a rate of 0.998, where 0.001 of the rate is half the time, and
  a run stops within 0.001 of its target on one side or the other: such a cell may well differ, and then says so.

"-" in a reference is "no certificate". Full form: about 4 minutes on an idle core (the stored
run shared its cores: 13). Quick: `formula`, and two of the nets.
"""

import math
from decimal import Decimal
from typing import Any

import numpy as np

from bounds import lstm_recovery as R
from bounds.common.lstm import LSTMNet, formula_net, lstm_step, random_net
from bounds.lstm_recovery.gate_coupling import psi
from bounds.lstm_recovery.interval_box import gate_ranges, widths
from bounds.lstm_recovery.methods import proved_box
from bounds.lstm_recovery.multipliers import lmi_time
from bounds.lstm_recovery.transient import phi, recovery_time

Row = dict[str, Any]
KNOWN = ("norm", "box", "lipschitz", "jacobian", "coupled", "transient", "lmi")  # to the reference
NETS = {
    "G0": formula_net(2, 1, 0.2, 0.3, 0.3, 0),
    "G1": formula_net(2, 1, 0.5, 0.3, 0.3, 0),
    "G2": formula_net(3, 2, 0.2, 0.25, 0.3, 0.5),
    **{f"r{seed}": random_net(seed, 4, 1, 0.3, 0.5, 0.3, 0.5) for seed in range(4)},
}

# ---- the reference, as printed ------------------------------------------------------------------------------------------

NORMS = """
sf     0.67197154409996792 0.63324923167210208  0.70847903524305835 0.68485651075441063
si     0.67041223575293643 0.63126635149176282  0.6973887822395266  0.67409049617506067
so     0.72024749390164107 0.67183404599916128  0.77603143791219632 0.75005486803863744
ph     0.65772509372662229 0.54185437231895504  0.76132091304959559 0.70896192547555226
cb     1.344233839061983   0.93266180249097153  1.8212640894894658  1.5164663476217762
H_next 0.62854948470548634 0.49166999178114265  0.73642613737950345 0.68110972912264372
al     0.42116382828888775 0.35993758050762478  0.48259070884343305 0.44249763866439891
be     0.09836988906189707 0.082492821303413506 0.10696811471509078 0.10235958408449368
rho    1.0081138840377157  0.89948430125430423  1.1224345980513396  1.0525093208277159
T_inf  -                   47                   -                   -
"""  # G0 k = 0, G0 k = 300, G1 k = 0, G1 k = 300
BOXES = """
G0 cl -0.526076622911573 -0.4859795320475
G0 cu 0                  0.121104241125548
G0 hl -0.314250211826002 -0.246721280644886
G0 hu 0                  0.0659256790576985
G1 cl -0.970677700959744 -1.18182608413439
G1 cu 0.193212163842776  0.834547705480507
G1 hl -0.551969680897777 -0.487314182101403
G1 hu 0.140640084700146  0.401909700187972
"""
RATES = """
G0 0.796597596181613 0.754647433409107 0.722352677281854 0.728689679736718 0.728685325706 13 12 12  11
G1 0.984274668265491 0.915342308115174 0.874642639529149 0.853204986040068 0.853176610041 52 36 29  29
G2 1.26002795104044  1.06207114694653  1.00498981274212  0.983615093623398 0.983580015511 -  -  274 180
"""  # A_box, A_lip, A_jac, Psi with 64 cells, Psi; times of A_lip, A_jac, Psi, Phi
TOLERANCES = "T_inf 25 47 69 T_lip 5 13 22 T_jac 4 12 19 T_psi 4 12 19 T_phi 4 11 18"  # G0 at e = 0.1, 0.01, 0.001
REFINEMENT = "1 0.7364261373795034 0.6917644943818801 1.8212640894894654 1.5673725280491264 1.5262089756889075"
OTHER_NORMS = {1: "0.951227286488", 2: "0.907814815901"}  # rho of G0, k = 300
ONE_STEP = "-0.15211836537806223 0.0024452134810867138 -0.07121658218686859 0.0013900044689347426"
JACOBIAN = """
0.6500576641067473 0                   0.11438945851420683 0.135656758425781
0                  0.6709184904371867  0.15594287580185434 0.19228634516457926
0.4790536570678838 0                   0.13816590716875576 0.1077576328333041
0                  0.39485218877033773 0.15321737119907441 0.13468551969107515
"""
PSI_CELLS = "0.69224865584615 0.38318058682190 0.51024650647881 0.22584806521791"
PSI = "0.69224863155342 0.38318017396841 0.51024633877587 0.22584775097924"
JOINT = {(1, 8, 0.1, 0.9, 0, 0.9): "1.89625347", (1, 2, 0.2, 0.6, 0.1, 0.4): "0.696", (0, 2, 0.6, 0.9, 0.1, 0.4): "0.192"}
GRADIENT_U = "-0.6738488878956741 0.6738488878956741"  # d rho(k = 0) / dU[f, 1, :]
GRADIENT_B = "0 0.29789445086084 -0.10475441381039 0 0.08924590536446 0 0 -0.11053154314055"
TANKS = "0.6699632610040178 0.19310805393577457 -0.10043976107660499 0.9254484729504684"  # u_0, u_10, y_0, y_11
LOSS = "0.306944189142669"

COLUMNS = ("inf k=0", "inf k=300", "A_box", "A_lip", "A_jac", "Psi", "Phi", "LMI", "best", "attack")
TABLE_NETS = """
G0 | 1.0081 - | .8995 47 | .7966  | .7546 13  | .7224 12 | .7287 12  | 11  | .7148 14  | 11  | 8
G1 | 1.1224 - | 1.0525 - | .9843  | .9153 52  | .8746 36 | .8532 29  | 29  | .8539 36  | 29  | 11
G2 | 1.5968 - | 1.4725 - | 1.2600 | 1.0621 -  | 1.0050 - | .9836 274 | 180 | .9109 65  | 65  | 15
r0 | 2.2002 - | 2.1173 - | 1.8699 | 1.2333 -  | 1.2030 - | 1.1109 -  | -   | .9586 169 | 169 | 18
r1 | 1.5221 - | 1.4104 - | 1.2549 | .9693 155 | .9398 82 | .9158 58  | 55  | .8648 44  | 44  | 17
r2 | 2.4063 - | 2.2766 - | 1.7770 | 1.2196 -  | 1.2079 - | 1.1082 -  | -   | .9883 662 | 656 | 31
r3 | 4.2884 - | 3.9330 - | 2.6304 | 1.5473 -  | 1.4984 - | 1.2428 -  | -   | -         | -   | 39
"""
TRAINED_COLUMNS = ("MSE train", "MSE validation", "inf k=0", "inf k=300", "A_jac", "Psi", "Phi", "LMI", "best", "attack")
TABLE_TRAINED = """
0   -    600 | .00128 | .00110 | 10.42 -    | 10.17 -    | 5.25 -    | 4.31 -    | -   | -         | -   | 71
.05 .999 600 | .00431 | .00403 | .9980 2970 | .9958 1361 | .9809 258 | .9790 235 | 206 | .9469 132 | 130 | 50
.05 .98  600 | .00449 | .00411 | .9781 262  | .9756 234  | .9652     | .9642     | 125 |           | 125 | 50
.05 .95  600 | .00482 | .00425 | .9494 112  | .9485 109  | .9426 85  | .9417 84  | 79  | .9258 95  | 79  | 51
.05 .9   600 | .00542 | .00443 | .9147 65   | .9144 64   | .9120     | .9120     | 53  |           | 53  | 51
.2  .8   600 | .00924 | .00636 | .8909 48   | .8903 48   | .8876 41  | .8879 41  | 40  | .8891 57  | 40  | 39
.5  .8   600 | .02601 | .02030 | .8477 34   | .8472 34   | .8417 28  | .8416 28  | 28  | .8570 38  | 28  | 28
.05 .95  250 |        | .0053  | .9787 268  |            |           |           | 101 |           |     |
0   -    250 |        | .0037  | 9.44       |            |           |           |     |           |     |
"""  # strength and target of the penalty, epochs


# ---- one number against another -----------------------------------------------------------------------------------------


def agrees(golden: str, ours: float, rule: str) -> bool:
    """Whether ours is the reference by the rule. A whole number and "-" are exact under the rule "digits"."""
    if golden == "-":
        return ours == math.inf or rule == "at most"
    value = Decimal(golden)
    exact, unit = float(value), 10.0 ** int(value.as_tuple().exponent)
    if not math.isfinite(ours):
        return False
    match rule.split():
        case ["digits"]:
            half = unit / 2 if "." in golden else 0.0
            return abs(ours - exact) <= (max(half, 1e-14) if half else 0.0)
        case ["at", "least"]:
            return ours >= exact
        case ["at", "most"]:
            return ours <= exact
        case ["at", "most", "+", share, "%"]:
            return ours <= exact * (1 + float(share) / 100)
        case ["within", size]:
            return abs(ours - exact) <= float(size) + unit / 2
        case ["time", "constant", "within", share, "%"]:
            return ours > 0 and abs(math.log(exact) / math.log(ours) - 1) <= float(share) / 100
        case ["within", share, "%"]:
            return abs(ours - exact) <= exact * float(share) / 100 + unit / 2
    raise ValueError(f"no rule is called {rule!r}")


def row(table: str, subject: str, quantity: str, golden: str, ours: Any, rule: str = "digits") -> Row:
    """One number of a table beside ours."""
    value = float(ours)
    verdict = "agrees" if agrees(golden, value, rule) else "differs"
    shown = int(value) if value.is_integer() and "." not in golden else value
    return {"table": table, "subject": subject, "quantity": quantity, "golden": golden, "ours": shown, "rule": rule} | {
        "verdict": verdict
    }


# ---- the tables ---------------------------------------------------------------------------------------------------------


def plan(quick: bool) -> list[dict[str, Any]]:
    nets = ("G0", "G1") if quick else tuple(NETS)
    units: list[dict[str, Any]] = [{"table": "formula", "line": ""}, *({"table": "nets", "line": name} for name in nets)]
    if not quick:
        units += [{"table": "trained", "line": line.split("|")[0].strip()} for line in TABLE_TRAINED.strip().splitlines()]
    return units


def work(table: str, line: str) -> list[Row]:
    return {"formula": lambda _: formula_rows(), "nets": net_rows, "trained": trained_rows}[table](line)


def summary(rows: list[Row]) -> list[Row]:
    """How many numbers of each table agree, and which do not."""
    found = []
    for table in dict.fromkeys(r["table"] for r in rows):
        mine = [r for r in rows if r["table"] == table]
        wrong = [f"{r['subject']} {r['quantity']}: {r['golden']} / {r['ours']:.6g}" for r in mine if r["verdict"] != "agrees"]
        found.append(
            {"table": table, "numbers": len(mine), "agree": len(mine) - len(wrong), "differ": "; ".join(wrong) or "none"}
        )
    return found


def _largest_eigenvalue(A: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvals(A)).max())


def _map_rate(step: Any, size: int) -> float:
    """By plain power iteration, to the last digit (`map_rate` stops at 1e-13)."""
    w = np.ones(size)
    for _ in range(3000):
        image = step(w)
        before, w = w, image / image.max()
        if np.array_equal(w, before):
            break
    return float((step(w) / w).max())


def formula_rows() -> list[Row]:
    """All numbers of the formula nets."""
    rows: list[Row] = []

    def add(subject: str, quantities: Any, goldens: str, ours: Any) -> None:
        values = np.ravel(np.asarray(ours, float))
        names = quantities if isinstance(quantities, list) else [f"{quantities} {i}" for i in range(values.size)]
        rule = "within 1e-13" if "64 cells" in str(quantities) else "digits"
        rows.extend(row("formula", subject, q, g, x, rule) for q, g, x in zip(names, goldens.split(), values, strict=True))

    G0, G1 = NETS["G0"], NETS["G1"]
    cases = [("G0", 0), ("G0", 300), ("G1", 0), ("G1", 300)]
    columns = []
    for name, k in cases:
        s, M = R.norm_invariant_set(NETS[name], k), R.comparison_matrix_2x2(NETS[name], k)
        rho = R.spectral_radius_2x2(s["sf"], s["so"], M.al, M.be)
        columns.append({**s, "al": M.al, "be": M.be, "rho": rho, "T_inf": R.norm_recovery_time(NETS[name], 0.01, k)})
    for text in NORMS.strip().splitlines():
        quantity, *values = text.split()
        for (name, k), value, column in zip(cases, values, columns, strict=True):
            rows.append(row("formula", f"{name} k={k}", quantity, value, column[quantity]))
    for q, golden in OTHER_NORMS.items():
        add("G0 k=300", [f"rho, q={q}"], golden, _largest_eigenvalue(R.comparison_matrix_2x2(G0, 300, q).A))
    add("G1", "H, cb", REFINEMENT, [R.norm_invariant_set(G1, k)[name] for name in ("H", "cb") for k in range(3)])
    for text in BOXES.strip().splitlines():
        name, side, goldens = text.split(maxsplit=2)
        add(name, side, goldens, R.invariant_box(NETS[name], iters=300)[side])
    for text in RATES.strip().splitlines():
        name, goldens = text.split(maxsplit=1)
        net = NETS[name]
        box = R.invariant_box(net, iters=300)
        r, w = gate_ranges(net, box), widths(box)
        A, J = R.lipschitz_matrix(net, box), R.jacobian_matrix(net, box)
        rates = [_largest_eigenvalue(M) for M in (R.box_matrix(net, box), A, J)]
        rates += [_map_rate(psi(net, r, cells), 2 * net.n) for cells in (64, None)]
        maps = (lambda d, A=A: A @ d, lambda d, J=J: J @ d, psi(net, r), phi(net, r, w))
        times = [recovery_time(step, w, 0.01, net.n) for step in maps]
        *kept, cells, sharp = goldens.split(maxsplit=4)
        add(name, ["A_box rate", "A_lip rate", "A_jac rate"], " ".join(kept), rates[:3])
        add(name, ["Psi rate, 64 cells"], cells, rates[3])
        add(name, ["Psi rate", "T_lip", "T_jac", "T_psi", "T_phi"], sharp, [rates[4], *times])
        if name == "G0":
            names, sizes = ["inf", "lip", "jac", "psi", "phi"], (0.1, 0.01, 0.001)
            times = [R.norm_recovery_time(net, e, 300) for e in sizes]
            times += [recovery_time(step, w, e, net.n) for step in maps for e in sizes]
            printed = " ".join(x for x in TOLERANCES.split() if x.isdecimal())
            add(name, [f"T_{method} at e={e:g}" for method in names for e in sizes], printed, times)
    box = R.invariant_box(G1, iters=300)
    d = np.array([1, 0.5, 0.2, 0.1])
    add("G1", "one step", ONE_STEP, lstm_step(G1, np.array([0.1, -0.2]), np.array([0.05, 0.3]), np.array([0.7])))
    add("G1", "A_jac entry", JACOBIAN, R.jacobian_matrix(G1, box))
    add("G1", "Psi, 1024 cells", PSI_CELLS, R.gate_coupled_map(G1, box, d, cells=1024))
    add("G1", "Psi", PSI, R.gate_coupled_map(G1, box, d))
    for arguments, golden in JOINT.items():
        add("joint maximum", [f"G{arguments}"], golden, R.coupled_max(*arguments))
    _, _, dU, db = R.rho_gradient(G1)
    add("G1", "d rho / dU_f[1]", GRADIENT_U, dU[0, 1])
    add("G1", "d rho / db", GRADIENT_B, db)
    return rows + _plant_rows()


def _plant_rows() -> list[Row]:
    from bounds.lstm_recovery.plants import two_tanks
    from bounds.lstm_recovery.training import Model, mean_squared_error

    u, y = two_tanks(16, 120, seed=100)
    ours = [u[0, 0, 0], u[10, 0, 0], y[0, 0], y[11, 0]]
    rows = [
        row("formula", "two tanks", q, g, x)
        for q, g, x in zip(("u_0", "u_10", "y_0", "y_11"), TANKS.split(), ours, strict=True)
    ]
    loss = mean_squared_error(Model(NETS["G1"], np.array([0.3, -0.4]), 0.1), *two_tanks(2, 30, seed=1), washout=20)
    return [*rows, row("formula", "G1 on two tanks", "loss", LOSS, loss)]


def _cells(text: str, columns: tuple[str, ...]) -> dict[str, str]:
    """Quantity -> golden of one line: "A_lip rate" and "A_lip T" from "… | .7546 13 | …"."""
    found = {}
    for column, cell in zip(columns, [c.strip() for c in text.split("|")[1:]], strict=True):
        for token in cell.split():
            found[column if "MSE" in column else f"{column} {'rate' if '.' in token else 'T'}"] = token
    return found


def _measured(net: LSTMNet, wanted: set[str]) -> dict[str, float]:
    """Everything that the tables ask of one net at e = 0.01 and inputs in [-1, 1]."""
    e, ours = 0.01, {}
    for k in (0, 300):
        ours[f"inf k={k} rate"] = _largest_eigenvalue(R.comparison_matrix_2x2(net, k).A)
        ours[f"inf k={k} T"] = R.norm_recovery_time(net, e, k)
    box = R.invariant_box(net, iters=300)
    r, w = gate_ranges(net, box), widths(box)
    A, J, coupled = R.lipschitz_matrix(net, box), R.jacobian_matrix(net, box), psi(net, r)
    ours["A_box rate"] = _largest_eigenvalue(R.box_matrix(net, box))
    ours |= {"A_lip rate": _largest_eigenvalue(A), "A_jac rate": _largest_eigenvalue(J)}
    ours["Psi rate"] = R.map_rate(psi(net, r, 64), 2 * net.n, 5000)[0]
    for name, step in (("A_lip", lambda d: A @ d), ("A_jac", lambda d: J @ d), ("Psi", coupled), ("Phi", phi(net, r, w))):
        ours[f"{name} T"] = recovery_time(step, w, e, net.n)
    if wanted & {"LMI rate", "LMI T"}:
        ours["LMI rate"], ours["LMI T"] = smallest_lmi(net, e)
    if "best T" in wanted:
        ours["best T"] = min(R.best(net, e, methods=KNOWN).steps, ours.get("LMI T", math.inf))
    if "attack T" in wanted:
        ours["attack T"] = R.attack_recovery(net, proved_box(net), e).steps
    return ours


def smallest_lmi(net: LSTMNet, e: float) -> tuple[float, float]:
    """The smallest rate with a proved solution, by bisection to 2e-4, and the smallest time of eight rates above it."""
    box = proved_box(net)

    def time(rho: float) -> float:
        found = R.lmi_certificate(net, box, rho, gap=0.01)
        if found is None or not R.verify_lmi(net, box, found.P, found.lam, rho, found.p, found.sector)[0]:
            return math.inf
        return lmi_time(found.kappa, rho, e)

    lo, hi = 0.0, 1.0
    while hi - lo > 2e-4:
        middle = (lo + hi) / 2
        lo, hi = (lo, middle) if time(middle) < math.inf else (middle, hi)
    if hi == 1.0:
        return math.inf, math.inf
    return hi, min(time(hi + share * min(0.08, 1 - hi)) for share in np.arange(8) / 8)


RULES = {"LMI rate": "within 0.001", "LMI T": "at most + 10 %", "best T": "at most", "attack T": "at least"}


def net_rows(line: str) -> list[Row]:
    """One line of the table of nets."""
    [text] = [text for text in TABLE_NETS.strip().splitlines() if text.split()[0] == line]
    golden = _cells(text, COLUMNS)
    ours = _measured(NETS[line], set(golden))
    return [row("nets", line, q, g, ours[q], RULES.get(q, "digits")) for q, g in golden.items()]


def trained_rows(line: str) -> list[Row]:
    """One line of the table of trained nets: training, then the same measurements."""
    from bounds.lstm_recovery.plants import two_tanks
    from bounds.lstm_recovery.training import mean_squared_error, train

    [text] = [text for text in TABLE_TRAINED.strip().splitlines() if text.split("|")[0].strip() == line]
    strength, target, epochs = line.split()
    golden = _cells(text, TRAINED_COLUMNS)
    free = target == "-"
    data, validation = two_tanks(16, 120, seed=100), two_tanks(8, 120, seed=200)
    options = {} if free else {"penalty": "norm", "strength": float(strength), "target": float(target)}
    model = train(*data, epochs=int(epochs), **options).model  # type: ignore[arg-type]
    ours = _measured(model.net, set(golden))
    ours |= {"MSE train": mean_squared_error(model, *data), "MSE validation": mean_squared_error(model, *validation)}
    subject = f"{epochs} epochs, " + ("no penalty" if free else f"penalty {strength} above {target}")

    def rule(quantity: str, value: str) -> str:
        if value == "-":
            return "digits"
        if quantity.endswith("rate"):
            return "time constant within 15 %"
        if quantity == "attack T" and free:
            return "at least"
        return "within 30 %" if "MSE" in quantity else "within 15 %"

    return [row("trained", subject, q, g, ours[q], rule(q, g)) for q, g in golden.items()]
