# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""formats.py FOLDER: do r.tap and r.xml say what r.json says? (tests/diag/keeps)"""
import json
import os
import re
import sys
import xml.etree.ElementTree as ElementTree


def text(name):
    with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
        return file.read()


def tap(lines):
    """[(ok, id, reason of a skip, {key: value})], of a version and a plan that fit."""
    points = []
    assert lines[0] == "TAP version 14"
    for line in lines[2:]:
        point = re.fullmatch(
            r"(not )?ok (\d+) - (\S+): (?:[^#\\]|\\[#\\])*?(?: # SKIP (.*))?", line)
        if point:
            points.append((not point[1], point[3], point[4], {}))
            assert int(point[2]) == len(points)
        elif line not in ("  ---", "  ...") and not line.startswith("#"):
            key, value = re.fullmatch(r"  (\w+): (.*)", line).groups()
            points[-1][3][key] = json.loads(value)
    assert lines[1] == f"1..{len(points)}"
    return points


def junit(suite):
    """[(id, level, seconds, kind, message)]; kind: of the element that is no output."""
    cases = []
    for case in suite.findall("testcase"):
        verdict = [x for x in case if x.tag != "system-out"]
        assert len(verdict) < 2
        cases.append((case.get("name"), case.get("classname"), float(case.get("time")),
                      verdict[0].tag if verdict else None,
                      verdict[0].get("message") if verdict else None))
    return cases


checks = json.loads(text("r.json"))["checks"]
points = tap(text("r.tap").splitlines())
assert len(points) == len(checks)
for (good, name, reason, yaml), check in zip(points, checks):
    assert yaml == check
    assert name == check["id"]
    assert good == (check["status"] not in ("fail", "timeout"))
    assert reason == (check["detail"] if check["status"] == "skip" else None)

root = ElementTree.fromstring(text("r.xml"))
suite = root.find("testsuite")
tags = {"fail": "failure", "timeout": "error", "skip": "skipped"}
for status, count in (("fail", "failures"), ("timeout", "errors"), ("skip", "skipped")):
    wanted = sum(check["status"] == status for check in checks)
    assert int(suite.get(count)) == int(root.get(count)) == wanted
assert int(suite.get("tests")) == len(checks) == len(junit(suite))
for case, (name, level, seconds, kind, message), check in zip(
        suite.findall("testcase"), junit(suite), checks):
    output = case.find("system-out").text
    assert name == check["id"] and level == f"sono.diag.{check['level']}"
    assert abs(seconds - check["duration_ms"] / 1000) < 0.001
    assert kind == tags.get(check["status"])
    if kind:
        assert message == (check["faults"] or [check["detail"]])[0]
    if check["status"] == "warn":
        assert all(f"warning: {fault}" in output for fault in check["faults"])
    for measure in check["measures"]:
        assert re.search(rf"^{re.escape(measure['name'])} = .*: {measure['status']}$",
                         output, re.M)
print(" ".join(sorted({check["status"] for check in checks})))
