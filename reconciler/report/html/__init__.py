"""Pages for browsers: from values to HTML text, like every other view.

- `toolkit`: the templates' environment, the style and the script, their digests.
- `tones`: which of five tones a word has; a tone never stands without its word.
- `charts`: numbers as the geometry of small drawings.
- `plan`: a plan, for reviewers, as one file.

Templates lie in `templates`, with one style and one script that all pages share. A
page works without the script, and allows nothing that its policy does not name: no
inline handler, no style attribute, no address outside.

Texts of files and providers are escaped twice: by Jinja for HTML, and by
`report.text.safe`, so that overrides of the writing direction arrive as visible
escapes.
"""
