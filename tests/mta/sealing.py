# SPDX-License-Identifier: BSD-2-Clause
"""ARC sets of ours (RFC 8617), as they arrive behind a real MTA: dkimpy, which
is not ours, asks the DNS for the key and verifies the whole chain.
"""
import re
from dataclasses import dataclass, field

import dkim

import play
import postfix
import sendmail
from hostile import Skip
from letter import Letter, message_id
from sign import can_seal
from smtp import Client
from table import ANN, LIST, RELAXED

CONF = """
arc {{
	seal = yes
	domain = "example.org"
	selector = "seal"
	key-file = "{key}"
	{fields}
}}
"""
# Sendmail writes lists of addresses anew, so assayd(8) says to leave them out.
FIELDS = 'fields = { "From", "Subject", "Date", "Message-ID", ' \
    '"DKIM-Signature" }'
SET = ["ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results"]
OURS = ["Authentication-Results", "Assay-Result"]


@dataclass
class Row:
    """sets: of the chain as it is delivered; 0: nothing was sealed. ours: our
    seal is the newest of them; cv: what it says. chain: what dkimpy says: None
    if the chain is whole and its last seal says cv=fail."""
    name: str
    letter: Letter
    sets: int = 1
    cv: str = "none"
    chain: bytes = b"pass"
    mail: str = ANN
    client: str = "192.0.2.10"
    action: str = "accept"
    ours: bool = True
    results: list = field(default_factory=list)


def chain(*seen, **rest):
    """By the list's seal, once for each of what it saw."""
    return Letter(ANN, sign=[RELAXED], seals=[
        dict(LIST, results=results) for results in seen], **rest)


CHANGED = [(b"how are you?", b"send me money")]

ROWS = [
    Row("plain", Letter(ANN)),
    Row("signed", Letter(ANN, sign=[RELAXED]), results=["dkim=pass"]),
    Row("tagged", Letter("x@quar.example.net"), action="tag",
        results=["dmarc=fail"]),
    Row("no-subject", Letter("x@quar.example.net", subject=None),
        action="tag"),
    Row("folded", Letter('"Ann\r\n of Example" <%s>' % ANN, subject="one\r\n"
                         " two\r\n\tthree  four ")),
    Row("recipients", Letter(ANN, extra=["Cc: a@example.org,b@example.org",
                                         "Reply-To: c@example.org,"
                                         "d@example.org"])),
    Row("body", Letter(ANN, body=b".\r\n..dots \t \r\n\r\n \xff\r\n\r\n\r\n")),
    Row("empty", Letter(ANN, body=b"")),
    Row("large", Letter(ANN, body=b"0123456789 " * 90 + b"\r\n", repeat=500)),
    Row("forged", Letter(ANN, top=[
        "Authentication-Results: mx.example.org; dmarc=pass",
        "Assay-Result: accept; rule=x; id=y; policy=z"]),
        results=["spf=pass"]),
    Row("chain", chain("dkim=pass"), sets=2, cv="pass", results=["arc=pass"]),
    Row("chain-two", chain("dkim=pass", "arc=pass; dkim=pass"), sets=3,
        cv="pass", results=["arc=pass"]),
    Row("forwarded", chain("dkim=pass", alter=CHANGED), sets=2, cv="pass",
        mail="x@lists.example.net", client="198.51.100.20", action="tag",
        results=["arc=pass", "dkim=fail"]),
    # 5.1.2: who finds the chain broken says so, once and for all.
    Row("broken", chain("dkim=pass", alter_sealed=CHANGED), sets=2, cv="fail",
        chain=None, results=["arc=fail"]),
    Row("local", Letter(ANN), sets=0, client="198.51.100.130"),
    Row("local-chain", chain("dkim=pass"), sets=1, ours=False, cv="pass",
        client="198.51.100.130"),
]


def daemon_of(lab, mta):
    name, path, fields = {
        "postfix": ("seal", "seal.sock", ""),
        "sendmail": ("sendmail-seal", "sendmail-seal.sock", FIELDS)}[mta]
    for d in lab.daemons:
        if d.name == name:
            return d
    return lab.daemon(name, "unix:%s/%s" % (lab.root, path),
                      extra=CONF.format(key=lab.keys.seal_file,
                                        fields=fields))


DOORS = {"postfix": (postfix.ADDRESS, 2526),
         "sendmail": (sendmail.ADDRESS, 27)}


