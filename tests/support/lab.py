"""A page of the site in the browser, watched: what it asked for, what it said on the console, what it threw.

`Lab` is how browser tests speak to the page: by its buttons and fields as a learner does, and by `window.pydl`
as a script does. No call waits for ever, whatever state the page is in.
"""

import itertools
import json
import time

BOOT_LIMIT = 60.0  # seconds; about 3 on an idle machine of 2 cores
RUN_LIMIT = 240.0  # seconds for a training
DEFAULTS = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}


class PageError(Exception):
    """A promise of the page was rejected: `name` is the JavaScript error's, the message its own."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


class Call:
    """A promise of the page, asked for now and awaited later, so that a test can act in between."""

    names = itertools.count()

    def __init__(self, page, code):
        self.page, self.name = page, f"call{next(self.names)}"
        # The code is part of the script, not an argument: the page's policy refuses to evaluate strings.
        page.evaluate(f"""(name) => {{
            const slot = (globalThis.testCalls ??= {{}})[name] = {{settled: false}};
            Promise.resolve().then(() => ({code})).then(
                (value) => {{ slot.value = value; }},
                (error) => {{ slot.error = {{name: String(error.name), message: String(error.message ?? error)}}; }},
            ).then(() => {{ slot.settled = true; }});
        }}""", self.name)

    def settled(self):
        """Whether the promise has been kept or rejected by now."""
        return self.page.evaluate("(name) => testCalls[name].settled", self.name)

    def result(self, limit=RUN_LIMIT):
        """Waits for the promise; a rejection becomes a `PageError`."""
        handle = self.page.wait_for_function(
            "(name) => testCalls[name].settled && testCalls[name]", arg=self.name, timeout=limit * 1000)
        slot = handle.json_value()
        if "error" in slot:
            raise PageError(slot["error"]["name"], slot["error"]["message"])
        return slot.get("value")


class Lab:
    """One page, opened at `url` in a browser context of its own."""

    def __init__(self, browser, url, **settings):
        self.url = url
        self.context = browser.new_context(**DEFAULTS | settings)
        self.page = self.context.new_page()
        self.requests, self.console, self.thrown = [], [], []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.thrown.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message):
        if message.type == "error":
            self.console.append(f"{message.text} ({message.location.get('url', '')})")

    def open(self, path="", wait=True):
        """Goes to the page; by default waits until Python is ready."""
        self.page.goto(self.url + path)
        if wait:
            self.ready()
        return self

    def ready(self, limit=BOOT_LIMIT):
        """Waits for `pydl.ready`."""
        return self.call("pydl.ready", limit)

    def start(self, code):
        """Starts JavaScript whose value may be a promise; the answer is a `Call`."""
        return Call(self.page, code)

    def call(self, code, limit=RUN_LIMIT):
        """Evaluates JavaScript in the page and waits for its value."""
        return self.start(code).result(limit)

    def run(self, lesson, limit=RUN_LIMIT, **options):
        """`pydl.run` with these options."""
        return self.call(f"pydl.run({json.dumps(lesson)}, {json.dumps(options)})", limit)

    def exec(self, code, limit=RUN_LIMIT):
        """`pydl.exec` of Python code."""
        return self.call(f"pydl.exec({json.dumps(code)})", limit)

    def text(self, selector):
        """The visible text of an element."""
        return self.page.locator(selector).inner_text()

    def click(self, selector):
        """Clicks as a person does: the element must be visible and enabled."""
        self.page.locator(selector).click(timeout=10_000)

    def choose(self, lesson):
        """Chooses a lesson as a person does: in the list where the page is wide enough for it, else in the field."""
        field = self.page.locator("#lesson-select")
        if field.is_visible():
            field.select_option(lesson, timeout=10_000)
        else:
            self.click(f'[data-lesson="{lesson}"]')

    def chosen(self):
        """The name of the lesson in hand."""
        return self.page.input_value("#lesson-select")

    def option(self, name, value):
        """Sets a field of the lesson's options."""
        field = self.page.locator(f'[data-option="{name}"]')
        if field.evaluate("(element) => element.tagName") == "SELECT":
            field.select_option(str(value))
        elif isinstance(value, bool):
            field.set_checked(value)
        else:
            field.fill(str(value))
            field.press("Tab")

    def wait(self, condition, limit=30.0):
        """Waits until a JavaScript condition holds; returns the seconds it took."""
        start = time.monotonic()
        self.page.wait_for_function(f"() => ({condition})", timeout=limit * 1000)
        return time.monotonic() - start

    def foreign_requests(self):
        """What the page, or its worker, asked another origin for."""
        return [url for url in self.requests if not url.startswith((self.url, "data:", "blob:"))]

    def complaints(self):
        """Everything a sound page never does, as a list of lines."""
        return ([f"asked another origin: {url}" for url in self.foreign_requests()]
                + [f"console error: {line}" for line in self.console]
                + [f"threw: {line}" for line in self.thrown])

    def screenshot(self, path):
        """Saves what is visible as a PNG."""
        self.page.screenshot(path=path, animations="disabled")

    def close(self):
        """Ends the page and all it has started."""
        self.context.close()
