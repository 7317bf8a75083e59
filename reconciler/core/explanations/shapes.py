"""R2 explained: what a connection looks like."""

from __future__ import annotations

from typing import Final

from reconciler.core.explanations.explanation import HEAD, Explanation

EXPLANATIONS: Final = {
    "R201": Explanation(
        "A key that nobody reads is nearly always a key that somebody meant: misspelt, "
        "or at the wrong depth. It is refused, since silence would look like success.",
        f"{HEAD}ownr: admin\n",
        f"{HEAD}owner: admin\n",
    ),
    "R202": Explanation(
        "A connection needs a type, which says how to speak, and a provider, which "
        "says with whom; some types need more. Everything else may be left out.",
        "provider: binance\n",
        HEAD,
    ),
    "R203": Explanation(
        "A number in quotes is text, a single value is no list, and nothing is turned "
        "into something else silently.",
        f'{HEAD}health: {{failure_threshold: "3"}}\n',
        f"{HEAD}health: {{failure_threshold: 3}}\n",
    ),
    "R204": Explanation(
        "The kind is right, the value is not one that can be: a word that is not in "
        "the list, a number too large, a name with a blank, a day that does not exist.",
        f"{HEAD}permissions:\n  forbid: [trade, withdrawal]\n",
        f"{HEAD}permissions:\n  forbid: [trade, withdraw]\n",
    ),
    "R205": Explanation(
        "A file is called as its connection is, so that it is found by name. A copy "
        "whose name was not changed shows up here, and does not touch the original.",
        f"# connections.d/spot.yaml\nname: spot-main\n{HEAD}",
        f"# connections.d/spot-main.yaml\nname: spot-main\n{HEAD}",
    ),
    "R206": Explanation(
        "The name is the identity: two files of one name would fight about one "
        "connection. Neither is touched until one of them is renamed.",
        f"# connections.d/desk-a/spot.yaml\n{HEAD}\n"
        f"# connections.d/desk-b/spot.yaml\n{HEAD}",
        f"# connections.d/desk-a/spot.yaml\n{HEAD}\n"
        f"# connections.d/desk-b/spot-b.yaml\n{HEAD}",
    ),
    "R207": Explanation(
        "The file was written for another release, which may mean other things by the "
        "same words; so nothing else in it is judged.",
        f"version: 2\n{HEAD}",
        f"version: 1\n{HEAD}",
    ),
    "R208": Explanation(
        "A rename carries record and history over to the new name, so the old one must "
        "be free: its file is gone, and no other file claims it. Once the rename was "
        "applied, the entry may be removed.",
        f"# connections.d/spot.yaml\n{HEAD}\n"
        f"# connections.d/spot-b.yaml\nprevious_names: [spot]\n{HEAD}",
        f"# connections.d/spot-b.yaml\nprevious_names: [spot]\n{HEAD}",
    ),
    "R209": Explanation(
        "A folder's _defaults.yaml gives owner, labels, config, permissions, health, "
        "on_remove, used_by, and settings.timeframes and market. What identifies a "
        "connection, is sealed, or says whether it is on and protected stands in the "
        "file itself, where it is reviewed.",
        f"# connections.d/_defaults.yaml\nactive: false\n\n"
        f"# connections.d/spot.yaml\n{HEAD}",
        f"# connections.d/_defaults.yaml\nowner: admin\n\n"
        f"# connections.d/spot.yaml\nactive: false\n{HEAD}",
    ),
    "R210": Explanation(
        "The address of a chat, a mailbox or a webhook lets everybody who knows it "
        "write there, and Git keeps it for ever. So reconcile.yaml only says where it "
        "is kept; when it was committed, change it at the service.",
        "# reconcile.yaml\nalerts:\n  channels:\n    ops:\n"
        "      url: slack://token-a/token-b/token-c\n",
        "# reconcile.yaml\nalerts:\n  channels:\n    ops: {url_env: OPS_ALERTS_URL}\n",
    ),
    "R211": Explanation(
        "${NAME} in config, settings and labels is replaced by what the environment "
        "says. The name must be listed under 'variables' in reconcile.yaml, so that no "
        "file reads whatever there is, and it must be set: an empty place would go "
        "unnoticed. $$ is a dollar sign.",
        f"{HEAD}labels: {{desk: '${{DESK}}'}}\n",
        f"{HEAD}labels: {{desk: spot, price: '$$5'}}\n",
    ),
    "R212": Explanation(
        "What is replaced ends in plans, reports and the recorded state. So a variable "
        "that is called like a secret, or holds what looks like one, is refused "
        "wherever it is declared; credentials are sealed in the file.",
        f"{HEAD}labels: {{desk: '${{DESK_TOKEN}}'}}\n",
        f"{HEAD}labels: {{desk: spot}}\n",
    ),
}
