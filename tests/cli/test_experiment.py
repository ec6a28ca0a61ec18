import json
import os
import signal
import subprocess
import sys
import time

import pytest

from experiments.results import header, load

TOY = '''
"""A toy: how large is the square of a number?"""
import time
def plan(quick):
    return [{"number": n} for n in range(3 if quick else 6)]
def work(number):
    time.sleep(0.3)
    if number == 4 and __import__("os").environ.get("TOY") == "dies":
        __import__("os")._exit(1)
    return [{"number": number, "square": number**2}]
def summary(rows):
    return [{"largest": max(row["square"] for row in rows)}]
'''


@pytest.fixture
def command(tmp_path):
    """`proofs-check experiment` with a toy among the experiments."""
    package = tmp_path / "experiments"
    package.mkdir()
    (package / "__init__.py").write_text("__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n")
    (package / "toy_squares.py").write_text(TOY)
    environment = dict(os.environ) | {"PYTHONPATH": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    environment.pop("COLUMNS", None)  # workers of a parallel test run have one

    def start(*arguments, **more):
        words = [sys.executable, "-c", "from proofs_check.cli import main; main()", "experiment", *arguments]
        return subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment | more
        )

    return start


def finished(process):
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def test_the_list_names_every_experiment_with_its_question(command):
    code, out, _ = finished(command("--json"))
    assert code == 0
    assert {"experiment": "toy_squares", "asks": "A toy: how large is the square of a number?"} in json.loads(out)


def test_a_run_writes_the_rows_and_prints_their_summary(command, tmp_path):
    code, out, err = finished(command("toy_squares", "--quick", "--out", "here", "--jobs", "2"))
    assert (code, err) == (0, "")
    assert "largest" in out
    assert "3 rows of 3 units" in out
    assert load("toy_squares.quick", tmp_path / "here") == [{"number": n, "square": n * n} for n in range(3)]
    about = header("toy_squares.quick", tmp_path / "here")
    assert about["command"] == "proofs-check experiment toy_squares --quick"
    assert "numpy" in about["versions"]
    assert not list((tmp_path / "here").glob("*.part"))


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(command, tmp_path):
    process, part = command("toy_squares"), tmp_path / "out" / "toy_squares.part"
    while not part.exists() or part.read_text().count("\n") < 3:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    code, _, err = finished(process)
    assert code == 130
    assert "of 6 units are kept in" in err
    kept = part.read_text()
    part.write_text(kept + '{"unit": {"number": 5}, "ro')  # a line cut off by the end of a process
    code, _, _ = finished(command("toy_squares"))
    assert code == 0
    assert [row["number"] for row in load("toy_squares", tmp_path / "out")] == list(range(6))


def test_a_worker_that_dies_costs_its_unit_only(command, tmp_path):
    code, _, err = finished(command("toy_squares", TOY="dies"))
    assert code == 2
    assert "a worker process died" in err
    assert "4 of 6 units are kept" in err
    assert finished(command("toy_squares"))[0] == 0


def test_the_part_of_another_version_is_not_mixed_in(command, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "toy_squares.part").write_text('{"source": "other", "units": 6}\n')
    code, _, err = finished(command("toy_squares"))
    assert code == 2
    assert "begun by another version" in err


def test_a_misspelt_name_gets_a_suggestion(command):
    code, _, err = finished(command("toy_sqares"))
    assert code == 2
    assert "no experiment is called 'toy_sqares'; did you mean 'toy_squares'?" in err


def test_a_kept_table_is_printed_without_computing(command, tmp_path):
    code, out, err = finished(command("single_step_snn_surrogates", "--kept"))
    assert (code, err) == (0, "")
    assert "S3NN: at most 1 point below LIF, T = 4" in out  # in a pipe nothing is cut off or folded
    assert "140 rows of 140 units" in out
    code, out, _ = finished(command("single_step_snn_surrogates", "--kept", "--json"))
    found = json.loads(out)
    assert (code, len(found["rows"]), found["about"]["units"]) == (0, 140, "140")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--kept"], "it needs the NAME of an experiment"),
        (["toy_squares", "--kept", "--quick"], "and no --quick"),
        (["toy_squares", "--kept"], "there is no result toy_squares.csv"),
    ],
)
def test_what_is_not_kept_is_one_sentence(command, words, sentence):
    code, _, err = finished(command(*words))
    assert code == 2
    assert sentence in " ".join(err.split())
