# SPDX-License-Identifier: BSD-2-Clause
"""How the tables of transactions are written: what is sent, and what must
come of it.

A Case is one connection. A plain case() is one message; session() has several
parts. What is not said is as usual: mail.example.com at 192.0.2.10 writes to
bob@example.org, and its message is accepted by default.

results     words that one result of Authentication-Results must hold together
headers     fields the message is delivered with
gone        text that must not be delivered
kept        words of Authentication-Results fields below ours, in this order
removed     how many fields of the message are removed
reply       a regular expression for the last reply
facts       regular expressions for what the log says, and `assay check --json`
by_lane     what is otherwise in a lane, by the first word of its name: for what
            an MTA changes before anybody is asked. No agreement is expected,
            and the author is looked for in what was delivered only.
spoof       the sender may be nobody but this domain: nothing else passes DMARC
"""
import dataclasses
from dataclasses import dataclass, field

from letter import Letter

ANN = "ann@example.com"
RELAXED = dict(domain="example.com", selector="rsa")
SIMPLE = dict(domain="example.com", selector="rsa", canon="simple/simple")
ED = dict(domain="example.com", selector="ed")
ED_SIMPLE = dict(domain="example.com", selector="ed", canon="simple/simple")
LIST = dict(domain="lists.example.net", selector="rsa")


@dataclass
class Part:
    letter: Letter
    mail: str = ANN
    rcpt: list = field(default_factory=lambda: ["bob@example.org"])
    cut: str = None             # "rset": after RCPT; "vanish": inside DATA
    action: str = "accept"
    rule: str = "default"
    reply: str = None
    rcpt_replies: str = None
    delivered_to: list = None
    results: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    gone: list = field(default_factory=list)
    kept: list = None
    removed: int = None
    facts: dict = field(default_factory=dict)
    by_lane: dict = field(default_factory=dict)
    spoof: str = None
    text: bytes = None          # what it was written to

    def seen_by(self, lane):
        """As this lane is to see it; action None: the MTA itself refuses."""
        return dataclasses.replace(self, **self.by_lane.get(
            lane.split()[0], {}))


@dataclass
class Case:
    name: str
    why: str
    parts: list
    client: str = "192.0.2.10"
    helo: str = "mail.example.com"
    login: tuple = None

    def seals(self):
        return any(part.letter.seals for part in self.parts)


OF_SESSION = ("client", "helo", "login")


def case(name, why, letter, **rest):
    session = {k: rest.pop(k) for k in OF_SESSION if k in rest}
    return Case(name, why, [Part(letter, **rest)], **session)


def session(name, why, *parts, **rest):
    return Case(name, why, list(parts), **rest)


SPOOFER = dict(client="192.0.2.66", helo="host.example.net")
REJECTED = dict(action="reject", rule="dmarc-reject",
                reply=r"^550 5\.7\.26 .*DMARC: \S+ asks to reject")
TAGGED = dict(action="tag", rule="dmarc-quarantine",
              headers=["X-Spam-Flag: YES"])
