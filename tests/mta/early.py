# SPDX-License-Identifier: BSD-2-Clause
"""Rules marked `early`, at connect, HELO and MAIL: what Postfix (by a unix and
an inet socket, with and without smtpd_delay_reject) and Sendmail make of our
answers, what is logged and recorded of them, and who must not be refused.
"""
import base64
import re
import socket
from dataclasses import dataclass

import milter
import past
import play
import postfix
import sendmail
from hostile import reload
from letter import Letter, message_id
from milter import MilterClient
from sessions import start_tls
from smtp import Client, Refused
from table import ANN, RELAXED

LOGIN = ("alice", "correct horse")
AUTH = "AUTH PLAIN " + base64.b64encode(
    b"\0%s\0%s" % tuple(w.encode() for w in LOGIN)).decode()
POLICY = """\
rule no-service early {
    when   client.ip == "192.0.2.11"
    reject 554 5.7.1 "no service for {client.ip}"
}
rule come-back early {
    when   client.ip == "198.51.100.10"
    tempfail 451 4.7.1 "come back, {client.name}"
}
rule bad-greeting early {
    when   helo.status == bare
    reject 550 5.7.1 "a host of one word"
}
rule slow-greeting early {
    when   helo.name == "slow.example.net"
    tempfail 450 4.7.1 "not so fast, {helo.name}"
}
rule submission {
    when   client.class == authenticated
    accept
}
rule no-name early {
    when   iprev.result == permerror
    reject 550 5.7.25 "{client.ip} has no name"
}
rule closed early {
    when   rcpt.address == "nobody@example.org"
    reject 550 5.1.1 "nobody of that name"
}
default accept
"""
PLAIN = """\
rule no-service {
    when   client.ip == "192.0.2.11"
    reject 554 5.7.1 "no service for {client.ip}"
}
default accept
"""


@dataclass
class Row:
    """A client that is refused."""
    client: str
    helo: str
    phase: str
    action: str
    rule: str
    reply: str
    # Sendmail answers in its own words.
    sendmail: str = None


ROWS = [
    Row("192.0.2.11", "mail.example.net", "connect", "reject", "no-service",
        "554 5.7.1 no service for 192.0.2.11", "550 5.0.0 Command rejected"),
    Row("198.51.100.10", "office.example.com", "connect", "tempfail",
        "come-back", "451 4.7.1 come back, office.example.com",
        "451 4.3.2 Please try again later"),
    Row("192.0.2.10", "bare", "helo", "reject", "bad-greeting",
        "550 5.7.1 a host of one word"),
    Row("192.0.2.10", "slow.example.net", "helo", "tempfail", "slow-greeting",
        "450 4.7.1 not so fast, slow.example.net"),
    Row("192.0.2.66", "x.example.net", "mail", "reject", "no-name",
        "550 5.7.25 192.0.2.66 has no name"),
]


def daemon_of(lab, name, spec):
    for d in lab.daemons:
        if d.name == name:
            return d
    policy = lab.root / (name + ".policy")
    policy.write_text(POLICY)
    return lab.daemon(name, spec, policy)


def doors(lab):
    """(MTA, address, port, daemon)"""
    unix = wire(lab)
    inet = daemon_of(lab, "early-inet", "inet:8893@127.0.0.1")
    found = [("postfix", postfix.ADDRESS, 2528, unix),
             ("postfix", postfix.ADDRESS, 2529, inet)]
    if lab.sendmail is not None:
        found.append(("sendmail", sendmail.ADDRESS, 28, unix))
    return found


class Listener(Client):
    """A client that takes every reply as it comes, the greeting first."""

    def __init__(self, server, port, source):
        self.socket = socket.create_connection((server, port), 60,
                                               source_address=(source, 0))
        self.stream = self.socket.makefile("rb")
        self.greeting = self.reply()

    def expect(self, reply, first=""):
        return reply


def refusal(row, address, port):
    """The greeting; and what is said to MAIL, then to AUTH, and to MAIL after
    a better HELO. Of a refused message the first alone."""
    client = Listener(address, port, row.client)
    client.command("EHLO " + row.helo)
    replies = [client.command("MAIL FROM:<%s>" % ANN)]
    if row.phase != "mail":
        replies.append(client.command(AUTH))
        client.command("EHLO mail.example.com")
        replies.append(client.command("MAIL FROM:<%s>" % ANN))
    client.quit()
    return client.greeting, replies


