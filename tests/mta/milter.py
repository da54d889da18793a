# SPDX-License-Identifier: BSD-2-Clause
"""The MTA's side of the milter protocol, as far as a test needs it.

Sendmail documents it in libmilter/docs; a packet is a length of four octets,
a letter and data. Nothing here is careful: a scenario may send what it likes.
"""
import socket
import struct

# What an MTA may offer (mfdef.h, mfapi.h).
ADDHDRS, CHGBODY, ADDRCPT, DELRCPT = 0x01, 0x02, 0x04, 0x08
CHGHDRS, QUARANTINE, SETSYMLIST = 0x10, 0x20, 0x100
ALL_ACTIONS = 0x1ff
HDR_LEADSPC, ALL_STEPS = 0x100000, 0x1fffff
# Commands that need no answer if both agree (SMFIP_NR_*).
NO_ANSWER = {b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000,
             b"L": 0x80, b"N": 0x40000, b"B": 0x80000}
EVERY_ANSWER = ALL_STEPS & ~0xff080
NO_REPLY = 0

# After these letters more packets follow: changes to the message.
EDITS = b"+-2behimlqp"


class Gone(Exception):
    """The filter has closed the connection."""


def packet(letter, data=b""):
    return struct.pack(">I", len(data) + 1) + letter + data


def words(*items):
    return b"".join(item + b"\0" for item in items)


class MilterClient:
    """One connection to the filter."""

    def __init__(self, path, timeout=20):
        self.steps = 0          # agreed
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, letter, data=b""):
        self.raw(packet(letter, data))

    def raw(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError as e:
            raise Gone(str(e)) from e

    def exactly(self, n):
        octets = b""
        while len(octets) < n:
            try:
                more = self.socket.recv(n - len(octets))
            except ConnectionError as e:
                raise Gone(str(e)) from e
            if not more:
                raise Gone("closed")
            octets += more
        return octets

    def receive(self):
        size = struct.unpack(">I", self.exactly(4))[0]
        body = self.exactly(size)
        return body[:1], body[1:]

    def ask(self, letter, data=b""):
        """Send, and wait for the answer to it: one packet. "Go on" where it
        is agreed that none comes."""
        self.send(letter, data)
        if self.steps & NO_ANSWER.get(letter, 0):
            return b"c", b""
        return self.receive()

    def negotiate(self, actions=ALL_ACTIONS, steps=EVERY_ANSWER, version=6):
        letter, data = self.ask(b"O", struct.pack(">III", version, actions,
                                                  steps))
        if letter != b"O":
            raise Gone("negotiation ended in %r" % letter)
        agreed = struct.unpack(">III", data[:12])
        self.steps = agreed[2]
        return agreed

    def macros(self, letter, **values):
        flat = [text.encode() for pair in values.items() for text in pair]
        self.send(b"D", letter + words(*flat))

    def connect(self, name=b"mail.example.com", address=b"192.0.2.10",
                family=b"4"):
        self.macros(b"C", j="mx.example.org")
        return self.ask(b"C", name + b"\0" + family +
                        struct.pack(">H", 4711) + address + b"\0")

    def helo(self, name=b"mail.example.com"):
        return self.ask(b"H", name + b"\0")

    def envelope(self, sender=b"<ann@example.com>",
                 recipients=(b"<bob@example.org>",)):
        answers = [self.ask(b"M", words(sender))]
        answers += [self.ask(b"R", words(r)) for r in recipients]
        return answers

    def header(self, fields):
        return [self.ask(b"L", words(name, value)) for name, value in fields]

    def end(self):
        """End of message; (edits, final answer)."""
        self.send(b"E")
        edits = []
        while True:
            letter, data = self.receive()
            if letter not in EDITS:
                return edits, (letter, data)
            if letter != b"p":
                edits.append((letter, data))

    def message(self, fields, body=b"hello\r\n", queue_id="4Xmilter"):
        """(edits, final answer) of one whole message."""
        self.macros(b"M", i=queue_id)
        self.envelope()
        self.header(fields)
        self.ask(b"N")
        self.ask(b"B", body)
        return self.end()


def open_session(path, **offer):
    """Negotiated, connected, greeted."""
    client = MilterClient(path)
    try:
        client.negotiate(**offer)
        client.connect()
        client.helo()
    except BaseException:
        client.socket.close()
        raise
    return client
