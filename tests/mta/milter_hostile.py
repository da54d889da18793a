# SPDX-License-Identifier: BSD-2-Clause
"""Whatever comes by the milter socket, the daemon serves on: disorder, packets
that are not what they say, garbage, and peers that are gone.
"""
import itertools
import random
import struct

import play
from milter import Gone, MilterClient, open_session, packet, words
from milter_client import (PLAIN, expect, given_back, open_files, path, well,
                           wire)

# A session, step by step; each waits for its answer.
STEPS = [
    ("negotiate", lambda c: c.negotiate()),
    ("connect", lambda c: c.connect()),
    ("helo", lambda c: c.helo()),
    ("mail", lambda c: c.ask(b"M", words(b"<ann@example.com>"))),
    ("rcpt", lambda c: c.ask(b"R", words(b"<bob@example.org>"))),
    ("header", lambda c: c.ask(b"L", words(*PLAIN[0]))),
    ("eoh", lambda c: c.ask(b"N")),
    ("body", lambda c: c.ask(b"B", b"hello\r\n")),
    ("end", lambda c: c.end()),
]

COMMANDS = [b"Cx\0" b"4\x12\x67" b"192.0.2.10\0", b"Hx\0", b"M<a@b.example>\0",
            b"R<c@example.org>\0", b"LName\0value\0", b"N", b"Btext", b"E",
            b"T", b"Unonsense\0", b"A", b"K", b"Q", b"Di\0x\0", b"DMi\0x\0",
            b"O" + struct.pack(">III", 6, 0x1ff, 0x1fffff), b"?", b"\0"]


def up_to(client, count):
    for _, step in STEPS[:count]:
        step(client)


def disconnects(lab):
    """The MTA dies in each state, in the middle of a packet as well."""
    well(lab, "nothing")
    before = open_files(lab)
    for count in range(len(STEPS) + 1):
        for tail in (b"", b"\0", struct.pack(">I", 100) + b"L", packet(b"E")):
            with MilterClient(path(lab)) as client:
                up_to(client, count)
                if tail:
                    client.raw(tail)
    return well(lab, "disconnects") + given_back(lab, before)


def aborts(lab):
    """ABORT in each state: the next message knows nothing of the last."""
    wrong = []
    with open_session(path(lab)) as client:
        for count in range(3, len(STEPS) + 1):
            for _, step in STEPS[3:count]:
                step(client)
            client.send(b"A")
            edits, answer = client.message(PLAIN[1:] + PLAIN[:1])
            wrong += expect("after " + STEPS[count - 1][0], edits, answer,
                            "dmarc=pass")
    return wrong


def drain(client, seconds=0.02):
    """Whatever comes, until nothing does."""
    client.socket.settimeout(seconds)
    try:
        while client.socket.recv(65536):
            pass
    except OSError:
        pass


def out_of_order(lab):
    """Every command in every state, and every pair of commands."""
    well(lab, "nothing")
    before = open_files(lab)
    wrong = []
    for count, one in itertools.product(range(len(STEPS) + 1), COMMANDS):
        try:
            with MilterClient(path(lab)) as client:
                up_to(client, count)
                client.send(one[:1], one[1:])
                client.send(b"E")
                drain(client)
        except (Gone, TimeoutError):
            pass                # to hang up on nonsense is an answer
        if wire(lab).process.poll() is not None:
            return ["died of %r after %d steps" % (one, count)]
    for pair in itertools.product(COMMANDS, COMMANDS):
        try:
            with MilterClient(path(lab)) as client:
                client.negotiate()
                for one in pair:
                    client.send(one[:1], one[1:])
        except (Gone, TimeoutError):
            pass
        if wire(lab).process.poll() is not None:
            return ["died of %r" % (pair,)]
    return wrong + well(lab, "disorder") + given_back(lab, before)


