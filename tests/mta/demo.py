#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Shows what assay does: six messages, sent to a real Postfix with assayd and
the shipped policy "standard" behind it, and what became of each.

usage: tests/mta/demo.py [BUILD-DIRECTORY]       (as root)

Everything runs in a private network below a temporary folder and is gone
afterwards: nothing of this machine's mail or DNS is touched.
"""
import os
import pathlib
import re
import sys
import textwrap
from dataclasses import dataclass

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(HERE))

import sandbox  # noqa: E402
from letter import Letter, message_id  # noqa: E402

SHOWN = ("Authentication-Results", "Assay-Result", "X-Spam-Flag", "Subject")
ANN = "ann@example.com"
SIGNED = dict(domain="example.com", selector="rsa")


@dataclass
class Scene:
    title: str
    story: str
    letter: Letter
    mail: str = ANN
    client: str = "192.0.2.10"
    helo: str = "mail.example.com"


SCENES = [
    Scene("a good message",
          "Ann of example.com writes by way of her own server, which signs.",
          Letter(ANN, subject="lunch?", sign=[SIGNED])),
    Scene("a forgery of a domain that says p=reject",
          "A stranger at 192.0.2.66 says to be Ann.",
          Letter(ANN, subject="urgent invoice"),
          client="192.0.2.66", helo="host.example.net"),
    Scene("the same author, by way of a mailing list",
          "The list changed subject and body, so Ann's signature is broken; "
          "it signed for itself.",
          Letter(ANN, subject="a letter", sign=[SIGNED],
                 extra=["List-Id: talk <talk.lists.example.net>"],
                 alter=[(b"Subject: a", b"Subject: [talk] a"),
                        (b"hello", b"hello\r\n-- \r\nlists.example.net")],
                 sign_again=[dict(SIGNED, domain="lists.example.net")]),
          mail="talk-bounces@lists.example.net", client="198.51.100.20",
          helo="lists.example.net"),
    Scene("a message that brings its own results",
          "Its sender has written \"mx.example.org says dkim=pass\" into it, "
          "three times.",
          Letter("someone@plain.example.net", subject="trust me", top=[
              "Authentication-Results: mx.example.org; dkim=pass "
              "header.d=bank.example.com",
              "Authentication-Results: (really)\r\n MX.example.org 1;\r\n"
              " dmarc=pass header.from=bank.example.com",
              "Assay-Result: accept; rule=trusted; id=0; policy=standard"]),
          mail="someone@plain.example.net"),
    Scene("a signed message, changed on the way",
          "Somebody replaced one word of Ann's text; her server's address "
          "still proves the domain.",
          Letter(ANN, subject="the price", body=b"pay 10 coins\r\n",
                 sign=[SIGNED], alter=[(b"10 coins", b"99 coins")])),
    Scene("our own domain, from outside",
          "A stranger writes as boss@example.org to bob@example.org.",
          Letter("boss@example.org", subject="wire the money"),
          mail="boss@example.org", client="192.0.2.66",
          helo="host.example.net"),
]


def program(build, name):
    for place in (build, build / "bin", build / "src"):
        if os.access(place / name, os.X_OK) and (place / name).is_file():
            return place / name
    sys.exit("%s is not in %s: build it first (cmake --build %s)" %
             (name, build, build))


def post(lab, scene, number):
    from play import QUEUE_ID
    from smtp import Client, Refused
    address, address6, port, _ = lab.lanes["postfix unix"]
    text = scene.letter.write(lab.keys, message_id("quickstart", number))
    client = Client(address, port, scene.client)
    try:
        client.hello(scene.helo)
        client.envelope(scene.mail, ["bob@example.org"])
        reply = client.data(text)
    except Refused as e:
        reply = e.reply
    client.quit()
    found = QUEUE_ID.search(reply)
    message = found and lab.sinks["postfix"].wait(found.group(1))
    return reply, message


def paragraph(head, text):
    print(textwrap.fill(text, 78, initial_indent="   %-10s" % head,
                        subsequent_indent=" " * 13,
                        break_long_words=False, break_on_hyphens=False))


def show(number, scene, reply, message):
    print("%d. %s" % (number, scene.title))
    paragraph("sent", scene.story)
    paragraph("", "client %s, MAIL FROM:<%s>, From: %s" % (
        scene.client, scene.mail, scene.letter.author))
    paragraph("Postfix", " ".join(reply.split()))
    if message is None:
        paragraph("delivered", "no")
    else:
        print("   delivered with")
        for name, value in message.fields:
            if name in SHOWN:
                text = (name + ":" + value.decode("latin-1"))
                for line in text.replace("\r", "").split("\n"):
                    print("      " + line)
    print()
    sys.stdout.flush()


def demonstrate(build):
    from lab import Lab
    policy = TOP / "policy" / "standard.policy"
    print(textwrap.fill(
        "Starting a DNS server with a few domains below example.com, .net and "
        ".org, assayd with %s, and Postfix with smtpd_milters pointing at it; "
        "all in a private network." % policy.relative_to(TOP), 78))
    print(flush=True)
    with Lab(program(build, "assayd"), policy) as lab:
        for number, scene in enumerate(SCENES, 1):
            show(number, scene, *post(lab, scene, number))
        daemon = lab.lanes["postfix unix"][3]
        lines = [line for line in daemon.text().splitlines()
                 if " action=" in line]
        print("And one line of the log for each, here the last:")
        print(textwrap.fill(re.sub(r"^<\d>", "", lines[-1]), 78,
                            initial_indent="   ", subsequent_indent="   ",
                            break_long_words=False, break_on_hyphens=False))
        complaints = lab.complaints()
        for sentence in complaints:
            print(sentence)
        good = len(lines) == len(SCENES) and not complaints
    return 0 if good else 1


def main():
    if len(sys.argv) > 2 or sys.argv[1:] in (["-h"], ["--help"]):
        sys.exit(__doc__.strip())
    build = pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else
                         TOP / "build" / "release").resolve()
    if sandbox.inside():
        return demonstrate(build)
    program(build, "assayd")
    sandbox.require([("nsd", "nsd"), ("postcat", "postfix"),
                     ("ip", "iproute2"), ("unshare", "util-linux"),
                     ("openssl", "openssl")], closing=False)
    return sandbox.run_inside(["/usr/bin/python3", "-B", __file__, str(build)])


if __name__ == "__main__":
    sys.exit(main())
