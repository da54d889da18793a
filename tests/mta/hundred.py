# SPDX-License-Identifier: BSD-2-Clause
"""A hundred reloads of a policy that is really another one each time, while
twenty clients send. Each message belongs to one policy as a whole: what was
said to a recipient, the tags, the rule, the log and the record.
"""
import re
import threading

import past
import play
import postfix
from hostile import reload
from letter import Letter, message_id
from servers import until
from smtp import Client
from table import ANN, RELAXED

RELOADS, CLIENTS, AT_LEAST = 100, 20, 5

# The lines above the rules give every rule of "b" another place.
POLICY = """\
{lines}rule closed-{v} early {{
    when   rcpt.address == "nobody@example.org"
    reject 550 5.1.1 "closed by {v}"
}}
rule first-{v} {{
    when   spf.result == pass
    tag    header "X-First" "{v}"
}}
rule last-{v} {{
    when   dkim.result == pass
    tag    header "X-Last" "{v}"
    accept
}}
default reject 554 5.7.1 "no rule of {v} took it"
"""
VARIANTS = {"a": POLICY.format(v="a", lines=""),
            "b": POLICY.format(v="b", lines="# another\n" * 40)}
LINES = {"%s-%s" % (rule, v): text[:text.index("rule %s-" % rule)].count("\n")
         + 1 for v, text in VARIANTS.items() for rule in ("closed", "first")}


class Sender:
    """One client: a session of three messages, then the next session."""

    def __init__(self, lab, number, stop):
        self.lab, self.number, self.stop = lab, number, stop
        self.sent, self.wrong = {}, []      # by Message-ID: the variant
        self.thread = threading.Thread(target=self.guarded)
        self.thread.start()

    def guarded(self):
        try:
            while len(self.sent) < AT_LEAST or not self.stop.is_set():
                self.session()
        except Exception as e:  # noqa: BLE001: told, not lost
            self.wrong.append("client %d: %r" % (self.number, e))

    def session(self):
        client = Client(postfix.ADDRESS, 2527, "192.0.2.10")
        client.hello("mail.example.com")
        for _ in range(3):
            self.message(client)
        client.quit()

    def message(self, client):
        mark = message_id("hundred", self.number, len(self.sent))
        replies = client.envelope(ANN, ["nobody@example.org",
                                        "bob@example.org"])
        closed = re.match(r"550 5\.1\.1 .*closed by (\w)", replies[0])
        reply = client.data(Letter(ANN, sign=[RELAXED]).write(
            self.lab.keys, mark))
        self.sent["<%s>" % mark] = closed and closed.group(1)
        if not closed or not replies[1].startswith("250 ") or \
                not reply.startswith("250 "):
            self.wrong.append("%s: %s, %r" % (mark, replies, reply))


def of_one_policy(message, variant):
    """What the delivered message shows; its recipient was told `variant`."""
    stamps = message.values("Assay-Result")
    shown = [message.values("X-First"), message.values("X-Last")]
    if shown == [[variant], [variant]] and len(stamps) == 1 and re.match(
            r"tag; rule=first-%s; id=\w+; policy=hundred$" % variant,
            stamps[0]):
        return []
    return ["closed by %s, but %s, %s" % (variant, shown, stamps)]


def log_wrong(said, count):
    """Each id has two lines, for the recipient and the message; each of them
    names a rule at its place in one and the same version of the file."""
    wrong, by_id = [], {}
    for line in said:
        by_id.setdefault(line["id"], []).append(line)
    if len(by_id) != count:
        wrong.append("%d ids in the log, not %d" % (len(by_id), count))
    for word, lines in by_id.items():
        rules = [line["rule"] for line in lines]
        if rules not in (["closed-a", "first-a"], ["closed-b", "first-b"]) or \
                any(int(line["line"]) != LINES.get(line["rule"]) or
                    line["policy"] != "hundred" for line in lines):
            wrong.append("%s: %s" % (word, [
                (r, line["line"], line["policy"])
                for r, line in zip(rules, lines)]))
    versions = sorted({(line["rule"][-1], line.get("version"))
                       for line in said})
    if [v for v, _ in versions] != ["a", "b"] or \
            len({version for _, version in versions} - {None}) != 2:
        wrong.append("the versions in the log: %s" % versions)
    return wrong


def delivered(sink, first, count):
    """By Message-ID, in one look: the sink holds the whole run's mail."""
    def complete():
        return len(sink.messages) - first >= count
    try:
        until(complete, 60, "delivery")
    except RuntimeError:
        pass                    # who is missing is told one by one
    return {v: m for m in sink.messages[first:]
            for v in m.values("Message-ID")}


def records_wrong(lab, daemon, count):
    """Either policy explains its own messages, and nobody else's."""
    files = {}
    for v, text in VARIANTS.items():
        files[v] = lab.root / ("variant-%s.policy" % v)
        files[v].write_text(text)
    said = {}

    def written():
        said.update((v, past.replayed(lab, daemon, files[v])) for v in files)
        return said["a"]["messages"] >= 2 * count
    try:
        until(written, 20, "%d records" % (2 * count))
    except RuntimeError as e:
        return [str(e)]
    counts = {v: (s["unchanged"], s["changed"], s["cannot_say"])
              for v, s in said.items()}
    if counts["a"][0] + counts["b"][0] == 2 * count and \
            min(counts["a"][0], counts["b"][0]) > 0 and \
            counts["a"][1:] == (counts["b"][0], 0) and \
            counts["b"][1:] == (counts["a"][0], 0):
        return []
    return ["replay says (unchanged, changed, cannot say): %s" % counts]


def hundred(lab):
    policy = lab.root / "hundred.policy"
    policy.write_text(VARIANTS["b"])
    daemon = lab.daemon("hundred", "unix:%s/hundred.sock" % lab.root, policy)
    sink, stop, wrong = lab.sinks["postfix"], threading.Event(), []
    first = len(sink.messages)
    senders = [Sender(lab, n, stop) for n in range(CLIENTS)]
    for n in range(RELOADS):
        policy.write_text(VARIANTS["ab"[n % 2]])
        wrong += reload(daemon, "reloaded: policy hundred")
    stop.set()
    sent = {}
    for s in senders:
        s.thread.join()
        sent.update(s.sent)
        wrong += s.wrong
    arrived = delivered(sink, first, len(sent))
    for mark, variant in sent.items():
        wrong += ["%s: %s" % (mark, text) for text in (
            of_one_policy(arrived[mark], variant) if mark in arrived else
            ["lost"])]
    wrong += log_wrong(play.verdicts(daemon.text()), len(sent))
    if daemon.text().count("reloaded: policy hundred") != RELOADS:
        wrong.append("the log does not tell of %d reloads" % RELOADS)
    wrong += records_wrong(lab, daemon, len(sent))
    print("       reload-hundred: %d messages, %d by a, %d by b" % (
        len(sent), sum(v == "a" for v in sent.values()),
        sum(v == "b" for v in sent.values())))
    return wrong


SCENARIOS = [
    ("reload-hundred", "20 clients send while the policy changes 100 times",
     hundred),
]
