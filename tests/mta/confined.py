#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs a program with no more system calls than systemd/assayd.service leaves
it: what the unit says of them is read from it, what systemd means by a set of
them is asked from systemd-analyze, and the kernel refuses all others.

usage: confined.py PROGRAM [ARGUMENT...]
"""
import errno
import mmap
import os
import pathlib
import shutil
import socket
import subprocess
import sys

UNIT = (pathlib.Path(__file__).resolve().parent.parent.parent / "systemd" /
        "assayd.service")
SHM_EXEC = 0o100000
# The search for leaks looks at the process from outside.
SANITIZERS = (b"__asan_init", b"__tsan_init")


def command():
    """What to put before a program."""
    return ["/usr/bin/python3", "-B", os.path.abspath(__file__)]


def missing():
    """The Debian package that is not here, or None."""
    try:
        import seccomp  # noqa: F401
    except ImportError:
        return "python3-seccomp"
    return None if shutil.which("systemd-analyze") else "systemd"


def settings(key):
    """The values of a key, in their order, word by word."""
    found = [line.partition("=") for line in UNIT.read_text().splitlines()]
    return [value.split() for k, _, value in found if k == key]


def sets():
    """{"@set": its entries}, as this systemd knows them."""
    told = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter"],
                          check=True, stdout=subprocess.PIPE, text=True)
    known, here = {}, None
    for line in told.stdout.splitlines():
        word = line.strip()
        if line.startswith("@"):
            here = known.setdefault(word, [])
        elif here is not None and word and not word.startswith("#"):
            here.append(word)
    return known


def expanded(words, known):
    calls = set()
    for word in words:
        calls |= expanded(known[word], known) if word in known else {word}
    return calls


def allowed(more):
    """systemd adds @default, and execve() for what it starts."""
    known = sets()
    calls = expanded(["@default", "execve"] + more, known)
    for words in settings("SystemCallFilter"):
        if words[0].startswith("~"):
            words[0] = words[0][1:]
            calls -= expanded(words, known)
        else:
            calls |= expanded(words, known)
    return calls


def permit(seccomp, calls):
    number = getattr(errno, settings("SystemCallErrorNumber")[0][0])
    rules = seccomp.SyscallFilter(seccomp.ERRNO(number))
    for call in calls:
        if seccomp.resolve_syscall(seccomp.Arch(), call) >= 0:
            rules.add_rule(seccomp.ALLOW, call)
    rules.load()


def never_both(seccomp):
    """MemoryDenyWriteExecute"""
    both = mmap.PROT_WRITE | mmap.PROT_EXEC
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for call, at, bits in (("mmap", 2, both), ("shmat", 2, SHM_EXEC),
                           ("mprotect", 2, mmap.PROT_EXEC),
                           ("pkey_mprotect", 2, mmap.PROT_EXEC)):
        rules.add_rule(seccomp.ERRNO(errno.EPERM), call,
                       seccomp.Arg(at, seccomp.MASKED_EQ, bits, bits))
    rules.load()


def families(seccomp, names):
    """RestrictAddressFamilies"""
    mine = [int(getattr(socket, name)) for name in names]
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    others = [(seccomp.GT, max(mine))] + [
        (seccomp.EQ, n) for n in range(max(mine)) if n not in mine]
    for how, number in others:
        rules.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket",
                       seccomp.Arg(0, how, number))
    rules.load()


def escaped(pids):
    """Which of the processes are not confined; and whether it is worth
    anything."""
    wrong = []
    for pid in pids:
        status = pathlib.Path("/proc/%d/status" % pid).read_text()
        if "Seccomp:\t2\n" not in status:
            wrong.append("process %d is not confined" % pid)
    tried = subprocess.run(
        command() + [sys.executable, "-c", "import os; os.chown('/', -1, -1)"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if "PermissionError" not in tried.stderr:
        wrong.append("who is confined may chown(): " + tried.stderr)
    return wrong


def main(argv):
    import seccomp
    program = pathlib.Path(argv[0]).read_bytes()
    calls = allowed(["@debug"] if any(s in program for s in SANITIZERS) else [])
    if settings("MemoryDenyWriteExecute") == [["yes"]]:
        never_both(seccomp)
    for names in settings("RestrictAddressFamilies"):
        families(seccomp, names)
    permit(seccomp, calls)
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main(sys.argv[1:])
