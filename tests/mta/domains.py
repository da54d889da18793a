# SPDX-License-Identifier: BSD-2-Clause
"""Domains: below whose roof is a name, what does an SPF record say, and why
did a signature fail? (demands B9, B12, B13)
"""
from letter import Letter
from table import ANN, ED, REJECTED, RELAXED, SPOOFER, TAGGED, case


def why(reason):
    return {"dkim.reason": "^%s$" % reason}


def wish(policy):
    return {"dmarc.policy": "^%s$" % policy, "dmarc.result": "^fail$"}


def forgery(name, sentence, author, mail, outcome, *results, **rest):
    """From a server for which `mail` passes SPF, and the author does not."""
    return case("org-" + name, sentence, Letter(author), mail=mail,
                results=list(results), **dict(SPOOFER, **rest), **outcome)


EVIL = "x@evil.example.net"
DEEP = ".".join("abcdefghi") + ".example.com"

ORGANIZATIONS = [
    # RFC 9989 4.10.2, 5.3.5: relaxed alignment is the same Organizational
    # Domain, never a common suffix of letters or of a registry.
    forgery("suffix", "evilexample.com is not below example.com", ANN,
            "x@evilexample.com", REJECTED, facts=wish("reject")),
    forgery("prefix", "nor is example.com.evil.example.net", ANN,
            "x@example.com.evil.example.net", REJECTED),
    forgery("neighbours", "two customers of one registry (psd=y)",
            "x@bank.psd.example.net", "x@thief.psd.example.net", REJECTED),
    forgery("registry", "the registry itself, by one of its customers",
            "x@psd.example.net", "x@thief.psd.example.net", REJECTED),
    forgery("unit", "psd=n: a unit that is an organization of its own",
            "x@unit.corp.example.net", "x@corp.example.net", REJECTED),
    forgery("siblings", "without psd=n its sister is family (relaxed)",
            "x@two.corp.example.net", "x@corp.example.net", {},
            "dmarc=pass header.from=two.corp.example.net"),
    # 4.10.1: a domain without a record of its own gets its organization's;
    # sp= where the name exists, np= where it does not.
    forgery("sub", "a name that exists: sp=quarantine", "x@sub.example.com",
            EVIL, TAGGED, facts=wish("quarantine")),
    forgery("ghost", "one that does not: np=reject",
            "x@accounts.example.com", EVIL, REJECTED, facts=wish("reject")),
    forgery("ghost-below", "below one that does", "x@a.sub.example.com", EVIL,
            REJECTED, facts=wish("reject")),
    forgery("deep", "4.10: the walk jumps to seven labels and arrives",
            "x@" + DEEP, EVIL, REJECTED, facts=wish("reject")),
    forgery("sp-missing", "no sp=: p= is for all below",
            "x@host.strict.example.net", EVIL, REJECTED),
    forgery("crowded", "two records count as none: the organization's "
            "instead", "x@crowded.example.com", EVIL, TAGGED),
    forgery("own-none", "p=none of its own is its owner's word",
            "x@none.example.net", EVIL, {}, "dmarc=fail policy.dmarc=none"),
    forgery("unknown-tld", "no record anywhere: none, never pass",
            "x@nowhere.example", EVIL, {}, "dmarc=none"),
    # 4.7: adkim=s, aspf=s ask for the very same name, both ways.
    forgery("strict-spf-below", "strict: not by a subdomain",
            "x@strict.example.net", "x@host.strict.example.net", REJECTED,
            client="192.0.2.10", helo="mail.example.com"),
    forgery("strict-spf-above", "strict: not by the parent",
            "x@host.strict.example.net", "x@strict.example.net", REJECTED,
            client="192.0.2.10", helo="mail.example.com"),
    case("org-strict-dkim-above", "strict: nor by the parent's signature",
         Letter("x@host.strict.example.net", sign=[
             dict(domain="strict.example.net", selector="rsa")]),
         mail=EVIL, **SPOOFER, **REJECTED,
         facts={"dkim.domains": "strict.example.net"}),
    case("org-strict-exact", "strict, and the very same name",
         Letter("x@strict.example.net", sign=[
             dict(domain="strict.example.net", selector="rsa")]),
         mail=EVIL, **SPOOFER, results=["dmarc=pass"]),
    case("org-relaxed-dkim", "relaxed: the parent signs for its subdomain",
         Letter("x@sub.example.com", sign=[RELAXED]), mail=EVIL, **SPOOFER,
         results=["dkim=pass header.d=example.com",
                  "dmarc=pass header.from=sub.example.com"]),
]


