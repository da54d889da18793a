#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every comparison in a policy is held by an expectation of it: made always
true, then always false, one at a time, the policy must not load any more.

usage: conditions.py ASSAY POLICY...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

# No expectation comes from there; nor can the check of what always holds know.
LIST = 'list nobody { "255.255.255.255" }\n'
ALWAYS = "client.ip not in nobody"
NEVER = "client.ip in nobody"
NOTICED = re.compile(r": expected |can never be reached|proves who that was")
EX_CONFIG = 78
RULE = re.compile(r"^rule (\S+) \{(.*?)^\}", re.S | re.M)
COMPARISON = re.compile(
    r"(?:any\s+)?[a-z]+\.[a-z_]+\s+"
    r"(?:not\s+in|in|==|!=|>=|<=|>|<|matches)\s+"
    r'(?:\{[^}]*\}|"[^"]*"|[\w.-]+)|\bforwarded\.likely\b')


def comparisons(text):
    """(rule, start, end) of each, but not of what stands in a text."""
    for rule in RULE.finditer(text):
        for c in COMPARISON.finditer(rule[2]):
            line = rule[2].rfind("\n", 0, c.start()) + 1
            if not set('"#') & set(rule[2][line:c.start()]):
                yield (rule[1], rule.start(2) + c.start(),
                       rule.start(2) + c.end())


def loads(assay, path):
    run = subprocess.run([assay, "policy", "test", "--conf", "/dev/null",
                          path], capture_output=True, text=True, check=False)
    said = run.stdout + run.stderr
    if run.returncode not in (0, EX_CONFIG):
        sys.exit(f"{path}: exit {run.returncode}\n{said}")
    return run.returncode == 0, said


def examine(assay, policy, folder):
    """Prints what no expectation holds; returns how many those were."""
    text = policy.read_text()
    changed = pathlib.Path(folder, policy.name)
    lists = pathlib.Path(folder, "lists")
    if not lists.exists():
        lists.symlink_to(policy.parent.resolve() / "lists")

    changed.write_text(LIST + text)
    good, said = loads(assay, changed)
    if not good:
        sys.exit(f"{policy}: does not load unchanged\n{said}")
    tried = loose = 0
    for rule, start, end in comparisons(text):
        for word, instead in ("true", ALWAYS), ("false", NEVER):
            changed.write_text(LIST + text[:start] + instead + text[end:])
            good, said = loads(assay, changed)
            tried += 1
            if not good and not NOTICED.search(said):
                sys.exit(f"{policy}: refused for another reason\n{said}")
            if good:
                loose += 1
                what = " ".join(text[start:end].split())
                print(f"{policy.name}: rule {rule}: nothing is expected of "
                      f"'{what}': it could as well be always {word}")
    print(f"{policy.name}: {tried} changes, {loose} of them unnoticed")
    return loose if tried else 1


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        loose = sum(examine(sys.argv[1], pathlib.Path(p), folder)
                    for p in sys.argv[2:])
    return 1 if loose else 0


if __name__ == "__main__":
    sys.exit(main())
