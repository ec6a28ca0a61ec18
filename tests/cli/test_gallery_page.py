"""The gallery in a real browser: light, dark, on a phone, and as a screen reader hears it; and figures in every style."""

import importlib

import matplotlib.pyplot as plt
import pytest
from typer.testing import CliRunner

from figures import style
from proofs_check.cli import app
from proofs_check.points import from_json
from tests.cli.test_card_pages import CONTRAST

pytestmark = pytest.mark.slow
NAMES = (  # one of each paper, of those that take no time
    "gmm_entropy_separation",
    "lstm_recovery_tradeoff",
    "quantized_dnn_step",
    "single_step_snn_surrogate",
    "spectral_pruning_teacher",
    "spike_accumulation_cost",
    "synaptic_penalty_fanout",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("figures")
    done = CliRunner().invoke(app, ["figures", *NAMES, "--out", str(made), "--jobs", "2"])
    assert done.exit_code == 0, done.output
    return made


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 1100), ("light", 360), ("dark", 360)])
def test_the_page_fits_the_screen_and_its_words_stand_out(browser, folder, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.extend([] if request.url.startswith("file:") else [request.url]))
    page.goto((folder / "index.html").as_uri())
    assert said == []  # no error, and nothing fetched from anywhere
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) >= 4.5
    assert len(set(page.screenshot())) > 100  # not blank
    page.close()


def test_every_link_resolves_and_every_picture_is_shown_and_described(browser, folder):
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    ids = page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids)
    for link in links:
        assert link[1:] in ids if link.startswith("#") else (folder / link).is_file(), link
    files = {file.name for file in folder.iterdir()} - {"index.html"}
    assert files == {link for link in links if not link.startswith("#")}
    pictures = page.eval_on_selector_all("img", "all => all.map(one => [one.naturalWidth, one.alt])")
    assert len(pictures) == len(NAMES)
    assert all(width > 300 and len(alt) > 60 for width, alt in pictures)
    heard = page.locator("body").aria_snapshot()
    for words in ('heading "Figures" [level=1]', 'heading "Claims shown" [level=2]', 'table "SAF"', "navigation"):
        assert words in heard
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_off_in_any_style(folder, name):
    numbers, module = from_json((folder / f"{name}.json").read_text())["numbers"], importlib.import_module(f"figures.{name}")
    for sizes in {sizes[:3]: sizes for sizes in style.STYLES.values()}.values():
        with style.look(sizes):
            figure = module.draw(numbers)
            style.fit(figure, sizes)
            figure.draw_without_rendering()
            inside, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
            plt.close(figure)
        assert min(inside.x0, inside.y0, width - inside.x1, height - inside.y1) > -0.02
