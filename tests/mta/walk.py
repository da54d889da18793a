# SPDX-License-Identifier: BSD-2-Clause
"""The way of a new administrator, with the manual page in his hand: he copies
the standard policy and writes the page's first rule into it, makes three slips,
watches, lets the rule act on a tenth, then on all; and finds out why a message
was tagged. The rule is read out of assay-policy(5): what it says is what works.
"""
import pathlib
import re
import shutil

import play
import postfix
from cases import FOOTER, FORWARDER, SEAL
from hostile import reload
from letter import Letter, message_id
from past import explain, id_of, replayed, tool
from sign import can_seal
from smtp import Client
from table import ANN, RELAXED

HERE = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = HERE / "src" / "policy" / "assay-policy.5"
SUPPLIER = "none.example.net"   # a domain that publishes p=none
MESSAGES = 200


def from_page():
    """The displays of section THE FIRST RULE: the rule and its expectations."""
    text = PAGE.read_text()
    text = text[text.index("\n.Sh THE FIRST RULE"):text.index("\n.Sh SYNTAX")]
    shown = re.findall(r"^\.Bd .*?\n(.*?)^\.Ed", text, re.S | re.M)
    return "\n".join(shown).replace("supplier.example", SUPPLIER)


class Walk:
    def __init__(self, lab):
        self.lab, self.wrong, self.sent = lab, [], 0
        self.folder = lab.root / "walk"
        shutil.copytree(HERE / "policy", self.folder)
        (self.folder / "lists" / "trusted-sealers.list").write_text(
            SEAL["domain"] + "\n")
        self.policy = self.folder / "mine.policy"
        standard = (self.folder / "standard.policy").read_text()
        self.policy.write_text(standard.replace(
            "\ndefault accept\n", "\n%s\ndefault accept\n" % from_page(), 1))
        self.daemon = lab.daemon(
            "walk", "unix:%s/walk.sock" % lab.root, self.policy,
            'shadow-policy = "%s"\n' % (self.folder / "strict.policy"))

    def expect(self, true, told):
        if not true:
            self.wrong.append(told)

    def assay(self, *argv):
        """(exit code, what was printed)"""
        code, out, err = tool(self.lab, *argv, "--conf", self.daemon.conf)
        return code, out.decode() + err

    def says(self, told, words, *argv, code=0):
        got, text = self.assay(*argv)
        self.expect(got == code, "%s: exit %d: %s" % (told, got, text))
        for word in words:
            self.expect(word in text, "%s: no %r in %s" % (told, word, text))

    def post(self, author, mail, letter=None, client="192.0.2.10",
             helo="mail.example.com", wait=True):
        """(reply, message delivered or None, its line of the log)"""
        self.sent += 1
        before = len(play.verdicts(self.daemon.text()))
        c = Client(postfix.ADDRESS, 2531, client)
        c.hello(helo)
        c.envelope(mail, ["bob@example.org"])
        reply = c.data((letter or Letter(author)).write(
            self.lab.keys, message_id("walk", self.sent)))
        c.quit()
        found = wait and play.QUEUE_ID.search(reply)
        message = found and self.lab.sinks["postfix"].wait(found.group(1))
        return reply, message, play.verdicts(self.daemon.text())[before]

    def change(self, *pairs):
        """Edit the policy, have it checked, and reload."""
        text = self.policy.read_text()
        for old, new in pairs:
            self.expect(text.count(old) == 1, "%d of %r" % (
                text.count(old), old))
            text = text.replace(old, new)
        self.policy.write_text(text)
        self.says("after the change", ["mine: good"], "policy", "check")
        self.wrong += reload(self.daemon, "reloaded: policy mine")


# What he types wrong; where the caret must stand, and what he is told.
SLIPS = [
    ("from.domain == ", "from.domian == ", "from.domian",
     'unknown fact "from.domian"', 'did you mean "from.domain"?'),
    ("in { none fail }\n    reject", "in { none failed }\n    reject",
     "failed", 'dmarc.result can never be "failed"', 'did you mean "fail"?'),
    ('    reject 550 5.7.26 "not accepted', '    rejct 550 5.7.26 "not accepted',
     "rejct", 'expected and, or, unless, or an action', 'did you mean "reject"?'),
]


