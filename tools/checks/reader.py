"""What every check of a report's page needs: to say what holds, and to use the page."""

FIGURES = "JSON.parse(document.getElementById('data').textContent)"
failures = []


def check(holds, sentence, came=""):
    print(("ok    " if holds else "WRONG ") + sentence + ("" if holds else f": {came}"))
    if not holds:
        failures.append(sentence)


def text(browser, element):
    return browser.value(f"document.getElementById('{element}').textContent")


def choose(browser, run, mask):
    """Another run and mask, by their places."""
    browser.value("(([id, value, kind]) => { const e = document.getElementById(id); e.value = value;"
                  " e.dispatchEvent(new Event(kind)); })(['run', %d, 'change'])" % run)
    browser.value("(e => { e.value = %d; e.dispatchEvent(new Event('input')); })"
                  "(document.getElementById('mask'))" % mask)


def check_quiet(browser):
    """Nothing was logged as an error, and nothing was loaded from elsewhere."""
    errors = [e["params"] for e in browser.events
              if e["method"] == "Runtime.exceptionThrown"
              or e["method"] == "Runtime.consoleAPICalled" and e["params"]["type"] == "error"
              or e["method"] == "Log.entryAdded" and e["params"]["entry"]["level"] == "error"]
    check(not errors, "no errors on the console", errors[:1])
    loaded = [e["params"]["request"]["url"] for e in browser.events
              if e["method"] == "Network.requestWillBeSent"]
    foreign = [url[:80] for url in loaded if not url.startswith(("file:", "data:"))]
    check(loaded and not foreign, "nothing is loaded but the file itself", foreign)


def check_layout(browser, width):
    wide = browser.value("[...document.body.querySelectorAll('*')].filter(e => !e.closest('.scroll') && "
                         f"e.getBoundingClientRect().right > {width + 1}).map(e => e.tagName).join()")
    check(browser.value("document.documentElement.scrollWidth") <= width and not wide,
          f"nothing is wider than a window of {width} pixels", wide)
    unnamed = browser.value("[...document.querySelectorAll('img:not([alt]), [role=img]:not([aria-"
                            "label]), input:not([id]), select:not([id])')].length")
    check(unnamed == 0, "pictures and controls have names", unnamed)
