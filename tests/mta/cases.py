# SPDX-License-Identifier: BSD-2-Clause
"""The transactions: what is sent, and what must come of it.

Each stands for one connection. A plain case() is one message; session() has
several parts. What is not said is as usual: mail.example.com at 192.0.2.10
writes to bob@example.org, and its message is accepted by default.

results     words that one result of Authentication-Results must hold together
headers     fields the message is delivered with
gone        text that must not be delivered
reply       a regular expression for the last reply
"""
from dataclasses import dataclass, field

from letter import Letter

ANN = "ann@example.com"
RELAXED = dict(domain="example.com", selector="rsa")
SIMPLE = dict(domain="example.com", selector="rsa", canon="simple/simple")
ED = dict(domain="example.com", selector="ed")
ED_SIMPLE = dict(domain="example.com", selector="ed", canon="simple/simple")
LIST = dict(domain="lists.example.net", selector="rsa")

FOLDED = "folded\r\n   twice\r\n\tby hand"
SHAPES = (b".\r\n..a \r\n\t\r\n" + b"x" * 900 + b"\r\n \r\n\r\n\r\n")


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

# The forwarder's address is in nobody's SPF record.
FORWARDER = dict(client="198.51.100.10", helo="office.example.com",
                 mail="x@plain.example.net")
FOOTER = [(b"hello", b"hello\r\n-- \r\na footer")]
SEAL = dict(domain="lists.example.net",
            results="dkim=pass header.d=example.com; "
                    "dmarc=pass header.from=example.com")