def spf(name, sentence, result, domain=None, local="x", **rest):
    """The record is in zone.py, at NAME.spf.example.net."""
    domain = domain or name + ".spf.example.net"
    mail = "%s@%s" % (local, domain)
    return case("spf-" + name, sentence, Letter("x@plain.example.net"),
                mail=mail, results=["spf=%s smtp.mailfrom=%s|%s" % (
                    result, domain, mail)], **rest)


SOFT = dict(action="tag", rule="softly")

ENGINES = [
    # RFC 7208 7: macros
    spf("macros", "7.4's own example: %{ir}.%{v}._spf, by exists:", "pass"),
    spf("local", "%{l1r-}: the first part of strong-bad, reversed", "pass",
        local="strong-bad"),
    spf("helo-macro", "%{h} is what the client said", "pass"),
    spf("ip6-macro", "%{i} of IPv6 is dotted nibbles (7.3)", "pass",
        client="2001:db8::10", helo="mail6.example.com"),
    spf("macro-bad", "7.1: %{x} is no macro", "permerror"),
    spf("exp-bad", "6.2: what is wrong with exp= changes no result", "fail"),
    # 4.6.4: ten terms that ask, two void answers
    spf("ten", "ten lookups are allowed", "pass"),
    spf("eleven", "eleven are not", "permerror"),
    spf("nested", "includes count what they include", "permerror"),
    spf("loop", "a record that includes itself", "permerror"),
    spf("void-two", "two names without an answer are allowed", "pass"),
    spf("void-three", "three are not", "permerror"),
    # 5.6: networks
    spf("everyone", "/0 is everybody", "pass"),
    spf("everyone-a", "5.3: a:host/0, too", "pass"),
    spf("size-33", "/33 is no IPv4 prefix", "permerror"),
    spf("size-zeros", "/08 is none either (no leading zero)", "permerror"),
    spf("mapped", "a network of mapped addresses is IPv6, the client is not",
        "fail"),
    spf("size-dual", "5.3: a/32//128, one for each family", "pass"),
    # 6.1: redirect=
    spf("redirect", "the other record decides", "pass"),
    spf("redirect-first", "mechanisms go first wherever it stands", "pass"),
    spf("redirect-all", "with an all it is never used", "neutral"),
    spf("redirect-nowhere", "no record there", "permerror"),
    spf("redirect-twice", "6: once at most", "permerror"),
    # 5.2: include:
    spf("include-softfail", "only a pass of theirs matches", "neutral"),
    spf("include-none", "no record there", "permerror"),
    # 4.5, 12: records and their syntax
    spf("two-records", "4.5: more than one", "permerror"),
    spf("capitals", "12: names of all kinds in any case", "pass"),
    spf("strings", "3.3: one record of several strings, no blank between",
        "pass"),
    spf("modifier", "6: an unknown modifier is ignored", "pass"),
    spf("late-mistake", "4.6: the whole record is read before any match",
        "permerror"),
    spf("not-spf1", "4.5: v=spf10 is another version", "none"),
    spf("ends", "4.7: no match at the end is neutral", "neutral"),
    spf("mx", "5.4: by the name of an exchanger", "pass"),
    spf("ptr", "5.5: by the name of the client", "pass"),
    spf("softly", "a softfail is one", "softfail", **SOFT),
    # RFC 7208 4.3: what is no domain name has no SPF
    spf("no-record", "nothing there", "none", domain="plain.example.net"),
    case("spf-helo-null", "2.4: no sender: postmaster@ the HELO name",
         Letter("x@plain.example.net"), mail="",
         results=["spf=pass smtp.helo=mail.example.com"]),
]


