# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adds up the JUnit reports of all test suites; the last line is "N passed, M failed, K skipped".

For each suite the directory holds NAME.status, its exit status, and NAME.xml, its report. A suite that left no report,
or whose status tells of a failure that its report does not, counts as one failure more.
"""

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    if case.find("skipped") is not None or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def count(suite):
    report = suite.with_suffix(".xml")
    try:
        cases = ElementTree.parse(report).iter("testcase")
        total = Counter(outcome(case) for case in cases)
    except (OSError, ElementTree.ParseError):
        total = Counter()
    status = int(suite.read_text())
    if not total["failed"] and (status or not total):
        print(f"{suite.stem}: exit status {status} and no failed test reported")
        total["failed"] = 1
    return total


def main(directory):
    total = Counter()
    for suite in sorted(Path(directory).glob("*.status")):
        result = count(suite)
        print(f"{suite.stem}: {result['passed']} passed, {result['failed']} failed, {result['skipped']} skipped")
        total += result
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
