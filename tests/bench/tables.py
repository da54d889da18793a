# SPDX-License-Identifier: BSD-2-Clause
"""Tables for people."""
import statistics


def median(values):
    return statistics.median(values) if values else None


def number(x, digits=2):
    return "-" if x is None else "%.*f" % (digits, x)


def table(title, head, rows):
    print("\n" + title)
    widths = [max(len(r[i]) for r in [head] + rows) for i in range(len(head))]
    for r in [head] + rows:
        print("  " + "  ".join(
            text.ljust(widths[0]) if i == 0 else text.rjust(widths[i])
            for i, text in enumerate(r)).rstrip())