# Packets whose data is not what their letter promises. Not among them: macros
# of three or five strings, behind which smfi_getsymval() of libmilter 8.17
# reads on; nothing of ours can look at them before.
MALFORMED = [
    b"C", b"C\0", b"Cname", b"Cname\0", b"Cname\0" b"4", b"Cname\0" b"4\x12",
    b"Cname\0" b"4\x12\x67", b"Cname\0" b"4\x12\x67" b"999.1.2.3\0",
    b"Cname\0" b"6\x12\x67zzz\0", b"Cname\0" b"4\x12\x67" b"192.0.2.10",
    b"C" + b"n" * 70000 + b"\0" b"4\x12\x67" b"192.0.2.10\0",
    b"Cn\0?\x12\x67x\0",
    b"H", b"Hname", b"H\0", b"H\xff\xfe\0", b"H" + b"h" * 70000 + b"\0",
    b"M", b"M\0", b"M<a@b.example>", b"M\0\0\0\0", b"M<\xff\0X=Y\0=\0",
    b"M<" + b"a" * 70000 + b">\0", b"M<a@b>\0" + b"X=Y\0" * 5000,
    b"R", b"R\0", b"R<", b"R\0\0", b"R<" + b"\xc3" * 3000 + b"\0",
    b"L", b"L\0", b"Lname", b"Lname\0", b"Lname\0value", b"L\0value\0",
    b"L\0\0\0\0", b"L" + b"n" * 70000 + b"\0v\0",
    b"LFrom\0" + b"(" * 60000 + b"\0", b"LFrom\0" + b"a@b," * 15000 + b"\0",
    b"LDKIM-Signature\0" + b";" * 60000 + b"\0",
    b"D", b"DM", b"DMi", b"DMi\0", b"DM\0\0", b"DM" + b"i\0x\0" * 10000,
    b"D\xffi\0x\0", b"O", b"O123", b"O" + b"\xff" * 12, b"O" + b"\0" * 12,
    b"B" + b"\0" * 65535, b"N\0\0\0",
]
LENGTHS = [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0",
           b"\0\0\0\0", b"\0\x10\0\0", b"\0\x10\0\1", b"\x01\0\0\0"]


def malformed(lab):
    well(lab, "nothing")
    before = open_files(lab)
    sends = [packet(one[:1], one[1:]) for one in MALFORMED]
    sends += [size + b"O" + b"x" * 100 for size in LENGTHS]
    for count in (0, 1, 2, 3, 5, 6, 8):
        for octets in sends:
            try:
                with MilterClient(path(lab)) as client:
                    up_to(client, count)
                    client.raw(octets)
                    client.raw(packet(b"E"))
                    drain(client, 0.005)
            except (Gone, TimeoutError):
                pass
            if wire(lab).process.poll() is not None:
                return ["died of %r after %d steps" % (octets[:60], count)]
    return well(lab, "malformed packets") + given_back(lab, before)


def garbage(lab):
    """Octets without sense, the same ones in every run."""
    well(lab, "nothing")
    before, chance = open_files(lab), random.Random(8617)
    for n in range(300):
        try:
            with MilterClient(path(lab)) as client:
                up_to(client, chance.randrange(len(STEPS)))
                for _ in range(chance.randrange(1, 6)):
                    data = chance.randbytes(chance.choice((0, 1, 9, 900)))
                    client.raw(chance.choice((data, packet(
                        bytes([chance.choice(b"ABCEHKLMNOQRTU")]), data))))
        except (Gone, TimeoutError):
            pass
        if wire(lab).process.poll() is not None:
            return ["died in round %d" % n]
    return well(lab, "garbage") + given_back(lab, before)


def verdict_lines_sane(lab):
    """Whatever came by the wire, every line of the log has its form."""
    return ["an odd line: %r" % line for line in
            wire(lab).text().splitlines()
            if " action=" in line and not play.verdicts(line)[0].get("id")]


SCENARIOS = [
    ("wire-abort", "ABORT in each state", aborts),
    ("wire-disconnect", "the MTA dies in each state", disconnects),
    ("wire-disorder", "every command in every state", out_of_order),
    ("wire-malformed", "packets that are not what they say", malformed),
    ("wire-garbage", "octets without sense", garbage),
    ("wire-log", "the log of all that has its form", verdict_lines_sane),
]
