# SPDX-License-Identifier: BSD-2-Clause
"""MTAs that are old, poor or odd: the protocol spoken by ourselves. The hostile
ones are in milter_hostile.py.

All knock at one more daemon, "wire". After each of them it must serve an
ordinary message as ever, and have given back what it had opened.
"""
import os
import struct
import time

import milter
from letter import Letter, message_id
from milter import Gone, MilterClient, open_session
from table import ANN, SIMPLE

FORGED = (b"Authentication-Results", b" mx.example.org; dkim=pass")
PLAIN = [(b"From", b" ann@example.com"), (b"To", b" bob@example.org"),
         (b"Subject", b" hello"), FORGED, (b"X-Note", b" kept")]


def wire(lab):
    for d in lab.daemons:
        if d.name == "wire":
            return d
    return lab.daemon("wire", "unix:%s/wire.sock" % lab.root)


def path(lab):
    wire(lab)
    return str(lab.root / "wire.sock")


def inserted(edits, name=b"Authentication-Results"):
    """(index, value as it came) of the fields we add."""
    fields = [(struct.unpack(">I", data[:4])[0], *data[4:].split(b"\0")[:2])
              for letter, data in edits if letter == b"i"]
    return [(index, value) for index, key, value in fields if key == name]


def results(edits):
    found = inserted(edits)
    return b" ".join(found[0][1].split()).decode() if found else ""


def expect(told, edits, answer, *texts):
    wrong = [] if answer[0] == b"c" else ["the answer is %r" % (answer,)]
    return ["%s: %s" % (told, s) for s in wrong + [
        "no %r in %r" % (t, results(edits)) for t in texts
        if t not in results(edits)]]


def well(lab, told):
    """An ordinary message, with all rights, is judged as ever."""
    if wire(lab).process.poll() is not None:
        return [told + ": the daemon died"]
    try:
        with open_session(path(lab)) as client:
            edits, answer = client.message(PLAIN)
    except (Gone, OSError) as e:
        return ["after %s nobody is served: %r" % (told, e)]
    wrong = expect("after " + told, edits, answer, "dmarc=pass")
    if [letter for letter, _ in edits].count(b"m") != 1:
        wrong.append("after %s the forged field stays" % told)
    return wrong


def open_files(lab):
    return len(os.listdir("/proc/%d/fd" % wire(lab).process.pid))


def given_back(lab, before):
    """As many open files as there were; connections end by themselves."""
    for _ in range(100):
        if open_files(lab) <= before:
            return []
        time.sleep(0.05)
    return ["%d files are open, not %d" % (open_files(lab), before)]


def split(text):
    """(name, value with its blank) of each field, and the body."""
    head, _, body = text.partition(b"\r\n\r\n")
    head = head.replace(b"\r\n ", b"\n ").replace(b"\r\n\t", b"\n\t")
    return [tuple(line.split(b":", 1)) for line in head.split(b"\r\n")], body


def signed(lab, how, **more):
    return split(Letter(ANN, sign=[how], **more).write(
        lab.keys, message_id("wire", "signed")))


# What MTAs offered, from those of old to one that allows next to nothing.
# The simple canonicalization holds without LEADSPC as well: one blank is what
# nearly everybody writes, and what is put in its place.
OFFERS = [
    ("all", dict(), 1, True),
    ("no answers", dict(steps=milter.ALL_STEPS), 1, True),
    ("version 2", dict(version=2, actions=0x3f, steps=0x7f), 1, True),
    ("version 4", dict(version=4, actions=0x3f, steps=0x37f), 1, True),
    ("add only", dict(actions=milter.ADDHDRS, steps=0), 0, True),
    ("no blank", dict(steps=milter.ALL_STEPS & ~milter.HDR_LEADSPC), 1, True),
    ("no macros to ask for",
     dict(actions=milter.ALL_ACTIONS & ~milter.SETSYMLIST), 1, True),
    ("change only", dict(actions=milter.CHGHDRS), 1, False),
    # (No action at all is how libmilter's first version offered its four.)
    ("neither", dict(actions=milter.DELRCPT, steps=0), 0, False),
]


def fewer_rights(lab):
    """Nothing is done that was not offered, all else is."""
    wrong = []
    fields, body = signed(lab, SIMPLE, top=["%s:%s" % tuple(
        t.decode() for t in FORGED)])
    for told, offer, removals, adds in OFFERS:
        steps = offer.get("steps", milter.ALL_STEPS)
        blank = bool(steps & milter.HDR_LEADSPC)
        sent = fields if blank else [(n, v[1:]) for n, v in fields]
        with MilterClient(path(lab)) as client:
            _, actions, agreed = client.negotiate(**offer)
            if actions & ~offer.get("actions", milter.ALL_ACTIONS) or \
                    agreed & ~steps:
                wrong.append(told + ": it takes what was not offered")
            client.connect()
            client.helo()
            edits, answer = client.message(sent, body)
        letters = [letter for letter, _ in edits]
        wrong += expect(told, edits, answer, *(
            ["dkim=pass", "dmarc=pass"] if adds else []))
        if letters.count(b"m") != removals or (b"i" in letters) != adds:
            wrong.append("%s: changes are %r" % (told, letters))
        for index, value in inserted(edits):
            if index != 0 or value.startswith(b" ") != blank:
                wrong.append("%s: at %d comes %r" % (told, index, value[:20]))
    said = wire(lab).text()
    return wrong + ["it does not say: " + text for text in (
        "remove forged fields", "blank behind a field's colon")
        if text not in said] + well(lab, "fewer rights")


