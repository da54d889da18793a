# SPDX-License-Identifier: BSD-2-Clause
"""What the policy costs: see policy.c."""
import json
import pathlib
import subprocess

from tables import number, table

RULES, GOAL_US = 50, 5
STANDARD = pathlib.Path(__file__).resolve().parents[2] / \
    "policy/standard.policy"


def measure(bench):
    done = subprocess.run(
        [str(bench.program("policy")), str(RULES),
         "100000" if bench.quick else "1000000", str(STANDARD)],
        check=True, stdout=subprocess.PIPE)
    seen = json.loads(done.stdout)
    table("Deciding a message whose facts are known, us of CPU (goal for %d "
          "rules: %d)" % (RULES, GOAL_US), ["", "us"],
          [["%d rules, none holds" % seen["rules"], number(seen["none_us"])],
           ["the same, and how each test came out",
            number(seen["traced_us"])],
           ["%d rules, the last one holds" % seen["rules"],
            number(seen["last_us"])],
           ["standard.policy, %d rules" % seen["file_rules"],
            number(seen["file_us"])]])
    return seen
