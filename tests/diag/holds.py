# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""holds.py FOLDER EXPRESSION: is it true of the files that tests/diag/keeps made?"""
import base64
import json
import os
import re
import struct
import sys
import xml.dom.minidom

folder, expression = sys.argv[1:]


def text(name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def v(name):
    return m[name]["value"]


def no_links(html):
    # a picture in base64 may have any four letters in it
    text = re.sub(r"base64,[^']*", "", html)
    return not re.search(r"(src|href)=.(?!data:)|http|<script|url\(", text)


def plots(html):
    found = re.findall(r"<svg.*?</svg>", html, re.S)
    for svg in found:
        # attributes of HTML may stand without quotes
        xml.dom.minidom.parseString(re.sub(r"=([-\w.]+)", r"='\1'", svg))
    return len(found)


def picture(html):
    png = base64.b64decode(re.search(r"base64,([^']*)", html).group(1))
    return struct.unpack(">II", png[16:24]) if png[1:4] == b"PNG" else None


r = json.loads(text("r.json") or "{}")
h = [json.loads(line) for line in
     text("state/sim-phantom.history.jsonl").splitlines()]
page = text("report.html")
m = {x["name"]: x for c in r.get("checks", []) for x in c["measures"]}
if not eval(expression):
    print(expression, {name: x["value"] for name, x in m.items()}, h[-2:])
    sys.exit(1)
