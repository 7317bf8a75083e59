"""What a browser would take a page for: its elements, as the standard reads them."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "input", "img", "hr"}


class Elements(HTMLParser):
    """The elements of a page, and whether each was closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.words = []
        self.unclosed = []
        self._open = []
        self.feed(text)
        self.close()
        self.unclosed += self._open

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.unclosed.append(f"/{tag}")

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def tags(self):
        return [tag for tag, _ in self.found]

    def ids(self):
        return [a["id"] for _, a in self.found if "id" in a]
