# SPDX-License-Identifier: BSD-2-Clause
"""The DNS of the tests, written once and told twice.

NSD serves it as the root zone, so that every other name does not exist. The
same text, with the two kinds of trouble as STATUS lines, is the --zone file of
`assay check`. NSD answers SERVFAIL for a zone whose file it has not got; names
that never answer are dropped by the forwarder in front of it (servers.py).
"""
from servers import HOSTS

SPF = {
    "macros": "exists:%{ir}.%{v}._spf.%{d2} -all",
    "local": "exists:%{l1r-}.user.%{d3} -all",
    "eai": "exists:%{l}.user.%{d3} ip4:192.0.2.10 -all",
    "helo-macro": "a:%{h} -all",
    "ip6-macro": "exists:%{i}.six.%{d3} -all",
    "macro-bad": "exists:%{x}.example.net -all",
    "exp-bad": "-all exp=gone.spf.example.net",
    "ten": "a:plain.example.net " * 10 + "ip4:192.0.2.10 -all",
    "eleven": "a:plain.example.net " * 11 + "ip4:192.0.2.10 -all",
    "nested": "include:ten.spf.example.net ip4:192.0.2.10 -all",
    "loop": "include:loop.spf.example.net -all",
    "void-two": "a:v1.example.net a:v2.example.net ip4:192.0.2.10 -all",
    "void-three": "a:v1.example.net a:v2.example.net a:v3.example.net "
                  "ip4:192.0.2.10 -all",
    "everyone": "ip4:198.51.100.1/0 -all",
    "everyone-a": "a:plain.example.net/0 -all",
    "size-33": "ip4:192.0.2.10/33 ip4:192.0.2.10 -all",
    "size-zeros": "ip4:192.0.2.10/08 -all",
    "size-dual": "a:mail.example.com/32//128 -all",
    "mapped": "ip6:::ffff:192.0.2.10/96 -all",
    "redirect": "redirect=everyone.spf.example.net",
    "redirect-first": "redirect=macro-bad.spf.example.net ip4:192.0.2.10",
    "redirect-all": "?all redirect=everyone.spf.example.net",
    "redirect-nowhere": "redirect=gone.spf.example.net",
    "redirect-twice": "redirect=everyone.spf.example.net "
                      "redirect=everyone.spf.example.net",
    "include-softfail": "include:softly.spf.example.net ?all",
    "include-none": "include:gone.spf.example.net -all",
    "capitals": "IP4:192.0.2.10 -ALL",
    "modifier": "moo=%{d} ip4:192.0.2.10 -all",
    "late-mistake": "ip4:192.0.2.10 -all nonsense:1",
    "ends": "ip4:192.0.2.11",
    "mx": "mx:example.com -all",
    "ptr": "ptr:example.com -all",
    "softly": "ip4:192.0.2.11 ~all",
}
# What is no usual record, and the names that macros lead to.
SPF_MORE = [
    'two-records TXT "v=spf1 ip4:192.0.2.10 -all"',
    'two-records TXT "v=spf1 ip4:192.0.2.11 -all"',
    'strings TXT "v=spf1 ip4:192.0" ".2.10 -a" "ll"',
    'not-spf1 TXT "v=spf10 ip4:192.0.2.10 -all"',
    "strong.user A 127.0.0.2",
]


def spf_records():
    six = ".".join("20010db8" + "0" * 22 + "10")
    lines = ['%s TXT "v=spf1 %s"' % row for row in SPF.items()]
    lines += SPF_MORE + ["10.2.0.192.in-addr._spf.example.net. A 127.0.0.2",
              six + ".six A 127.0.0.2"]
    return "\n".join(
        line if line.split()[0].endswith(".") else
        line.replace(" ", ".spf.example.net. ", 1) for line in lines)


