# SPDX-License-Identifier: BSD-2-Clause
"""Who wrote it? Ways of writing From that fool readers (demand B7).

All come from 192.0.2.66, the true server of evil.example.net, whose SPF passes
and whose mail passes DMARC when it says who it is. example.com (p=reject) is
the victim. So what is no author at all must be refused by from.status, what
is example.com by DMARC, and only evil.example.net itself may pass.

judge.py adds for each: where we name a domain, no reader (readers.py) finds
another in the message as it was sent, or as it was delivered.

Octets and lengths that the MTAs change before they ask us: authors_odd.py.
"""
from letter import Letter
from table import REJECTED, case

EVIL = dict(client="192.0.2.66", helo="host.example.net",
            mail="x@evil.example.net", spoof="evil.example.net")
NOBODY = dict(action="reject", rule="unclear-author", reply=r"^550 5\.7\.1 ")
ME, YOU = "x@evil.example.net", "ann@example.com"
MINE, YOURS = "evil.example.net", "example.com"
UNCLEAR, SEVERAL, NONE = "ambiguous", "multiple", "none"


def outcome(author):
    facts = {"header.from": "^%s$" % author}
    if author in (UNCLEAR, SEVERAL, NONE):
        return dict(NOBODY, facts=facts)
    if author == YOURS:
        return dict(REJECTED, facts=dict(facts, **{"dmarc.result": "^fail$"}))
    passes = "pass" if author == MINE else "none"
    return dict(facts=facts, results=[
        "dmarc=%s header.from=%s" % (passes, author)])


def fields(name, author, why, *lines):
    """The header's own lines, in order."""
    return case("author-" + name, why, Letter(None, extra=list(lines)),
                **EVIL, **outcome(author))


def body(name, author, text, why):
    return fields(name, author, why, "From: " + text)