def said_wrong(row, mta, word, greeting, replies):
    wanted = re.escape(row.reply) + r" \(id %s\)$" % word
    if mta == "sendmail":
        # It repeats the sender between code and text.
        wanted = re.sub(r"^(\d+\\? [\d\\.]+\\? )", r"\1(<\\S+>\\.\\.\\. )?",
                        wanted)
        wanted = re.escape(row.sendmail) if row.sendmail else wanted
    wrong = ["the answer is %r" % r for r in replies[:1] + replies[2:]
             if not re.match(wanted, r)]
    # The session is refused: nobody becomes somebody else in it.
    wrong += ["AUTH is answered %r" % r for r in replies[1:2]
              if r[0] not in "45"]
    at_once = row.phase == "connect" and row.action == "reject"
    if not greeting.startswith("554 " if at_once else "220 "):
        wrong.append("the greeting is %r" % greeting)
    return wrong


def logged_wrong(row, said):
    wanted = {"at": row.phase, "action": row.action, "rule": row.rule,
              "client": row.client}
    if row.phase != "connect":
        wanted["helo"] = row.helo
    wrong = ["the log has %s=%s" % (k, said.get(k)) for k, v in wanted.items()
             if said.get(k) != v]
    unknown = [] if row.phase == "mail" else ["class", "from", "rcpts"]
    return wrong + ["the log knows %s already" % k
                    for k in unknown + ["header.from", "dkim.result"]
                    if k in said]


def record_wrong(lab, daemon, row, word):
    records = past.explain(lab, daemon, word)
    if len(records) != 1:
        return ["%d records of %s" % (len(records), word)]
    wanted = {"phase": row.phase, "action": row.action, "rule": row.rule,
              "client_ip": row.client,
              "reply": row.reply.split(" ", 2)[2] + " (id %s)" % word}
    wrong = ["the record has %s %r" % (k, records[0].get(k))
             for k, v in wanted.items() if records[0].get(k) != v]
    if row.phase != "mail" and records[0].get("client_class"):
        wrong.append("the record knows the class already")
    _, out, _ = past.tool(lab, "explain", word, "--conf", daemon.conf)
    shown = re.search(r"^decided at +(.*)$", out.decode(), re.M)
    what = "the message" if row.phase == "mail" else "the session"
    if not shown or shown.group(1) != \
            "%s, by an early rule: %s was refused" % (row.phase, what):
        wrong.append("explain says %r" % (shown and shown.group(1)))
    return wrong


def refused(lab, row, mta, address, port, daemon):
    before = len(play.verdicts(daemon.text()))
    greeting, replies = refusal(row, address, port)
    said = play.verdicts(daemon.text())[before:]
    if len(said) != 1:
        return ["%d verdicts for one refusal" % len(said)]
    return (said_wrong(row, mta, said[0]["id"], greeting, replies) +
            logged_wrong(row, said[0]) +
            record_wrong(lab, daemon, row, said[0]["id"]))


def refusals(lab):
    return ["%s %d, %s: %s" % (mta, port, row.rule, text)
            for mta, address, port, daemon in doors(lab) for row in ROWS
            for text in refused(lab, row, mta, address, port, daemon)]


def post(lab, mta, address, port, daemon, source, helo, login, secure):
    """(the last reply, what was said of the message)"""
    before = len(play.verdicts(daemon.text()))
    try:
        client = Client(address, port, source)
        client.hello(helo, login)
        if secure:
            start_tls(client)
            client.hello(helo)
        client.envelope(ANN, ["bob@example.org"])
        reply = client.data(Letter(ANN, sign=[RELAXED]).write(
            lab.keys, message_id("early", mta, port, source, secure)))
        client.quit()
    except Refused as e:
        return e.reply, []
    return reply, play.verdicts(daemon.text())[before:]