CASES = [
    # SPF
    case("spf-pass", "the domain's own server; DMARC passes by SPF alone",
         Letter(ANN),
         results=["iprev=pass policy.iprev=192.0.2.10",
                  "spf=pass smtp.mailfrom=example.com",
                  "spf=pass smtp.helo=mail.example.com", "dkim=none",
                  "dmarc=pass header.from=example.com"]),
    case("spf-pass-ipv6", "the same over IPv6", Letter(ANN),
         client="2001:db8::10", helo="mail6.example.com",
         results=["spf=pass smtp.mailfrom=example.com",
                  "spf=pass smtp.helo=mail6.example.com", "dmarc=pass"]),
    case("spf-fail", "a stranger's envelope around a signed message",
         Letter(ANN, sign=[RELAXED]), mail="x@none.example.net",
         results=["spf=fail smtp.mailfrom=none.example.net", "dkim=pass",
                  "dmarc=pass"]),
    case("spf-softfail", "~all is a mark, not a refusal",
         Letter("x@soft.example.net"), mail="x@soft.example.net",
         action="tag", rule="softly", headers=["X-Softfail: soft.example.net"],
         results=["spf=softfail smtp.mailfrom=soft.example.net",
                  "dmarc=none"]),
    case("spf-neutral", "?all says nothing",
         Letter("x@neutral.example.net"), mail="x@neutral.example.net",
         results=["spf=neutral smtp.mailfrom=neutral.example.net"]),
    case("spf-none", "a domain without any record",
         Letter("x@plain.example.net"), mail="x@plain.example.net",
         results=["spf=none smtp.mailfrom=plain.example.net", "dmarc=none"]),
    case("spf-permerror", "a record with a mistake in it",
         Letter("x@broken.example.net"), mail="x@broken.example.net",
         results=["spf=permerror smtp.mailfrom=broken.example.net"]),
    case("null-sender", "a bounce: the HELO name is the identity",
         Letter("mailer-daemon@mail.example.com", subject="Undelivered"),
         mail="", results=["spf=pass smtp.helo=mail.example.com",
                           "dmarc=pass header.from=mail.example.com"]),
    case("null-sender-forged", "the same from somewhere else",
         Letter("mailer-daemon@example.com"), mail="",
         client="192.0.2.66", helo="mail.example.com", **REJECTED),

    # DKIM
    case("dkim-rsa-relaxed", "one signature", Letter(ANN, sign=[RELAXED]),
         client="198.51.100.10", helo="office.example.com",
         results=["dkim=pass header.d=example.com header.s=rsa "
                  "header.a=rsa-sha256", "spf=fail", "dmarc=pass"]),
    case("dkim-rsa-simple", "every blank counts, the first one too",
         Letter(ANN, sign=[dict(SIMPLE, headers=[
             b"from", b"x-empty", b"x-blank", b"x-tab", b"x-none"])],
                extra=["X-Empty:", "X-Blank: ", "X-Tab:\tt", "X-None:x"]),
         results=["dkim=pass header.a=rsa-sha256", "dmarc=pass"]),
    case("dkim-ed25519-relaxed", "RFC 8463", Letter(ANN, sign=[ED]),
         results=["dkim=pass header.s=ed header.a=ed25519-sha256"]),
    case("dkim-ed25519-simple", "RFC 8463, simple",
         Letter(ANN, sign=[ED_SIMPLE]),
         results=["dkim=pass header.s=ed header.a=ed25519-sha256"]),
    case("dkim-three", "three signatures, three results",
         Letter(ANN, sign=[SIMPLE, ED, LIST]),
         results=["dkim=pass header.d=example.com header.a=rsa-sha256",
                  "dkim=pass header.d=example.com header.a=ed25519-sha256",
                  "dkim=pass header.d=lists.example.net", "dmarc=pass"]),
    case("dkim-sha1", "opendkim-testmsg signs with what RFC 8301 forbids",
         Letter(ANN, sign=[dict(RELAXED, tool="opendkim")]),
         results=["dkim=permerror header.a=rsa-sha1"]),
    case("dkim-body-altered", "one word changed on the way",
         Letter(ANN, sign=[RELAXED], alter=[(b"hello", b"hullo")]),
         results=["dkim=fail header.d=example.com", "spf=pass", "dmarc=pass"]),
    case("dkim-header-altered", "the subject changed on the way",
         Letter(ANN, sign=[RELAXED], alter=[(b"Subject: a", b"Subject: the")]),
         results=["dkim=fail header.d=example.com", "dmarc=pass"]),
    case("dkim-altered-from-outside", "and no SPF that could help",
         Letter(ANN, sign=[RELAXED], alter=[(b"hello", b"hullo")]),
         mail="x@host.example.net", **SPOOFER, **REJECTED),
    case("dkim-key-missing", "the selector does not exist",
         Letter(ANN, sign=[dict(RELAXED, selector="gone")]),
         results=["dkim=permerror header.s=gone"]),
    case("dkim-key-revoked", "an empty p= withdraws the key",
         Letter(ANN, sign=[dict(RELAXED, selector="revoked")]),
         results=["dkim=permerror header.s=revoked"]),
    case("dkim-key-broken", "p= is no key",
         Letter(ANN, sign=[dict(RELAXED, selector="broken")]),
         results=["dkim=permerror header.s=broken"]),
    case("dkim-shapes-simple", "dots, trailing blanks, long and empty lines",
         Letter(ANN, sign=[SIMPLE], subject=FOLDED, body=SHAPES),
         results=["dkim=pass"]),
    case("dkim-shapes-relaxed", "the same, relaxed",
         Letter(ANN, sign=[RELAXED], subject=FOLDED, body=SHAPES),
         results=["dkim=pass"]),
    case("dkim-empty-body", "a message that is all header",
         Letter(ANN, sign=[SIMPLE, ED], body=b""),
         results=["dkim=pass header.s=rsa", "dkim=pass header.s=ed"]),
    case("dkim-8bit", "bytes above 127 in header and body",
         Letter(ANN, sign=[SIMPLE, ED], subject="caf\xe9 \xfcber",
                body="na\xefve\r\n".encode("latin-1")),
         results=["dkim=pass header.s=rsa", "dkim=pass header.s=ed"]),
    case("dkim-5mb", "a body of five million octets",
         Letter(ANN, sign=[RELAXED], body=b"0123456789" * 7 + b"\r\n",
                repeat=70000), results=["dkim=pass", "dmarc=pass"]),

    # DMARC
    case("dmarc-none", "p=none: looked at, not acted upon",
         Letter("x@none.example.net"), mail="x@none.example.net",
         results=["spf=fail", "dmarc=fail header.from=none.example.net "
                  "policy.dmarc=none"]),
    case("dmarc-quarantine", "p=quarantine: a field and a word in the subject",
         Letter("x@quar.example.net", subject="buy\r\n this"),
         mail="x@quar.example.net", action="tag", rule="dmarc-quarantine",
         headers=["X-Spam-Flag: YES", "Subject: [unverified] buy this"],
         results=["dmarc=fail policy.dmarc=quarantine"]),
    case("dmarc-quarantine-no-subject", "where there is no subject to mark",
         Letter("x@quar.example.net", subject=None), mail="x@quar.example.net",
         action="tag", rule="dmarc-quarantine",
         headers=["X-Spam-Flag: YES", "Subject: [unverified]"]),
    case("dmarc-reject", "p=reject, and a plain forgery", Letter(ANN),
         **SPOOFER, **REJECTED),
    case("dmarc-sp", "a subdomain that exists: sp=quarantine",
         Letter("x@sub.example.com"), mail="x@sub.example.com", **SPOOFER,
         **TAGGED, results=["dmarc=fail header.from=sub.example.com "
                            "policy.dmarc=quarantine"]),
    case("dmarc-np", "a subdomain that does not: np=reject",
         Letter("x@ghost.example.com"), mail="x@ghost.example.com", **SPOOFER,
         **REJECTED),
    case("dmarc-psd", "the registry's own record protects a bank without one",
         Letter("x@bank.psd.example.net"), mail="x@bank.psd.example.net",
         **SPOOFER, **REJECTED),
    case("dmarc-psd-pass", "the bank itself, signed",
         Letter("x@bank.psd.example.net",
                sign=[dict(domain="bank.psd.example.net", selector="rsa")]),
         mail="x@bank.psd.example.net", **SPOOFER,
         results=["dkim=pass header.d=bank.psd.example.net", "dmarc=pass"]),
    case("dmarc-testing", "p=reject t=y is quarantine for now",
         Letter("x@trial.example.net"), mail="x@trial.example.net", **TAGGED,
         results=["dmarc=fail header.from=trial.example.net"]),
    case("dmarc-strict", "aspf=s: a subdomain's SPF is not enough",
         Letter("x@strict.example.net"), mail="x@host.strict.example.net",
         **REJECTED),
    case("dmarc-not-aligned", "SPF and DKIM pass, for somebody else",
         Letter("x@quar.example.net", sign=[RELAXED]), **TAGGED,
         results=["spf=pass smtp.mailfrom=example.com",
                  "dkim=pass header.d=example.com", "dmarc=fail"]),

    # DNS in trouble
    case("dns-servfail", "nothing known is neither pass nor fail",
         Letter("x@servfail.example.net"), mail="x@servfail.example.net",
         action="tempfail", rule="dns-trouble",
         reply=r"^451 4\.7\.24 .*cannot check servfail\.example\.net"),
    case("dns-servfail-spf", "SPF unknown, but the author is proven",
         Letter(ANN, sign=[RELAXED]), mail="x@servfail.example.net",
         results=["spf=temperror smtp.mailfrom=servfail.example.net",
                  "dmarc=pass"]),
    case("dns-servfail-key", "the key cannot be had, SPF proves enough",
         Letter("x@flaky.example.net",
                sign=[dict(domain="flaky.example.net", selector="rsa")]),
         mail="x@flaky.example.net",
         results=["dkim=temperror header.d=flaky.example.net", "dmarc=pass"]),
    case("dns-servfail-key-alone", "the key cannot be had, and nothing else",
         Letter("x@flaky.example.net",
                sign=[dict(domain="flaky.example.net", selector="rsa")]),
         mail="x@flaky.example.net", **SPOOFER,
         action="tempfail", rule="dns-trouble", reply=r"^451 4\.7\.24 "),
    case("dns-timeout", "nobody answers within the budget",
         Letter("x@slow.example.net"), mail="x@slow.example.net",
         action="tempfail", rule="dns-trouble", reply=r"^451 4\.7\.24 "),
    case("dns-timeout-key", "the key's name is never answered",
         Letter(ANN, sign=[RELAXED, dict(domain="slow.example.net",
                                         selector="rsa")]),
         results=["dkim=pass header.d=example.com",
                  "dkim=temperror header.d=slow.example.net", "dmarc=pass"]),

    # who wrote it
    case("from-several", "two From fields: which one would a reader see?",
         Letter([ANN, "x@plain.example.net"]),
         action="reject", rule="unclear-author", reply=r"^550 5\.7\.1 "),
    case("from-none", "no From field at all", Letter(None),
         action="reject", rule="unclear-author", reply=r"^550 5\.7\.1 "),
    case("from-own-domain", "our own name, from outside",
         Letter("boss@example.org"), mail="boss@example.org", **SPOOFER,
         action="reject", rule="forged-own-domain",
         reply=r"^550 5\.7\.26 .*must come through our own servers"),
    case("forged-results", "three fields that claim to be ours, one folded",
         Letter(ANN, top=[
             "Authentication-Results: mx.example.org; dkim=pass "
             "header.d=forged1.example.net",
             "Authentication-Results: mail.example.net; dkim=pass "
             "header.d=kept.example.net",
             "Authentication-Results: (a\r\n (nested) comment)\r\n"
             "\tMX.Example.ORG\r\n 1;\r\n spf=pass "
             "smtp.mailfrom=forged2.example.net",
             "Assay-Result: accept; rule=forged3; id=0; policy=none",
             "authentication-results: \"mx.example.org\"; dmarc=pass "
             "header.from=forged4.example.net"]),
         gone=["forged1", "forged2", "forged3", "forged4"],
         headers=["Authentication-Results: mail.example.net; dkim=pass "
                  "header.d=kept.example.net"]),

    case("from-display-name", "a trusted address where a name should be",
         Letter('"ann@example.com" <x@plain.example.net> (boss@example.org)'),
         mail="x@plain.example.net",
         results=["dmarc=none header.from=plain.example.net"]),
    case("from-capitals", "names are the same in any case",
         Letter("Ann <ANN@Example.COM>", sign=[RELAXED]),
         mail="Ann@EXAMPLE.com", helo="MAIL.example.COM",
         results=["spf=pass smtp.mailfrom=example.com",
                  "spf=pass smtp.helo=mail.example.com",
                  "dmarc=pass header.from=example.com"]),
    case("from-group", "a group names nobody",
         Letter("undisclosed:;"), action="reject", rule="unclear-author"),
    case("from-encoded", "an encoded word that looks like an address",
         Letter("=?utf-8?q?ann=40example=2Ecom?= <x@plain.example.net>"),
         mail="x@plain.example.net",
         results=["dmarc=none header.from=plain.example.net"]),
    case("mail-quoted", "a local part that needs its quotes", Letter(ANN),
         mail='"ann the \\"first\\" smith"@example.com',
         results=["spf=pass smtp.mailfrom=example.com", "dmarc=pass"]),
    case("helo-literal", "an address literal is no name to look up",
         Letter(ANN), helo="[192.0.2.10]",
         results=["spf=pass smtp.mailfrom=example.com", "dmarc=pass"]),
    case("helo-bare", "one label, as many machines say it",
         Letter(ANN), helo="localhost", results=["dmarc=pass"]),
    case("rcpt-fifty", "fifty recipients, decided one by one",
         Letter(ANN), rcpt=["user%d@example.org" % n for n in range(50)],
         results=["dmarc=pass"]),

    # whose client
    case("authenticated", "our own user, from anywhere, is not judged",
         Letter("boss@example.org"), mail="boss@example.org",
         login=("alice", "correct horse"), **SPOOFER, rule="submission",
         results=["auth=pass smtp.auth=alice"]),
    case("local-network", "our own desk is not judged",
         Letter("boss@example.org"), mail="boss@example.org",
         client="198.51.100.130", helo="desk.example.org", rule="inside"),
    case("trusted-relay", "the client is the one the relay saw",
         Letter(ANN, top=["Received: from mail.example.com (mail.example.com "
                          "[192.0.2.10])\r\n\tby relay.example.org (Postfix) "
                          "with ESMTP id 4Xq1;\r\n\tMon, 23 Nov 2026 07:00:00 "
                          "+0000 (UTC)"]),
         client="192.0.2.40", helo="relay.example.org",
         results=["spf=pass smtp.mailfrom=example.com", "dmarc=pass"]),
    case("trusted-relay-forgery", "a forgery does not gain by the relay",
         Letter(ANN, top=["Received: from host.example.net (unknown "
                          "[192.0.2.66])\r\n\tby relay.example.org (Postfix) "
                          "with ESMTP id 4Xq2;\r\n\tMon, 23 Nov 2026 07:00:00 "
                          "+0000 (UTC)"]),
         client="192.0.2.40", helo="relay.example.org", **REJECTED),
    case("trusted-relay-silent", "it does not say who the client was",
         Letter(ANN, sign=[RELAXED]), client="192.0.2.40",
         helo="relay.example.org",
         results=["spf=none", "dkim=pass header.d=example.com", "dmarc=pass"]),
    case("list", "a mailing list broke the signature and added its own",
         Letter(ANN, sign=[RELAXED],
                extra=["List-Id: talk <talk.lists.example.net>"],
                alter=[(b"Subject: a", b"Subject: [talk] a"),
                       (b"hello", b"hello\r\n-- \r\nthe list's footer")],
                sign_again=[LIST]),
         client="198.51.100.20", helo="lists.example.net",
         mail="talk-bounces@lists.example.net", action="tag",
         rule="from-a-list", headers=["X-Forwarded-Likely: YES"],
         results=["dkim=fail header.d=example.com",
                  "dkim=pass header.d=lists.example.net",
                  "dmarc=fail header.from=example.com"]),

    # ARC: an intermediary changed the message and vouches for what it got
    case("arc-trusted", "sealed by one we trust: a mark instead of a refusal",
         Letter(ANN, sign=[RELAXED], alter=FOOTER, seals=[SEAL]),
         **FORWARDER, action="tag", rule="sealed",
         headers=["X-Sealed: lists.example.net"],
         results=["dkim=fail header.d=example.com", "arc=pass", "dmarc=fail"]),
    case("arc-two-sets", "two intermediaries, one after the other",
         Letter(ANN, sign=[RELAXED], alter=FOOTER, seals=[
             SEAL, dict(SEAL, domain="example.org",
                        results="arc=pass; dkim=fail header.d=example.com")]),
         **FORWARDER, action="tag", rule="sealed",
         headers=["X-Sealed: lists.example.net"],
         results=["arc=pass", "dmarc=fail"]),
    case("arc-broken", "changed again after it was sealed",
         Letter(ANN, sign=[RELAXED], seals=[SEAL],
                alter_sealed=[(b"hello", b"hullo")]),
         **FORWARDER, **REJECTED),
    case("arc-forged", "anybody can seal: a stranger's seal is worth nothing",
         Letter(ANN, seals=[dict(SEAL, domain="bank.psd.example.net")]),
         **FORWARDER, **REJECTED),

    # answers
    case("answer-discard", "accepted, and never seen again",
         Letter(ANN, extra=["X-Wish: discard"]),
         action="discard", rule="wished-away", reply="^250 "),
    case("answer-quarantine", "held in the MTA's queue",
         Letter(ANN, extra=["X-Wish: quarantine"]),
         action="quarantine", rule="wished-held", reply="^250 "),
    case("answer-reject", "its codes and text, a % and 8-bit bytes in it",
         Letter(ANN, extra=["X-Wish: reject"], subject="100%s\xe9\x07"),
         action="reject", rule="wished-no",
         reply=r"^554 5\.7\.1 .*100% certain: no thanks, example\.com, "
               r"to <100%s[ -~]*> \(id "),
    case("answer-tempfail", "come back later",
         Letter(ANN, extra=["X-Wish: tempfail"]), action="tempfail",
         rule="wished-later", reply=r"^451 4\.7\.1 .*come back"),
    case("rcpt-refused", "one recipient is refused at once, the other served",
         Letter(ANN), rcpt=["nobody@example.org", "bob@example.org"],
         rcpt_replies="^550 5\\.1\\.1 .*nobody of that name.*\n250 ",
         delivered_to=["bob@example.org"]),
    case("rcpt-discarded", "what one recipient throws away the other gets",
         Letter(ANN), rcpt=["trap@example.org", "bob@example.org"],
         delivered_to=["bob@example.org"]),

    # sessions
    session("session-two", "a good message, a forgery, a good one",
            Part(Letter(ANN, sign=[ED]), results=["dkim=pass"]),
            Part(Letter("x@strict.example.net"), mail="x@plain.example.net",
                 **REJECTED),
            Part(Letter("x@plain.example.net"), mail="x@plain.example.net",
                 results=["spf=none smtp.mailfrom=plain.example.net",
                          "dkim=none"])),
    session("session-rset", "what was before RSET leaves no trace",
            Part(Letter(ANN), mail="x@none.example.net", cut="rset",
                 rcpt=["trap@example.org"]),
            Part(Letter(ANN), results=["spf=pass smtp.mailfrom=example.com"],
                 gone=["none.example.net"])),
    session("session-vanish", "the client goes away inside DATA",
            Part(Letter(ANN, sign=[RELAXED], repeat=2000), cut="vanish")),
    case("session-after", "and the next client is served as ever",
         Letter(ANN, sign=[RELAXED]), results=["dkim=pass"]),
]
