# SPDX-License-Identifier: BSD-2-Clause
"""Answers that are validated here: a name server whose one zone, the root, is
signed, and one record of it spoiled afterwards.
"""
import json
import shutil
import subprocess

import servers
from hostile import Skip
from past import tool
from sandbox import write

PORT = 5301
SPF = '"v=spf1 ip4:192.0.2.10 -all"'
ZONE = """\
. 3600 IN SOA a. b. 1 3600 3600 3600 3600
. 3600 IN NS a.
a. 3600 IN A 127.0.0.1
kept.example. 3600 IN TXT %s
spoiled.example. 3600 IN TXT %s
""" % (SPF, SPF)
CONF = """\
authserv-id = "mx.example.org"
resolver {
	servers = { "127.0.0.1@%d" }
	dnssec = %s
	trust-anchor = "%s"
}
"""


class Root:
    """Two keys, one of which signs."""

    def __init__(self, lab):
        self.lab, self.folder = lab, lab.root / "dnssec"
        self.folder.mkdir()
        self.signing, self.other = self.key(), self.key()
        write(self.folder / "root.zone", ZONE)
        self.run("ldns-signzone", "root.zone", self.signing)
        signed = (self.folder / "root.zone.signed").read_text()
        self.nsd = lab.run(servers.Nsd(self.folder, "\n".join(
            line.replace("192.0.2.10", "192.0.2.0/24")
            if line.startswith("spoiled") else line
            for line in signed.splitlines()) + "\n", port=PORT))

    def run(self, *argv):
        return subprocess.run(argv, cwd=self.folder, check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def key(self):
        return self.run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", ".")

    def asked(self, domain, validate, key):
        conf = write(self.folder / "assay.conf", CONF % (
            PORT, validate, self.folder / (key + ".key")))
        status, out, err = tool(self.lab, "spf", "--conf", conf, "--json",
                                "--ip", "192.0.2.10", "--from", "a@" + domain)
        if status != 0:
            raise RuntimeError("assay spf: %s" % err)
        said = json.loads(out)
        return said["result"], said.get("reason", "")


def validated(lab):
    if not shutil.which("ldns-signzone"):
        raise Skip("no ldns-signzone (Debian package ldnsutils)")
    root, wrong = Root(lab), []
    for domain, validate, key, result, reason in (
            ("kept.example", "yes", root.signing, "pass", ""),
            ("spoiled.example", "yes", root.signing, "temperror", "bogus"),
            ("kept.example", "yes", root.other, "temperror", "bogus"),
            ("spoiled.example", "no", root.signing, "pass", "")):
        got = root.asked(domain, validate, key)
        if got[0] != result or reason not in got[1]:
            wrong.append("%s, validated: %s, by %s: %s (%s), not %s" %
                         (domain, validate, key, *got, result))
    return wrong


SCENARIOS = [
    ("dnssec", "answers that validate, that do not, and a wrong trust anchor",
     validated),
]
