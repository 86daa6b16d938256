#!/usr/bin/env python3
"""Opens the page of `robmask report` in a real Chromium and uses it as a reader would.

    report_page.py FOLDER [PAGE]

Without PAGE, trains two small runs in FOLDER and reports them with the program that ROBMASK names.
Screenshots go to FOLDER. Exit codes: 0 all is well, 1 something is not, 77 no Chromium here."""

import pathlib
import shutil
import sys
import time

from browser import Browser, find_browser
from evaluated import robmask
from reader import FIGURES, check, check_layout, check_quiet, failures, text
from report_charts import check_marks, check_tables, check_unusual
from report_pictures import check_pictures

TERMS = ("--limit-test", "50", "--attack-steps", "3")


def make_page(folder):
    """A standard and a RobMask run of a few steps, and their page."""
    runs = []
    for method in ("robmask", "standard"):
        runs.append(str(folder / method))
        shutil.rmtree(runs[-1], ignore_errors=True)
        robmask("train", "--method", method, "--width", "8", "--epochs", "3", "--batch", "25",
                "--limit-train", "300", "--limit-test", "50", "--attack-steps", "4",
                "--out", runs[-1])
    page = folder / "report.html"
    robmask("report", *runs, "--mask", "0,0.25,0.5,0.75,1", *TERMS, "--out", page)
    return page, runs


def check_numbers(browser, result):
    shown = [text(browser, i) for i in ("p", "clean", "robust")]
    due = [f"{result['mask']:g}", *(f"{100 * result[k]:.1f} %"
                                    for k in ("clean_accuracy", "robust_accuracy"))]
    check(shown == due, f"at p = {result['mask']:g} the figures are the evaluation's", (shown, due))


def check_slider(browser):
    """By the keyboard alone: to the slider, along it, to its end."""
    run = max(browser.value(FIGURES)["runs"], key=lambda r: len(r["results"]))
    results = run["results"]
    check(len(results) > 1, "a run has several masks")
    check_numbers(browser, results[0])
    for _ in range(10):
        browser.press("Tab")
        if browser.value("document.activeElement.id") == "mask":
            break
    check(browser.value("document.activeElement.id") == "mask", "Tab reaches the slider")
    check(browser.value("getComputedStyle(document.activeElement).outlineStyle") == "solid",
          "the focus is visible")
    state = ("[...document.querySelectorAll('#samples img, #maps div')].map(e => e.src + "
             "e.style.backgroundImage).join()")
    before = browser.value(state)
    browser.press("ArrowRight")
    check_numbers(browser, results[1])
    check(browser.value(state) != before, "pictures and feature maps follow the slider")
    spoken = browser.value("document.getElementById('mask').getAttribute('aria-valuetext')")
    check(str(spoken).startswith(f"p = {results[1]['mask']:g}:"), "the slider says where it stands", spoken)
    browser.press("End")
    check_numbers(browser, results[-1])


def check_reload(browser, page, folder):
    """A page that loads itself again, as a watched one does, stays at the mask that was chosen."""
    watched = folder / "watched.html"
    watched.write_text(page.read_text().replace(
        "<title>", '<meta http-equiv="refresh" content="1">\n<title>', 1))
    browser.open(watched)
    began = browser.value("performance.timeOrigin")
    browser.value("(mask => { mask.value = 1; mask.dispatchEvent(new Event('input')); })"
                  "(document.getElementById('mask'))")
    time.sleep(1.6)
    check(browser.value("performance.timeOrigin") > began, "a watched page loads itself again")
    place = browser.value("document.getElementById('mask').value")
    check(place == "1", "and stays at the mask that was chosen", place)


def check_page(browser, page, folder):
    for width, height in ((360, 740), (1200, 900)):
        for scheme in ("light", "dark"):
            print(f"-- {width} pixels wide, {scheme}")
            browser.window(width, height, scheme)
            browser.open(page)
            check_quiet(browser)
            check_slider(browser)
            check_layout(browser, width)
            check_marks(browser)
            if width < 600:
                check_tables(browser, width)
            browser.screenshot(folder / f"{width}-{scheme}.png")
    light = "getComputedStyle(document.body).backgroundColor"
    dark = browser.value(light)
    browser.window(1200, 900)
    check(browser.value(light) != dark, "dark is not light")

    moving = ("(mask => { mask.value = 1; mask.dispatchEvent(new Event('input'));"
              "return document.getAnimations().length; })(document.getElementById('mask'))")
    for motion, sentence in (("no-preference", "the marks glide along their curves"),
                             ("reduce", "nothing moves where motion is unwanted")):
        browser.window(1200, 900, motion=motion)
        browser.open(page)
        check((browser.value(moving) > 0) == (motion != "reduce"), sentence)

    paper = browser.call("Page.printToPDF", printBackground=False)["data"]
    check(len(paper) > 10_000, "it prints")
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page)
    browser.screenshot(folder / "without-javascript.png")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    program = find_browser()
    if program is None:
        print("report_page: no Chromium on this machine; apt-get install chromium")
        return 77
    page, runs = (pathlib.Path(sys.argv[2]), []) if len(sys.argv) > 2 else make_page(folder)
    with Browser(program) as browser:
        check_page(browser, page, folder)
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        browser.window(1200, 900)
        browser.open(page)
        for number, run in enumerate(runs):
            check_pictures(browser, run, number, TERMS, folder)
        check_unusual(browser, page, folder)
        check_reload(browser, page, folder)
    print(f"{len(failures)} of the checks failed; screenshots are in {folder}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
