# SPDX-License-Identifier: BSD-2-Clause
"""A machine of our own: private network, mounts, host name and processes.

Everything that is started inside, two MTAs and a DNS server on port 25 and 53
among it, is invisible outside and is killed by the kernel when the program
that runs as its first process ends, however it ends. Real client addresses
(192.0.2.0/24 and so on) live on the private loopback interface, so no MTA has
to be told a lie about who is connected.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

MARK = "ASSAY_MTA_ROOT"
SKIP = 77               # what ctest reads as "skipped"
HOSTNAME = "mx.example.org"
SBIN = ":/usr/sbin:/sbin"

UNSHARE = ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork",
           "--kill-child", "--mount-proc"]

ADDRESSES = """
    192.0.2.10 192.0.2.11 192.0.2.25 192.0.2.26 192.0.2.40 192.0.2.66
    192.0.2.98 192.0.2.99 198.51.100.10 198.51.100.20 198.51.100.130
    2001:db8::10 2001:db8::25 2001:db8::26
""".split()


def inside():
    return MARK in os.environ


def skip(why, closing=True):
    print("skipped: " + why)
    if closing:
        print("0 passed, 0 failed, 1 skipped")
    sys.exit(SKIP)


def require(programs, closing=True):
    """Skip with a clear word when this machine lacks something."""
    for name, package in programs:
        if not shutil.which(name, path=os.environ["PATH"] + SBIN):
            skip("%s is not here (Debian package %s)" % (name, package),
                 closing)
    try:
        import dkim, nacl  # noqa: F401, E401
    except ImportError as e:
        skip("%s (Debian packages python3-dkim, python3-nacl; "
             "run with /usr/bin/python3)" % e, closing)
    if os.geteuid() != 0:
        skip("an MTA and its users need root", closing)
    if subprocess.run(UNSHARE + ["true"], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode != 0:
        skip("unshare is not permitted here", closing)


def run_inside(argv, keep=False, environ=None):
    """Run argv as the first process of a new machine; its exit status."""
    root = tempfile.mkdtemp(prefix="assay-mta.")
    os.chmod(root, 0o755)
    child = None

    def stop(number, frame):
        # unshare dies, --kill-child ends its first process, and with that
        # the kernel ends every process of the private machine.
        if child is not None:
            child.kill()
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        env = dict(os.environ, **(environ or {}))
        env[MARK] = root
        env["PATH"] += SBIN
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        child = subprocess.Popen(UNSHARE + argv, env=env)
        return child.wait()
    finally:
        if keep:
            print("kept: " + root)
        else:
            shutil.rmtree(root, ignore_errors=True)


def run(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


def furnish():
    """Inside: addresses, host name, and an /etc that may be written to."""
    root = pathlib.Path("/run/assay-mta")

    def stop(number, frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)     # the first process has no defaults
    run("ip", "link", "set", "lo", "up")
    for address in ADDRESSES:
        size = "/128" if ":" in address else "/32"
        extra = ["nodad"] if ":" in address else []
        run("ip", "addr", "add", address + size, "dev", "lo", *extra)
    run("hostname", HOSTNAME)
    # Below a folder that not everybody may write to: Sendmail looks.
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    root.mkdir()
    run("mount", "--bind", os.environ[MARK], str(root))
    etc = root / "etc"
    etc.mkdir()
    run("mount", "-t", "tmpfs", "-o", "mode=755,size=256m", "tmpfs", str(etc))
    run("cp", "-a", "/etc/.", str(etc))
    run("mount", "--bind", str(etc), "/etc")
    write("/etc/resolv.conf",
          "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    write("/etc/nsswitch.conf", "passwd: files\ngroup: files\n"
          "hosts: files dns\nservices: files\nprotocols: files\n")
    write("/etc/hosts", "127.0.0.1 localhost\n192.0.2.25 %s mx\n" % HOSTNAME)
    return root


def write(path, text, mode=0o644):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or path.exists():
        path.unlink()
    path.write_text(text)
    path.chmod(mode)
    return path