CASES = [
    # RFC 5322 3.6: exactly one From. RFC 9989 5.3.1 leaves several to us, and
    # 11.5 warns: which one a reader shows nobody knows.
    fields("two-victim-first", UNCLEAR, "two fields",
           "From: " + YOU, "From: " + ME),
    fields("two-victim-last", UNCLEAR, "two fields, the other way round",
           "From: " + ME, "From: " + YOU),
    fields("two-cases", UNCLEAR, "names of fields know no case (5322 1.2.2)",
           "FROM: " + ME, "from: " + YOU),
    fields("two-equal", UNCLEAR, "twice the same is still twice",
           "From: " + ME, "From: " + ME),
    fields("two-apart", UNCLEAR, "one at each end of the header",
           "From: " + ME, "X-Padding: " + "a" * 900, "Sender: " + ME,
           "From: " + YOU),
    # RFC 5322 4.5: obs-from = "From" *WSP ":", to be accepted.
    fields("blank-colon", YOURS, "obs-from is a From", "From : " + YOU),
    fields("blank-colon-mine", MINE, "and may be honest", "From : " + ME),
    fields("blank-colon-two", UNCLEAR, "so these are two",
           "From: " + ME, "From : " + YOU),
    fields("tab-colon-two", UNCLEAR, "and with a tab",
           "From\t: " + YOU, "From: " + ME),
    fields("no-blank", YOURS, "no blank behind the colon", "From:" + YOU),
    fields("folded-away", MINE, "a fold goes on; it begins no field (2.2.3)",
           "X-Note: see", " From: " + YOU, "From: " + ME),
    fields("look-alike-names", MINE, "other names are other fields",
           "X-From: " + YOU, "Resent-From: " + YOU, "From-: " + YOU,
           "Sender: " + YOU, "Reply-To: " + YOU, "From: " + ME),
    fields("none", NONE, "no field at all", "Sender: " + ME),

    # RFC 5322 3.6.2: mailbox-list. 9989 5.3.1: several domains, no validation.
    body("several", SEVERAL, ME + ", " + YOU, "two mailboxes, two domains"),
    body("several-reversed", SEVERAL, YOU + ", " + ME, "the other way round"),
    body("several-same", MINE, "a@evil.example.net, B <b@EVIL.example.net>",
         "two mailboxes of one domain have one author domain"),
    body("several-sub", SEVERAL, "a@evil.example.net, b@a.evil.example.net",
         "a subdomain is another domain"),
    body("several-empty", MINE, ",, " + ME + " ,,",
         "4.4: obs-mbox-list has empty places"),
    body("several-many", UNCLEAR, ", ".join([ME] * 2000 + [YOU]),
         "the one that counts behind two thousand"),
    body("semicolon", UNCLEAR, ME + "; " + YOU, "as some clients write lists"),

    # 3.4.1: local-part may be a quoted-string, and hold anything.
    body("quoted-local", MINE, '"ann@example.com"@evil.example.net',
         "the @ that counts is outside of the quotes"),
    body("quoted-local-angle", MINE, '"ann@example.com> <"@evil.example.net',
         "so are the angle brackets"),
    body("quoted-local-victim", YOURS, '"x@evil.example.net"@example.com',
         "the victim's, in the same way"),
    body("quoted-pair", MINE, '"\\"ann@example.com\\" <" <' + ME + ">",
         "3.2.4: a quoted-pair ends no quotes"),
    body("quote-open", UNCLEAR, '"x <' + ME + "> " + YOU, "it never ends"),
    body("quote-odd", UNCLEAR, '"a" " <' + ME + ">", "nor here"),
    body("two-ats", UNCLEAR, "x@evil.example.net@example.com", "which @?"),
    body("two-ats-angle", UNCLEAR, "<ann@example.com@evil.example.net>",
         "which @?"),
    body("percent", MINE, "ann%example.com@evil.example.net",
         "source routes of the past say nothing"),
    body("bang", MINE, "example.com!ann@evil.example.net", "neither do these"),

    # 4.4: obs-route, to be read and ignored.
    body("route", MINE, "<@example.com:x@evil.example.net>",
         "a route names no author"),
    body("route-victim", YOURS,
         "<@evil.example.net,@b.example:ann@example.com>",
         "whatever it passes by"),
    body("route-no-colon", UNCLEAR, "<@example.com,x@evil.example.net>",
         "neither a route nor an address"),
    body("route-bare", UNCLEAR, "@example.com:x@evil.example.net",
         "a route needs its angle brackets"),
    body("route-only", UNCLEAR, "<@example.com>", "no local part"),

    # RFC 6854: groups in From.
    body("group-empty", NONE, "undisclosed:;", "a group of nobody"),
    body("group-one", MINE, "we: " + ME + ";", "a group of one"),
    body("group-two", SEVERAL, "we: " + ME + ", " + YOU + ";", "of two"),
    body("group-then", SEVERAL, "we: " + ME + ";, " + YOU, "and one beside"),
    body("group-name", UNCLEAR, "ann@example.com: " + ME + ";",
         "an address is no display-name of a group"),
    body("group-open", UNCLEAR, "we: " + ME, "it never ends"),
    body("group-in-group", UNCLEAR, "a: b: " + ME + ";;", "no such thing"),
    body("group-tail", UNCLEAR, "we:; " + YOU, "text behind a group"),

    # RFC 2047 5: an encoded-word is no address and hides none.
    body("encoded-name", MINE,
         "=?utf-8?q?Ann_=3Cann=40example=2Ecom=3E?= <" + ME + ">",
         "a name that shows an address: from.display_address tells it"),
    body("encoded-base64", MINE,
         "=?utf-8?b?PGFubkBleGFtcGxlLmNvbT4=?= <" + ME + ">", "by base64"),
    body("encoded-nul", MINE,
         "=?utf-8?b?YW5uQGV4YW1wbGUuY29tAA==?= <" + ME + ">",
         "and a NUL in it"),
    body("encoded-whole", NONE, "=?utf-8?q?ann=40example=2Ecom?=",
         "an encoded-word alone is a word: no domain"),
    body("encoded-local", YOURS, "=?utf-8?q?ann?=@example.com",
         "never decoded in an address"),
    body("encoded-domain", UNCLEAR, "x@=?utf-8?q?example=2Ecom?=",
         "no domain is written so"),

    # Display names that look like addresses.
    body("name-bare", UNCLEAR, "ann@example.com <" + ME + ">",
         "3.4: no bare @ in a display-name; some readers show the first"),
    body("name-bare-same", MINE, "x@evil.example.net <" + ME + ">",
         "wrong, and harmless, and frequent"),
    body("name-quoted", MINE, '"ann@example.com" <' + ME + ">",
         "this is what quotes are for"),
    body("name-angle", UNCLEAR, "<ann@example.com> <" + ME + ">",
         "two angle brackets"),
    body("name-angle-behind", UNCLEAR, "<" + ME + "> <ann@example.com>",
         "two, reversed"),
    body("angles-nested", UNCLEAR, "<ann@example.com<" + ME + ">>", "nested"),
    body("angle-open", UNCLEAR, "Ann <" + YOU, "it never ends"),
    body("angle-tail", UNCLEAR, "Ann <" + ME + "> " + YOU, "text behind it"),
    body("two-words", UNCLEAR, ME + " " + YOU, "two addresses, no comma"),

    # 3.2.2: comments, wherever CFWS may stand.
    body("comment-behind", MINE, ME + " (ann@example.com)", "a comment"),
    body("comment-angle", MINE, "(<ann@example.com>) <" + ME + ">",
         "with angle brackets"),
    body("comment-nested", MINE, "(a (<ann@example.com>) \\) b) " + ME,
         "nested, with a quoted-pair"),
    body("comment-at", MINE, "x(ann@example.com)@(b)evil.example.net",
         "around the @ (4.4: obs-local-part)"),
    body("comment-domain", UNCLEAR, "x@evil.example.net(.)example.com",
         "inside a domain"),
    body("comment-open", UNCLEAR, ME + " (<ann@example.com>", "it never ends"),
    body("comment-victim", YOURS, "(" + ME + ") " + YOU, "the victim's"),

    # 2.2.3: folds.
    body("fold-first", YOURS, "\r\n " + YOU, "the value is on the second line"),
    body("fold-at", YOURS, "ann@\r\n example.com",
         "4.4: CFWS around the @ is obsolete, and to be read"),
    body("fold-domain", UNCLEAR, "x@evil.example.net\r\n .example.com",
         "inside a domain"),
    body("fold-blank-line", UNCLEAR, ME + ",\r\n \t\r\n " + YOU + "\x01",
         "4.2: a line of blanks, and a control behind"),
    body("fold-second", SEVERAL, ME + ",\r\n\t" + YOU, "one on each line"),

    # Octets that no address has.
    body("8bit-behind", UNCLEAR, ME + "\xff", "an octet that is no UTF-8"),
    body("8bit-name", MINE, "Andr\xe9 <" + ME + ">", "Latin-1, as of old"),
    body("8bit-domain", UNCLEAR, "ann@ex\xe4mple.com", "in the domain"),
    body("control", UNCLEAR, ME + "\x01" + YOU, "a control between two"),
    body("delete", UNCLEAR, "ann@example.com\x7f", "0x7f behind"),
    body("backslash", UNCLEAR, "ann@example.com\\", "a pair of one"),

    # Domains.
    body("capitals", YOURS, "ANN@EXAMPLE.COM", "RFC 4343: no case"),
    body("dot-behind", YOURS, "ann@example.com.", "the same name in the DNS"),
    body("fullwidth", YOURS, "ann@\uff45xample\uff0ecom".encode().decode(
         "latin-1"), "UTS 46 maps it to the victim's"),
    body("cyrillic", "xn--exmple-4nf.com", "ann@ex\u0430mple.com".encode()
         .decode("latin-1"), "RFC 9989 5.3.1: judged as its A-label"),
    body("literal", NONE, "x@[192.0.2.66]", "an address literal: no domain"),
    body("one-and-literal", UNCLEAR, "x@[192.0.2.66], " + ME,
         "with a domain and without"),
    body("dots-inside", UNCLEAR, "ann@example..com", "an empty label"),

    # No mailbox.
    body("empty", NONE, "", "an empty field"),
    body("name-only", NONE, "Ann", "3.4.1: no domain"),
    body("angles-empty", NONE, "Ann <>", "no address"),
    body("at-only", UNCLEAR, "@", "nothing on either side"),
    body("local-only-at", UNCLEAR, "ann@", "no domain behind the @"),
]
