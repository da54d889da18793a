# SPDX-License-Identifier: BSD-2-Clause
"""The DNS of the tests, written once and told twice.

NSD serves it as the root zone, so that every other name does not exist. The
same text, with the two kinds of trouble as STATUS lines, is the --zone file of
`assay check`. NSD answers SERVFAIL for a zone whose file it has not got; names
that never answer are dropped by the forwarder in front of it (servers.py).
"""
from servers import HOSTS

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

; a mailing list, a forwarder
lists.example.net.              TXT  "v=spf1 ip4:198.51.100.20 -all"
_dmarc.lists.example.net.       TXT  "v=DMARC1; p=none"
rsa._domainkey.lists.example.net. TXT {rsa}

; ourselves
example.org.                    MX   10 mx.example.org.
example.org.                    TXT  "v=spf1 ip4:192.0.2.25 ip4:192.0.2.26 -all"
_dmarc.example.org.             TXT  "v=DMARC1; p=quarantine"
rsa._domainkey.example.org.     TXT  {rsa}

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
                        ed=quoted(keys.ed_record)).splitlines()
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
