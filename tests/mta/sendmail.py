# SPDX-License-Identifier: BSD-2-Clause
"""Sendmail 8.17, unpacked beside Postfix.

Debian's packages of the two exclude each other, so Sendmail's are fetched and
unpacked into a cache folder, never installed; its configuration is made by m4
as its own documentation says.
"""
import os
import pathlib
import subprocess
import tempfile

import sign
from sandbox import write
from servers import folder, listens, stop, until

ADDRESS, ADDRESS6, SINK = "192.0.2.26", "2001:db8::26", "192.0.2.98"
PACKAGES = ["sendmail-bin", "sendmail-cf", "sendmail-base"]

MC = """\
divert(-1)
define(`confCF_VERSION', `assay-test')
divert(0)dnl
VERSIONID(`assay test')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.example.org')dnl
define(`QUEUE_DIR', `{queue}')dnl
define(`confPID_FILE', `{root}/sendmail.pid')dnl
define(`STATUS_FILE', `{root}/statistics')dnl
define(`HELP_FILE', `{root}/helpfile')dnl
define(`ALIAS_FILE', `')dnl
define(`confCW_FILE', `-o {root}/local-host-names')dnl
define(`confCR_FILE', `-o {root}/relay-domains')dnl
define(`confCT_FILE', `-o {root}/trusted-users')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')dnl
define(`confTO_IDENT', `0')dnl
define(`confPRIVACY_FLAGS', `authwarnings')dnl
define(`confEIGHT_BIT_HANDLING', `pass')dnl
define(`confMAX_HEADERS_LENGTH', `0')dnl
define(`confMAX_MESSAGE_SIZE', `20000000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confAUTH_MECHANISMS', `PLAIN')dnl
TRUST_AUTH_MECH(`PLAIN')dnl
define(`confAUTH_OPTIONS', `A')dnl
define(`confCACERT_PATH', `{root}')dnl
define(`confCACERT', `{root}/public.pem')dnl
define(`confSERVER_CERT', `{certificate}')dnl
define(`confSERVER_KEY', `{certificate}')dnl
define(`confMILTER_LOG_LEVEL', `9')dnl
define(`confLOG_LEVEL', `12')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
DAEMON_OPTIONS(`Name=MTA, Addr={address}, Port=25, InputMailFilters=assay')dnl
DAEMON_OPTIONS(`Name=MTA6, Family=inet6, Addr={address6}, Port=25, InputMailFilters=assay')dnl
DAEMON_OPTIONS(`Name=TCP, Addr={address}, Port=26, InputMailFilters=tcp')dnl
DAEMON_OPTIONS(`Name=TCP6, Family=inet6, Addr={address6}, Port=26, InputMailFilters=tcp')dnl
DAEMON_OPTIONS(`Name=Seal, Addr={address}, Port=27, InputMailFilters=seal')dnl
DAEMON_OPTIONS(`Name=Early, Addr={address}, Port=28, InputMailFilters=early')dnl
define(`SMART_HOST', `relay:[{sink}]')dnl
INPUT_MAIL_FILTER(`assay', `S={milter}, F=T, T=C:10s;S:30s;R:30s;E:60s')dnl
INPUT_MAIL_FILTER(`tcp', `S={tcp}, F=T, T=C:10s;S:30s;R:30s;E:60s')dnl
INPUT_MAIL_FILTER(`seal', `S={seal}, F=T, T=C:10s;S:30s;R:30s;E:60s')dnl
INPUT_MAIL_FILTER(`early', `S={early}, F=T, T=C:10s;S:30s;R:30s;E:60s')dnl
MAILER(`smtp')dnl
"""


def unpack(cache):
    """The folder with Sendmail in it, or a reason why there is none."""
    cache = pathlib.Path(cache)
    binary = cache / "usr/libexec/sendmail/sendmail"
    if not binary.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as fetched:
            os.chmod(fetched, 0o777)
            got = subprocess.run(["apt-get", "-qq", "download"] + PACKAGES,
                                 cwd=fetched, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
            if got.returncode != 0:
                return None, "apt-get download: " + last_line(got.stderr)
            for package in sorted(pathlib.Path(fetched).glob("*.deb")):
                subprocess.run(["dpkg", "-x", str(package), str(cache)],
                               check=True)
    runs = subprocess.run(["ldd", str(binary)], stdout=subprocess.PIPE)
    for line in runs.stdout.decode().splitlines():
        if "not found" in line:
            return None, "sendmail lacks " + line.split()[0]
    return cache, None


def last_line(text):
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"


class Sendmail:
    def __init__(self, root, unpacked, milter, tcp, seal, early):
        self.root = folder(root / "sendmail")
        self.queue = folder(self.root / "queue", mode=0o700)
        self.binary = unpacked / "usr/libexec/sendmail/sendmail"
        self.process = None
        cf = unpacked / "usr/share/sendmail/cf"
        mc = MC.format(root=self.root, queue=self.queue, address=ADDRESS,
                       address6=ADDRESS6, sink=SINK, milter=milter,
                       tcp=tcp, seal=seal, early=early,
                       certificate=sign.certificate(self.root))
        write(self.root / "sendmail.mc", mc)
        made = subprocess.run(
            ["m4", "-D_CF_DIR_=%s/" % cf, str(cf / "m4/cf.m4"),
             str(self.root / "sendmail.mc")], check=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
        # Senders whose domain cannot be resolved are ours to answer.
        made = made.replace(" -T<TEMP>", " -T<OKR>", 1)
        self.cf = write(self.root / "sendmail.cf", made)
        write(self.root / "relay-domains", "example.org\n")
        write(self.root / "local-host-names", "")
        write(self.root / "trusted-users", "root\n")

    def start(self):
        self.process = subprocess.Popen(
            [str(self.binary), "-C", str(self.cf), "-bD", "-q10s"],
            stdin=subprocess.DEVNULL,
            stdout=open(self.root / "out", "ab"), stderr=subprocess.STDOUT)
        until(lambda: listens(ADDRESS, 25), 30, "sendmail", self.process)

    def stop(self):
        stop(self.process)

    def held(self):
        """Quarantined messages: hf (was qf) with the header, df the body."""
        return [(p.name, p.read_bytes()) for p in self.queue.glob("hf*")]

    def waiting(self):
        return list(self.queue.glob("[qt]f*"))