def welcome(lab):
    """Nobody is refused whom the end of the message would let pass: a good
    client, the same with a second greeting by TLS, and one who logs in where
    the rule below is about strangers."""
    wrong = []
    for door in doors(lab):
        for source, helo, login, secure, rule in (
                ("192.0.2.10", "mail.example.com", None, False, "default"),
                ("192.0.2.10", "mail.example.com", None, True, "default"),
                ("192.0.2.66", "x.example.net", LOGIN, False, "submission")):
            reply, said = post(lab, *door, source, helo, login, secure)
            told = "%s %d, %s" % (door[0], door[2], source)
            found = play.QUEUE_ID.search(reply)
            if not found:
                wrong.append("%s: %r" % (told, reply))
                continue
            if [(s["rule"], s.get("at")) for s in said] != [(rule, None)]:
                wrong.append("%s: decided %s" % (told, said))
            if not lab.sinks[door[0]].wait(found.group(1) or found.group(2)):
                wrong.append(told + ": not delivered")
    return wrong


def dialogue(client, address=b"192.0.2.11"):
    """The answers to connect, HELO, MAIL, RCPT; then the end's. The first
    refusal ends it, as an MTA would."""
    asks = [lambda: client.connect(address=address), client.helo,
            lambda: client.ask(b"M", milter.words(b"<ann@example.com>")),
            lambda: client.ask(b"R", milter.words(b"<bob@example.org>"))]
    said = b""
    for ask in asks:
        said += ask()[0]
        if said[-1:] != b"c":
            return said
    client.header([(b"From", b" ann@example.com")])
    client.ask(b"N")
    return said + client.end()[1][0]


def bits(letters):
    return sum(milter.NO_ANSWER[bytes([c])] for c in letters)


def rules_from(name):
    return POLICY[POLICY.index("rule " + name):]


# A policy, and where it might answer.
ANSWERS = [(POLICY, b"CHMR"), (rules_from("bad-greeting"), b"HMR"),
           (rules_from("submission"), b"MR"), (rules_from("closed"), b"R"),
           (PLAIN, b"")]


def wire(lab):
    return daemon_of(lab, "early", "unix:%s/early.sock" % lab.root)


def change(lab, text):
    wire(lab).policy.write_text(text)
    return reload(wire(lab), "reloaded: policy early")


def agreed(lab):
    """Where a rule might speak an answer is agreed upon, else none."""
    wrong = []
    for text, answers in ANSWERS:
        wrong += change(lab, text)
        with MilterClient(str(lab.root / "early.sock")) as client:
            _, _, steps = client.negotiate(steps=milter.ALL_STEPS)
        if steps & bits(b"CHMR") != bits(b"CHMR") & ~bits(answers):
            wrong.append("for answers at %s: %#x" % (answers, steps))
    return wrong + change(lab, POLICY)


def reloaded(lab):
    """What an MTA and a policy have agreed upon stays when the next policy
    has more to say: it says so at the next step that has an answer, at the
    latest at the end. And where it has less to say, it says nothing."""
    wrong = []
    for text, answers in ANSWERS:
        # An MTA that knows nothing of missing answers is given them.
        for steps in (milter.ALL_STEPS, milter.EVERY_ANSWER):
            wrong += change(lab, text)
            before = len(play.verdicts(wire(lab).text()))
            with MilterClient(str(lab.root / "early.sock")) as client:
                client.negotiate(steps=steps)
                wrong += change(lab, POLICY)
                said = dialogue(client)
            hope = b"c" * (4 - len(answers)) + b"y"
            rules = [s["rule"]
                     for s in play.verdicts(wire(lab).text())[before:]]
            if said != hope or rules != ["no-service"]:
                wrong.append("agreed %s, %#x: %s, not %s; %s" % (
                    answers, steps, said, hope, rules))
    with MilterClient(str(lab.root / "early.sock")) as client:
        client.negotiate(steps=milter.ALL_STEPS)
        wrong += change(lab, PLAIN)
        said = dialogue(client)
    if said != b"ccccy":
        wrong.append("the rule is not early any more: %s" % said)
    return wrong + change(lab, POLICY)


SCENARIOS = [
    ("early-refused", "at connect, HELO and MAIL: reply, log, record",
     refusals),
    ("early-welcome", "a good client, and one who logs in", welcome),
    ("early-agreed", "answers where a rule might speak, and only there",
     agreed),
    ("early-reloaded", "a policy that comes after the agreement", reloaded),
]
