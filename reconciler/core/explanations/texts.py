"""R1 explained: the text, and the comments for reconcile in it."""

from __future__ import annotations

from typing import Final

from reconciler.core.explanations.explanation import HEAD, Explanation

_UNTIL: Final = "until 2027-01-31 because Bob's new key comes in January"

EXPLANATIONS: Final = {
    "R101": Explanation(
        "The YAML parser lost the thread here: a quote, bracket or brace is not "
        "closed, the indentation jumps, a tab indents, or a colon has no blank after "
        "it. The place named is where it noticed; the mistake may be a line above.",
        f"{HEAD}labels: {{desk: spot\n",
        f"{HEAD}labels: {{desk: spot}}\n",
    ),
    "R102": Explanation(
        "YAML readers keep the first of two equal keys, or the last, or refuse: what "
        "was reviewed would not be what runs. It often is what a merge left behind.",
        f"{HEAD}owner: admin\nprovider: kraken\n",
        f"{HEAD}owner: admin\n",
    ),
    "R103": Explanation(
        "A bare number, true, null or a date as a key is not text to YAML, and JSON "
        "knows text as keys only.",
        f"{HEAD}labels:\n  2024: year\n",
        f'{HEAD}labels:\n  "2024": year\n',
    ),
    "R104": Explanation(
        "YAML 1.1, YAML 1.2 and the reader that sops uses disagree about such "
        "spellings: yes is true to one and text to another, 12:30 is 750, 0777 is 511. "
        "What only some readers understand is refused.",
        f"{HEAD}active: yes\n",
        f"{HEAD}active: true\n",
    ),
    "R105": Explanation(
        "Anchors, aliases, tags and merge keys let a value stand somewhere else than "
        "where it is used; whoever reviews a change would not see what it changes.",
        f"{HEAD}labels: &shared {{desk: spot}}\n",
        f"{HEAD}labels: {{desk: spot}}\n",
    ),
    "R106": Explanation(
        "A file holds one connection, as 'key: value' lines: its name is the file's, "
        "and one bad connection holds back no other. An empty file, a list, or a "
        "second document after '---' is none.",
        f"- {HEAD.splitlines()[0]}\n",
        HEAD,
    ),
    "R107": Explanation(
        "The file could not be opened, is not UTF-8 text, is larger than a connection "
        "can be, is a pipe or a device, or is a link that leads nowhere or out of the "
        "repository. Its connection is not taken for removed.",
        "# connections.d/spot.yaml -> ../../elsewhere/spot.yaml\n",
        f"# connections.d/spot.yaml\n{HEAD}",
    ),
    "R110": Explanation(
        "A comment that begins with 'reconcile:' allows warnings. Reason and day are "
        "not optional: whoever reads it later must know why, and when to look again. "
        "What is not whole allows nothing.",
        f"# reconcile: allow R311 because Bob is away\n{HEAD}",
        HEAD,
    ),
    "R111": Explanation(
        "What was allowed for a time is due: the warning is told again, and so is the "
        "comment, until one of the two is gone.",
        f"# reconcile: allow R311 until 2026-10-31 because Bob is away\n{HEAD}",
        HEAD,
    ),
    "R112": Explanation(
        "Nothing is wrong any more that the comment could allow, or it stands at the "
        "wrong line. One that stays would hide the next problem of its kind.",
        f"# reconcile: allow R311 {_UNTIL}\n{HEAD}",
        HEAD,
    ),
    "R113": Explanation(
        "Only warnings can be allowed. An error keeps its connection as it is whatever "
        "a comment says; R317, R318 and R319 tell of a change, for whoever reviews it, "
        "and are gone once it is merged; what the policy forbids (R5) is not for the "
        "file to allow; and comments do not allow each other.",
        f"# reconcile: allow R317 {_UNTIL}\n{HEAD}",
        HEAD,
    ),
}