def slips(walk):
    """Each is told with its place, the line, a caret, and what was meant; and
    a daemon that is told to reload keeps what it has."""
    good = walk.policy.read_text()
    for old, new, at, message, hint in SLIPS:
        bad = good.replace(old, new, 1)
        line = next(n for n, text in enumerate(bad.split("\n"), 1)
                    if at in text)
        column = bad.split("\n")[line - 1].index(at) + 1
        walk.policy.write_text(bad)
        code, text = walk.assay("policy", "check", walk.policy)
        walk.expect(code == 78, "%s: exit %d" % (new, code))
        told = "%s:%d:%d: %s" % (walk.policy, line, column, message)
        walk.expect(told in text, "no %r in %s" % (told, text))
        after = text[text.find(told):].split("\n")[1:4]
        walk.expect(len(after) == 3 and after[1].strip() == "^" and
                    after[0][after[1].index("^"):].startswith(at) and
                    after[2].strip() == hint,
                    "%s: below it stands %r" % (new, after))
    walk.wrong += reload(walk.daemon, "everything stays as it was")
    walk.policy.write_text(good)


def watched(walk):
    """Nothing is refused, and everything says what would have been."""
    reply, message, logged = walk.post("x@" + SUPPLIER, "x@" + SUPPLIER)
    walk.expect(reply.startswith("250 ") and message is not None,
                "watched: %r" % reply)
    stamp = message.values("Assay-Result")[0]
    walk.expect(stamp.startswith("accept; rule=default;") and
                stamp.endswith("observed=forged-supplier"), stamp)
    walk.expect(logged.get("observed") == "forged-supplier:reject",
                "the log says %s" % logged)
    record = explain(walk.lab, walk.daemon, logged["id"])[0]
    walk.expect(record.get("observed") == "forged-supplier:reject",
                "the record says %r" % record.get("observed"))
    walk.says("history", [logged["id"], "observed=forged-supplier:reject"],
              "history", "--observed", "forged-supplier")
    walk.says("explain", ["in short       accept by default",
                          "forged-supplier: observed only: would reject",
                          "would have     forged-supplier:reject"],
              "explain", logged["id"])
    _, message, logged = walk.post(ANN, ANN)
    walk.expect("observed" not in logged, "another's mail: %s" % logged)