def dkim(name, sentence, result, reason, *how, **rest):
    letter = {k: rest.pop(k) for k in ("alter", "top", "extra") if k in rest}
    return case("cause-" + name, sentence, Letter(ANN, sign=list(how),
                                                  **letter),
                results=["dkim=" + result], facts=why(reason), **rest)


def key(selector):
    return dict(RELAXED, selector=selector)


SIGNATURE = ("DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=rsa; "
             "h=from; bh=%s; b=AAAA" % ("A" * 43 + "="))

CAUSES = [
    # RFC 6376 6.1, 3.6.1, RFC 8301: each failure has a word of its own in
    # dkim.reason, in the log and for policies, and a sentence in the result.
    dkim("no-key", "the selector does not exist", "permerror", "no-key",
         key("gone")),
    dkim("revoked", "an empty p=", "permerror", "revoked", key("revoked")),
    dkim("key-syntax", "p= is no key", "permerror", "key-syntax",
         key("broken")),
    dkim("key-other", "3.6.1: a v= of something else: discarded",
         "permerror", "no-key",
         key("other")),
    dkim("weak", "512 bits", "permerror", "weak", key("weak")),
    dkim("key-hash", "h=sha1 does not allow sha256", "permerror", "algorithm",
         key("sha1only")),
    dkim("key-kind", "an Ed25519 key for an RSA signature", "permerror",
         "algorithm", dict(RELAXED, selector="mixed")),
    dkim("algorithm", "rsa-sha1", "permerror", "algorithm",
         dict(RELAXED, tool="opendkim")),
    dkim("body", "another body", "fail", "body", RELAXED,
         alter=[(b"hello", b"hullo")]),
    dkim("header", "another subject", "fail", "header", RELAXED,
         alter=[(b"Subject: a", b"Subject: the")]),
    dkim("key-wrong", "signed with another key", "fail", "header",
         key("foreign")),
    dkim("body-blanks", "relaxed forgives blanks", "pass", "None", RELAXED,
         alter=[(b"how are you", b"how  are\t you")]),
    dkim("body-blanks-simple", "simple does not", "fail", "body",
         dict(RELAXED, canon="relaxed/simple"),
         alter=[(b"how are you", b"how  are you")]),
    dkim("header-fold-simple", "a new fold, simple", "fail", "header",
         dict(RELAXED, canon="simple/relaxed"),
         alter=[(b"Subject: a letter", b"Subject: a\r\n letter")]),
    dkim("field-added", "a second Subject on top, h= names one", "pass",
         "None", RELAXED, top=["X-Note: more", "Subject: spam"]),
    dkim("expired", "x= is past", "permerror", "expired",
         dict(RELAXED, at=1600000000, selector="rsa; x=1600003600")),
    dkim("future", "t= is years ahead", "permerror",
         "expired", dict(RELAXED, at=2600000000)),
    dkim("length", "the body is shorter than l=", "permerror",
         "length", dict(RELAXED, length=True),
         alter=[(b"how are you?\r\n", b"")]),
    dkim("signature-short", "b= of three octets is a signature, not a good one",
         "fail", "header", extra=[SIGNATURE]),
    dkim("syntax-tags", "v=2, and no d=", "permerror", "syntax",
         extra=["DKIM-Signature: v=2; a=rsa-sha256; s=rsa; h=from; b=AAAA"]),
    dkim("dns", "the key's server is ill", "temperror", "dns",
         dict(domain="flaky.example.net", selector="rsa")),
    dkim("best-of-two", "one broken, one good: the good one counts", "pass",
         "None", RELAXED, ED, alter=[(b"s=rsa; ", b"s=gone; ")]),
]

CASES = ORGANIZATIONS + ENGINES + CAUSES
