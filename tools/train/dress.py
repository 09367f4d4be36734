#!/usr/bin/env python3
"""Puts labelled texts in the dresses that hide words.

    python3 tools/train/dress.py FILE.. > dressed.jsonl

Each row of at most 400 characters comes out once for each dress, which becomes its `kind`; the
first dress is none. `portcullis eval --policy prompt-injection dressed.jsonl` then says how often
each is found.
"""

import base64
import codecs
import json
import sys
import unicodedata
import urllib.parse

LEET = str.maketrans("aeiostAEIOST", "431057431057")
CYRILLIC = str.maketrans("aeopcxyi", "аеорсхуі")
DRESSES = {
    "plain": lambda text: text,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "url": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "html": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "leet": lambda text: text.translate(LEET),
    "spaced": lambda text: "   ".join(" ".join(word) for word in text.split()),
    "zero-width": lambda text: "\u200b".join(text),
    "tags": lambda text: "".join(chr(0xE0000 + ord(c)) if c.isascii() else c for c in text),
    "homoglyphs": lambda text: text.translate(CYRILLIC),
    "wide": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "accents": lambda text: unicodedata.normalize("NFC", "".join(c + "\u0301" * (c in "aeiou") for c in text)),
    "reversed": lambda text: text[::-1],
}


def main(files):
    for file in files:
        for line in open(file, encoding="utf-8"):
            row = json.loads(line)
            if len(row["text"]) <= 400:
                for kind, dress in DRESSES.items():
                    row_out = row | {"text": dress(row["text"]), "kind": kind}
                    print(json.dumps(row_out, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1:])