def post(lab, mta, text, mail, source):
    """(message delivered, what the log says, complaints)"""
    daemon = daemon_of(lab, mta)
    before = len(play.verdicts(daemon.text()))
    client = Client(*DOORS[mta], source)
    client.hello("mail.example.com")
    client.envelope(mail, ["bob@example.org"])
    reply = client.data(text)
    client.quit()
    found = play.QUEUE_ID.search(reply)
    if not found:
        return None, {}, ["the reply is %r" % reply]
    message = lab.sinks[mta].wait(found.group(1) or found.group(2))
    said = play.verdicts(daemon.text())[before:]
    return message, said[0], [] if message else ["not delivered"]


def verify(raw):
    """dkimpy's word for the chain. It asks the DNS itself."""
    return dkim.arc_verify(raw)[0]


def order_wrong(row, message):
    names = [name for name, _ in message.fields[:5]]
    wanted = SET + OURS if row.sets and row.ours else OURS
    return [] if names[:len(wanted)] == wanted else ["on top are %s" % names]


def set_wrong(row, message):
    """Our set is the newest, in our name, and tells what the field below it
    tells."""
    seal, signature, results = (message.values(n)[0] for n in SET)
    tags = dict(t.strip().split("=", 1) for t in seal.rstrip(" ;").split(";"))
    found = {name: tags.get(name) for name in ("i", "cv", "d", "s")}
    wrong = []
    if found != {"i": str(row.sets), "cv": row.cv, "d": "example.org",
                 "s": "seal"}:
        wrong.append("the seal has %s" % found)
    below = message.values("Authentication-Results")[0]
    if results.split() != ("i=%d; %s" % (row.sets, below)).split():
        wrong.append("sealed is %r, shown is %r" % (results, below))
    if not re.search(r"\bi=%d;" % row.sets, signature):
        wrong.append("the signature is %r" % signature)
    return wrong + ["no %s in %r" % (r, below) for r in row.results
                    if r not in below]


def chain_wrong(row, message):
    wrong = ["%d fields %s" % (len(message.values(n)), n) for n in SET
             if len(message.values(n)) != row.sets]
    if not row.sets:
        return wrong
    said = verify(message.raw)
    if said != row.chain:
        wrong.append("dkimpy says %s" % said)
    # What proves nothing when it is changed proves nothing at all.
    if row.chain == b"pass" and verify(message.raw + b"more\r\n") == b"pass":
        wrong.append("dkimpy is content with another body")
    return wrong


def one(lab, mta, row):
    text = row.letter.write(lab.keys, message_id("seal", mta, row.name))
    message, said, wrong = post(lab, mta, text, row.mail, row.client)
    if wrong:
        return wrong
    mine = row.ours and row.sets > 0
    if said["action"] != row.action:
        wrong.append("%(action)s by %(rule)s" % said)
    if said.get("sealed") != (str(row.sets) if mine else None):
        wrong.append("the log says sealed=%s" % said.get("sealed"))
    wrong += order_wrong(row, message) + chain_wrong(row, message)
    return wrong + (set_wrong(row, message) if mine and not wrong else [])


def twice(lab, mta):
    """What we sealed comes to us again, by a list: one set more, both good."""
    text = Letter(ANN, sign=[RELAXED]).write(lab.keys,
                                             message_id("seal", mta, "again"))
    message, _, wrong = post(lab, mta, text, ANN, "192.0.2.10")
    if wrong:
        return wrong
    message, said, wrong = post(lab, mta, message.raw, "x@lists.example.net",
                                "198.51.100.20")
    row = Row("again", None, sets=2, cv="pass", results=["arc=pass"])
    return wrong or (order_wrong(row, message) + chain_wrong(row, message) +
                     set_wrong(row, message))


def closed(lab, mta):
    """5.1.2: nothing is added to a chain that is said to have failed."""
    text = chain("dkim=pass", alter_sealed=CHANGED).write(
        lab.keys, message_id("seal", mta, "closed"))
    message, _, wrong = post(lab, mta, text, ANN, "192.0.2.10")
    if wrong:
        return wrong
    message, said, wrong = post(lab, mta, message.raw, ANN, "192.0.2.10")
    if not wrong and not said.get("unsealed"):
        wrong.append("the log does not say why it was not sealed")
    return wrong or chain_wrong(
        Row("closed", None, sets=2, chain=None), message)


def through(mta):
    def scenario(lab):
        if mta not in lab.sinks:
            raise Skip("no " + mta)
        if not can_seal():
            raise Skip("no python3-authres")
        wrong = ["%s: %s" % (row.name, text) for row in ROWS
                 for text in one(lab, mta, row)]
        wrong += ["again: " + text for text in twice(lab, mta)]
        return wrong + ["closed: " + text for text in closed(lab, mta)]
    return scenario


SCENARIOS = [
    ("seal-postfix", "ARC sets of ours, delivered, verified by dkimpy",
     through("postfix")),
    ("seal-sendmail", "the same behind Sendmail", through("sendmail")),
]