def rights_of_verdicts(lab):
    """A quarantine that is not offered is not asked for."""
    wrong = []
    wish = PLAIN + [(b"X-Wish", b" quarantine")]
    for actions, wanted in ((milter.ALL_ACTIONS, 1), (milter.ADDHDRS, 0)):
        with open_session(path(lab), actions=actions) as client:
            edits, answer = client.message(wish)
        if [letter for letter, _ in edits].count(b"q") != wanted:
            wrong.append("%#x: changes are %r" % (actions, edits))
        wrong += expect("%#x" % actions, edits, answer)
    return wrong


CLIENTS = [
    # RFC 4291 2.5.5.2, RFC 7208 4.1: a mapped address is the IPv4 client
    (b"6", b"IPv6:::ffff:192.0.2.10", "client=192.0.2.10 ", "pass"),
    (b"6", b"::ffff:192.0.2.10", "client=192.0.2.10 ", "pass"),
    (b"6", b"IPv6:2001:db8::10", "client=2001:db8::10 ", "pass"),
    (b"4", b"192.0.2.66", "client=192.0.2.66 ", "fail"),
    # no address of the Internet: submitted here, and not judged
    (b"L", b"/run/socket", "class=local ", None),
    (b"U", b"", "class=local ", None),
]


def addresses(lab):
    wrong = []
    for family, address, logged, spf in CLIENTS:
        before = len(wire(lab).text())
        with MilterClient(path(lab)) as client:
            client.negotiate()
            if family == b"U":
                client.ask(b"C", b"localhost\0U")
            else:
                client.connect(family=family, address=address)
            client.helo()
            edits, answer = client.message([f for f in PLAIN if f != FORGED])
        said = wire(lab).text()[before:]
        if logged not in said:
            wrong.append("%r: no %r in %r" % (address, logged, said))
        if spf and "spf=%s smtp.mailfrom" % spf not in results(edits) and \
                spf == "pass":
            wrong.append("%r: %s" % (address, results(edits)))
        if spf == "fail" and answer[0] not in b"ry":
            wrong.append("%r: answered %r" % (address, answer))
    return wrong


def next_connection(lab):
    """QUIT_NC: another client by the same connection (Sendmail's habit)."""
    wrong = []
    with open_session(path(lab)) as client:
        for n in range(5):
            edits, answer = client.message(PLAIN)
            wrong += expect("client %d" % n, edits, answer, "dmarc=pass")
            if [letter for letter, _ in edits].count(b"m") != 1:
                wrong.append("client %d: the rights are forgotten" % n)
            client.send(b"K")
            client.connect()
            client.helo()
        client.message(PLAIN)
        client.send(b"K")
    return wrong + well(lab, "QUIT_NC")


def silent_peers(lab):
    """Connections that say nothing, and one that stops inside a packet."""
    quiet = [MilterClient(path(lab)) for _ in range(100)]
    try:
        quiet[0].raw(b"\0\0")
        quiet[1].negotiate()
        wrong = well(lab, "a hundred silent connections")
    finally:
        for client in quiet:
            client.socket.close()
    return wrong


def field_of_a_megabyte(lab):
    """One packet as large as the daemon takes, and one that is larger."""
    wrong = []
    for octets, hope in ((1000000, "accepted"), (1100000, "refused")):
        with open_session(path(lab)) as client:
            try:
                _, answer = client.message(
                    PLAIN + [(b"X-Large", b" " + b"a" * octets)])
                said = "accepted" if answer[0] == b"c" else "%r" % (answer,)
            except Gone:
                said = "refused"
        if said != hope:
            wrong.append("%d octets: %s" % (octets, said))
    return wrong + well(lab, "large packets")


SCENARIOS = [
    ("wire-fewer-rights", "MTAs that offer less, down to nothing",
     fewer_rights),
    ("wire-quarantine", "quarantine with and without the right to",
     rights_of_verdicts),
    ("wire-addresses", "mapped IPv6, local, unknown clients", addresses),
    ("wire-next-connection", "one connection for several clients",
     next_connection),
    ("wire-silent", "a hundred connections that say nothing", silent_peers),
    ("wire-megabyte", "a field of a million octets", field_of_a_megabyte),
]