def sampled(walk):
    """One in ten, and the same ones again."""
    shutil.copy(walk.policy, walk.folder / "watching.policy")
    walk.change(("forged-supplier observe {", "forged-supplier {"),
                ('without proof"\n', 'without proof"\n    sample 10%\n'),
                ("expect observe by", "expect reject by"))
    walk.says("diff", ["changed        rule forged-supplier",
                       "\n               - observe\n",
                       "\n               + sample 10%\n"], "policy", "diff",
              walk.folder / "watching.policy", walk.policy)
    refused = [set(), set()]
    for again in (0, 1):
        for n in range(MESSAGES if again == 0 else MESSAGES // 4):
            mail = "u%d@%s" % (n, SUPPLIER)
            reply, _, logged = walk.post("x@" + SUPPLIER, mail, wait=False)
            walk.expect(logged["action"] == "reject" or logged["observed"] ==
                        "forged-supplier:reject", "%s: %s" % (mail, logged))
            if reply.startswith("550 5.7.26 not accepted from"):
                refused[again].add(mail)
    count = len(refused[0])
    walk.expect(MESSAGES // 20 <= count <= MESSAGES * 3 // 20,
                "%d of %d were refused" % (count, MESSAGES))
    walk.expect(refused[1] == {m for m in refused[0] if int(
        m.partition("@")[0][1:]) < MESSAGES // 4},
        "others when they were sent again: %s" % refused[1])
    print("       walk: %d of %d in a sample of 10%%" % (count, MESSAGES))
    reply, _, logged = walk.post("x@" + SUPPLIER, sorted(refused[0])[0])
    explain(walk.lab, walk.daemon, logged["id"])
    walk.says("by the reply", ["in short       reject by forged-supplier",
                               "forged-supplier: holds, in the sample of 10%",
                               "told the MTA   " + reply], "explain", reply)


def in_full(walk):
    """What would change is told before, then it is so."""
    full = walk.folder / "full.policy"
    full.write_text(walk.policy.read_text().replace("    sample 10%\n", ""))
    again = replayed(walk.lab, walk.daemon, full)
    spared = [p for p in again["by_rule"]
              if p["was"] == {"action": "accept", "rule": "default"} and
              p["is"] == {"action": "reject", "rule": "forged-supplier"}]
    walk.expect(len(again["by_rule"]) == 1 and len(spared) == 1 and
                spared[0]["count"] > MESSAGES // 2 and
                not again["cannot_say"], "replay says %s" % again)
    walk.says("diff of the past", ["- sample 10%", "accept by default -> "
                                   "reject by forged-supplier"],
              "policy", "diff", walk.policy, full, "--since", "1h")
    walk.change(("    sample 10%\n", ""))
    for n in range(10):
        reply, _, _ = walk.post("x@" + SUPPLIER, "u%d@%s" % (n, SUPPLIER))
        walk.expect(reply.startswith("550 5.7.26 not accepted"),
                    "in full: %r" % reply)
    reply, _, _ = walk.post(ANN, ANN)
    walk.expect(reply.startswith("250 "), "another's mail: %r" % reply)
    told = re.findall(r"rule (\S+) \(\S+\) acted (\d+) times since (\S+)\"",
                      walk.daemon.text())
    walk.expect(len({since for rule, _, since in told if rule == "default"
                     }) == 1, "default was counted anew: %s" % told)


def why_tagged(walk):
    """From the delivered message's field, from its queue id, from the log."""
    reply, message, logged = walk.post("x@quar.example.net",
                                       "x@quar.example.net")
    stamp = message.values("Assay-Result")[0]
    explain(walk.lab, walk.daemon, id_of("", message, logged))
    queue_id = re.search(r"with ESMTP id (\w+)",
                         message.values("Received")[0]).group(1)
    line = [text for text in walk.daemon.text().splitlines()
            if "id=" + logged["id"] in text][0]
    for word in (id_of("", message, logged), queue_id, stamp, line,
                 reply):
        walk.says(word, [
            "in short       tag by dmarc-fail (%s:" % walk.policy,
            "dmarc.policy in { quarantine reject }: yes (quarantine)",
            "X-Spam-Flag: YES",
            "dmarc.result = none, pass, permerror instead of fail: accept by "
            "default"], "explain", word)


def shadowed(walk):
    """What the strict policy would have done instead; it has done nothing."""
    mail = "shadow@" + SUPPLIER
    _, message, logged = walk.post("x@soft.example.net", mail)
    walk.expect(logged["action"] == "accept" and
                logged.get("shadow") == "tag:no-proof",
                "shadow: the log says %s" % logged)
    explain(walk.lab, walk.daemon, logged["id"])
    walk.says("history", ["shadow=tag:no-proof"], "history", "--shadow",
              "--limit", "1", "--domain", SUPPLIER)
    walk.says("explain", ["shadow         tag by no-proof"], "explain",
              logged["id"])
    _, text = walk.assay("history", "--shadow", "--limit", "0")
    walk.expect(all(" shadow=" in line for line in text.splitlines()),
                "history --shadow: %s" % text)
    walk.says("diff without files", ["added          rule no-proof",
                                     "policy strict against mine, since",
                                     "-> tag by no-proof"],
              "policy", "diff", "--since", "1h")


def overridden(walk):
    """A sealer he trusts: delivered, and the reason is kept for the report."""
    if not can_seal():
        return
    _, message, logged = walk.post(ANN, FORWARDER["mail"], Letter(
        ANN, sign=[RELAXED], alter=FOOTER, seals=[SEAL]),
        FORWARDER["client"], FORWARDER["helo"])
    walk.expect(message is not None and
                message.values("X-Spam-Flag") == [], "sealed: %s" % logged)
    walk.expect(logged.get("override") == "local_policy",
                "sealed: the log says %s" % logged)
    detail = explain(walk.lab, walk.daemon, logged["id"])[0]["detail"]
    walk.expect(detail["overrides"] == ["local_policy"] and
                detail.get("override_comment", "").startswith(
                    "arc=pass as[1].d=%s as[1].s=rsa" % SEAL["domain"]),
                "sealed: %s" % detail.get("override_comment"))


def walk(lab):
    w = Walk(lab)
    for part in (slips, watched, sampled, in_full, why_tagged, shadowed,
                 overridden):
        part(w)
    return w.wrong


SCENARIOS = [
    ("walk", "a new administrator's first rule, from the page to full force",
     walk),
]
