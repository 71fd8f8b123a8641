"""Prints how often each operation of handler/openapi.json answered with each status.

Arguments: the document, and what hooks.py counted, one file for each seed. Fails if a
success that the document describes was never seen, or no request shared an operation.
"""

import json
import sys
from collections import Counter


def main(document, *files):
    seen = Counter()
    for file in files:
        with open(file) as f:
            for label, status, n in json.load(f):
                seen[label, str(status)] += n
    with open(document) as f:
        paths = json.load(f)["paths"]
    missing = []
    for path, methods in paths.items():
        for method, operation in methods.items():
            label = f"{method.upper()} {path}"
            if path == "/api/openapi.json":  # schemathesis reads the document there, and leaves the operation out
                continue
            described = [s for s in operation["responses"] if s.startswith("2")] + ["shared"] * (path == "/api/refreshes")
            missing += [f"{label}: {status}" for status in described if not seen[label, status]]
            print(f"{label:46}", *(f"{s}:{n}" for (l, s), n in sorted(seen.items()) if l == label))
    if missing:
        sys.exit("never seen: " + ", ".join(missing))


main(*sys.argv[1:])