TEXT = r"""
; example.com: a careful domain. p=reject, and its own words for subdomains
example.com.                    MX   10 mail.example.com.
example.com.                    TXT  "v=spf1 ip4:192.0.2.10 ip6:2001:db8::10 -all"
mail.example.com.               TXT  "v=spf1 a -all"
mail6.example.com.              TXT  "v=spf1 a -all"
_dmarc.example.com.             TXT  "v=DMARC1; p=reject; sp=quarantine; np=reject"
sub.example.com.                A    192.0.2.10
rsa._domainkey.example.com.     TXT  {rsa}
ed._domainkey.example.com.      TXT  {ed}
revoked._domainkey.example.com. TXT  "v=DKIM1; k=rsa; p="
broken._domainkey.example.com.  TXT  "v=DKIM1; k=rsa; p=thisisnotakey"

; each of these stands for one wish of a domain owner
none.example.net.               TXT  "v=spf1 ip4:192.0.2.11 -all"
_dmarc.none.example.net.        TXT  "v=DMARC1; p=none"
quar.example.net.               TXT  "v=spf1 ip4:192.0.2.11 -all"
_dmarc.quar.example.net.        TXT  "v=DMARC1; p=quarantine"
strict.example.net.             TXT  "v=spf1 ip4:192.0.2.10 -all"
_dmarc.strict.example.net.      TXT  "v=DMARC1; p=reject; aspf=s; adkim=s"
host.strict.example.net.        TXT  "v=spf1 ip4:192.0.2.10 -all"
trial.example.net.              TXT  "v=spf1 ip4:192.0.2.11 -all"
_dmarc.trial.example.net.       TXT  "v=DMARC1; p=reject; t=y"
soft.example.net.               TXT  "v=spf1 ip4:192.0.2.11 ~all"
neutral.example.net.            TXT  "v=spf1 ip4:192.0.2.11 ?all"
plain.example.net.              A    192.0.2.11
broken.example.net.             TXT  "v=spf1 ip4:192.0.2.11 ipv4:192.0.2.10 -all"
hold.example.net.               TXT  "v=spf1 ip4:192.0.2.10 -all"

; a registry that speaks for those who registered below it
_dmarc.psd.example.net.         TXT  "v=DMARC1; p=reject; psd=y"
bank.psd.example.net.           A    192.0.2.11
rsa._domainkey.bank.psd.example.net. TXT {rsa}

; a name in UTF-8
xn--bcher-kva.example.net.      TXT  "v=spf1 ip4:192.0.2.10 -all"
_dmarc.xn--bcher-kva.example.net. TXT "v=DMARC1; p=reject"

; a mailing list, a forwarder
lists.example.net.              TXT  "v=spf1 ip4:198.51.100.20 -all"
_dmarc.lists.example.net.       TXT  "v=DMARC1; p=none"
rsa._domainkey.lists.example.net. TXT {rsa}

; ourselves
example.org.                    MX   10 mx.example.org.
example.org.                    TXT  "v=spf1 ip4:192.0.2.25 ip4:192.0.2.26 -all"
_dmarc.example.org.             TXT  "v=DMARC1; p=quarantine"
rsa._domainkey.example.org.     TXT  {rsa}
seal._domainkey.example.org.    TXT  {seal}

; the spoofer has a house of his own, in perfect order
evil.example.net.               TXT  "v=spf1 ip4:192.0.2.66 -all"
_dmarc.evil.example.net.        TXT  "v=DMARC1; p=reject"
rsa._domainkey.evil.example.net. TXT {rsa}

; names near to others, and whose roof they are below
evilexample.com.                TXT  "v=spf1 ip4:192.0.2.66 -all"
example.com.evil.example.net.   TXT  "v=spf1 ip4:192.0.2.66 -all"
thief.psd.example.net.          TXT  "v=spf1 ip4:192.0.2.66 -all"
corp.example.net.               TXT  "v=spf1 ip4:192.0.2.66 -all"
_dmarc.corp.example.net.        TXT  "v=DMARC1; p=reject"
_dmarc.unit.corp.example.net.   TXT  "v=DMARC1; p=reject; psd=n"
two.corp.example.net.           A    192.0.2.11
_dmarc.crowded.example.com.     TXT  "v=DMARC1; p=none"
_dmarc.crowded.example.com.     TXT  "v=DMARC1; p=none; t=y"
rsa._domainkey.strict.example.net. TXT {rsa}

; keys that are not as they should be
other._domainkey.example.com.   TXT  "v=spf1 -all"
weak._domainkey.example.com.    TXT  {weak}
sha1only._domainkey.example.com. TXT {sha1only}
mixed._domainkey.example.com.   TXT  {ed}
foreign._domainkey.example.com. TXT  {foreign}

; SPF, one question each: NAME.spf.example.net
{spf}

; trouble in the neighbourhood of good names
flaky.example.net.              TXT  "v=spf1 ip4:192.0.2.10 -all"
_dmarc.flaky.example.net.       TXT  "v=DMARC1; p=reject"
"""

SERVFAIL = ["servfail.example.net", "_dmarc.servfail.example.net",
            "rsa._domainkey.flaky.example.net"]
TIMEOUT = ["slow.example.net", "_dmarc.slow.example.net",
           "rsa._domainkey.slow.example.net"]


def reverse(address):
    import ipaddress
    return ipaddress.ip_address(address).reverse_pointer + "."


def quoted(text):
    """TXT data: strings of at most 255 octets."""
    return " ".join('"%s"' % text[i:i + 250] for i in range(0, len(text), 250))


def records(keys):
    lines = TEXT.format(rsa=quoted(keys.rsa_record),
                        ed=quoted(keys.ed_record),
                        weak=quoted(keys.weak_record),
                        foreign=quoted(keys.foreign_record),
                        seal=quoted(keys.seal_record),
                        sha1only=quoted(keys.rsa_record + "; h=sha1"),
                        spf=spf_records()).splitlines()
    for address, name in HOSTS:
        if name:
            kind = "AAAA" if ":" in address else "A"
            lines.append("%s. %s %s" % (name, kind, address))
            lines.append("%s PTR %s." % (reverse(address), name))
    return [line for line in lines if line and not line.startswith(";")]


def for_nsd(keys):
    return "\n".join([
        "$ORIGIN .", "$TTL 300",
        ". IN SOA ns.example.org. root.example.org. 1 3600 600 86400 60",
        ". IN NS ns.example.org.", "ns.example.org. A 127.0.0.1",
    ] + records(keys)) + "\n"


def for_assay(keys):
    return "\n".join(
        records(keys) +
        ["%s. STATUS servfail" % name for name in SERVFAIL] +
        ["%s. STATUS timeout" % name for name in TIMEOUT]) + "\n"
