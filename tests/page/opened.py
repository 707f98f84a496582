"""A page in a browser that is offline, with all that it tried, said and broke."""

WATCH = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (event) => window.__violations.push(event.violatedDirective));
"""

OPEN_ALL = """() => {
    for (const fold of document.querySelectorAll('details')) fold.open = true;
    for (const part of document.querySelectorAll('section')) part.style.contentVisibility = 'visible';
}"""
CLOSE_ALL = "() => { for (const fold of document.querySelectorAll('details')) fold.open = false; }"


class OpenedPage:
    def __init__(self, browser, path, address="", **options):
        self.context = browser.new_context(**({"offline": True, "viewport": {"width": 1280, "height": 900}} | options))
        self.page = self.context.new_page()
        self.url = path.as_uri()
        self.requests, self.messages, self.errors, self.dialogs = [], [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self.dismiss)
        self.page.add_init_script(WATCH)
        self.page.goto(self.url + address)

    def dismiss(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def troubles(self):
        """Everything that a page which is left alone does not do."""
        foreign = [url for url in self.requests if url.partition("#")[0] != self.url and not url.startswith("data:")]
        violations = self.page.evaluate("window.__violations")
        return foreign + self.messages + self.errors + self.dialogs + violations

    def evaluate(self, script, argument=None):
        return self.page.evaluate(script, argument)

    def open_all(self):
        self.page.evaluate(OPEN_ALL)

    def close_all(self):
        self.page.evaluate(CLOSE_ALL)

    def close(self):
        self.context.close()
