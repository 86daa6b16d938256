"""Looks at what charts, maps and tables of a report's page say, also where there is little room."""

import json
import re

from reader import check, check_layout, check_quiet, choose, text


def check_marks(browser):
    """Every mark of every chart says its numbers, also where there is no pointer that hovers."""
    unnamed = browser.value("[...document.querySelectorAll('svg[role=img] g')].filter(g => "
                            "!/^.+, (p = |epoch )[0-9.]+: .*[0-9]/.test("
                            "g.querySelector('title')?.textContent ?? '')).length")
    check(unnamed == 0, "every mark says its run, its place and its numbers", unnamed)
    halves = browser.value("[...document.querySelectorAll('#losses text, #learning text')].filter(t => "
                           "t.getAttribute('text-anchor') === 'middle' && /^\\d+\\.\\d/.test("
                           "t.textContent)).map(t => t.textContent)")
    check(not halves, "epochs have whole numbers", halves)
    browser.value("document.getElementById('tradeoff').scrollIntoView({block: 'center'})")
    x, y, due = browser.value("(g => { const box = g.querySelector('.mark').getBoundingClientRect();"
                              "return [box.x + box.width / 2, box.y + box.height / 2,"
                              " g.querySelector('title').textContent]; })"
                              "(document.querySelector('#tradeoff .here'))")
    browser.point(x, y)
    shown = browser.value("document.querySelector('#tradeoff ~ .readout').textContent")
    check(shown == due, "what is pointed at is written below the chart", (shown, due))


def check_tables(browser, width):
    """A table that is cut shows that there is more."""
    cut = ("[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1)")
    browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    check(browser.value(cut + ".length") > 0, f"tables are cut at {width} pixels")
    bare = browser.value(cut + ".filter(e => !getComputedStyle(e).backgroundAttachment.includes('local')"
                         " || !getComputedStyle(e.querySelector('caption'), '::after').content"
                         ".includes('scrolls')).map(e => e.ariaLabel)")
    check(not bare, "a table that is cut says that it scrolls", bare)
    browser.value("document.querySelectorAll('details').forEach(d => d.open = false)")


def check_unusual(browser, page, folder):
    """A page whose masks partly coincide, with a run of one mask that was measured on other images."""
    text_of_page = page.read_text()
    figures = re.search(r'(?s)<script id="data"[^>]*>(.*?)</script>', text_of_page)
    report = json.loads(figures[1])
    many, one = sorted(report["runs"], key=lambda run: -len(run["results"]))[:2]
    results = many["results"]
    for place in (1, 3, 4):
        for key in ("clean_accuracy", "robust_accuracy", "interval", "clean_interval"):
            results[place][key] = results[2][key] if place > 2 else results[0][key]
    one["data"] = "folder:elsewhere"
    many["samples"]["masks"][1]["fates"][:2] = many["samples"]["masks"][0]["fates"][:2] = ["dead"] * 2
    doctored = folder / "unusual.html"
    doctored.write_text(text_of_page.replace(figures[1], json.dumps(report).replace("<", "\\u003c")))
    browser.window(360, 740)
    browser.open(doctored)
    check_quiet(browser)
    many, one = report["runs"].index(many), report["runs"].index(one)

    choose(browser, many, 3)
    labels = browser.value("[...document.querySelectorAll('#tradeoff .here-label')].map(e => "
                           "e.textContent)")
    check(labels == ["p = 0.5 – 1"], "masks that coincide share one label", labels)
    choose(browser, many, 1)
    labels = browser.value("[...document.querySelectorAll('#tradeoff .here-label')].map(e => "
                           "e.textContent)")
    check(labels == ["p = 0, 0.25"], "two masks that coincide are both named", labels)
    check_layout(browser, 360)
    summary = text(browser, "maps-text")
    signs = browser.value("[...document.querySelectorAll('#maps .tile span')].map(e => e.textContent)")
    due = {"blocked": "∅", "magnified": "▲", "weakened": "▼", "dead": "dead"}
    check(all(f"{sum(s.startswith(sign) for s in signs)} {kind}" in summary
              for kind, sign in due.items()) and "dead" in signs,
          "the counts of maps are those of their signs", (summary, signs))

    apart = text(browser, "apart")
    check(report["runs"][one]["name"] in apart and "folder:elsewhere" in apart,
          "a run that was measured on other data is named, with its data", apart)
    legend = browser.value("[...document.querySelectorAll('#tradeoff-legend li')].map(e => e.textContent)")
    check(legend == [report["runs"][many]["name"]], "and shares no axis with the others", legend)
    choose(browser, one, 0)
    check(browser.value("document.getElementById('slide').offsetParent") is None,
          "a run of one mask has no slider")
    choice = text(browser, "choice")
    check("one mask" in choice and "Move" not in choice, "and the page says so", choice)
    browser.screenshot(folder / "unusual.png")
