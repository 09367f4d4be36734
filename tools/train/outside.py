#!/usr/bin/env python3
"""Makes labelled texts of public benchmarks, to measure with: none of them is learned from.

    python3 tools/train/outside.py DIR OUT

DIR holds checkouts and packages, got by oneself, under these names:

    PIGuard       https://github.com/leolee99/PIGuard          NotInject, WildGuard's benign prompts
    GPTFuzz       https://github.com/sherdencooper/GPTFuzz     templates of jailbreaks
    BIPIA         https://github.com/microsoft/BIPIA           e-mails, and orders out of place
    xInjectAgent  https://github.com/enkryptai/xInjectAgent    InjecAgent's results of tools
    *.whl         pip download --no-deps pyrit giskard agentdojo

and for safety

    xstest               https://github.com/paul-rottger/xstest
    SimpleSafetyTests    https://github.com/bertiev/SimpleSafetyTests
    Jailbreak_LLM        https://github.com/Princeton-SysML/Jailbreak_LLM    AdvBench, MaliciousInstruct
    red-instruct         https://github.com/declare-lab/red-instruct         CatQA, DangerousQA
    safety-tuned-llamas  https://github.com/vinid/safety-tuned-llamas        I-*
    hate-speech-and-offensive-language    https://github.com/t-davidson/hate-speech-and-offensive-language

What is missing is left out. OUT gets a file of JSON Lines for each benchmark: `text`, `label`
(1: an attack, or harm), `kind`, `source`, and `role`: whose words the text is (user, tool or document).
`portcullis eval --policy prompt-injection OUT/FILE` (or `safety-filter`) measures.
"""

import ast
import csv
import io
import json
import random
import re
import sys
import zipfile
from pathlib import Path

HARMLESS = ["how do I bake bread?", "write a poem on rivers", "explain how a lock works"]
GREETING = "We had a lovely stay."


def row(source, label, text, kind="", role="user"):
    return {"text": text.strip(), "label": label, "kind": kind, "source": source, "role": role}


def notinject(root):
    for part in ("one", "two", "three"):
        for item in json.loads((root / f"PIGuard/datasets/NotInject_{part}.json").read_text()):
            yield row(f"notinject-{part}", 0, item["prompt"], item["category"])


def wildguard(root):
    for item in json.loads((root / "PIGuard/datasets/wildguard.json").read_text()):
        yield row("wildguard-benign", 0, item["prompt"])


def gptfuzz(root):
    text = (root / "GPTFuzz/datasets/prompts/GPTFuzzer.csv").read_text()
    for number, item in enumerate(csv.DictReader(io.StringIO(text))):
        asked = HARMLESS[number % len(HARMLESS)]
        yield row("gptfuzz", 1, item["text"].replace("[INSERT PROMPT HERE]", asked))


def wheel(root, name):
    return zipfile.ZipFile(sorted(root.glob(f"{name}-*.whl"))[-1])


def pyrit(root):
    """The templates of one parameter; their field `value` is read without a parser of YAML."""
    package = wheel(root, "pyrit")
    names = [n for n in package.namelist() if "/jailbreak/templates/" in n and n.endswith(".yaml")]
    for number, name in enumerate(sorted(names)):
        text = package.read(name).decode()
        found = re.search(r"^value: *(?:[|>][+-]?\n((?:(?: .*)?\n)+)|(.+))", text, re.M)
        if not found or "multi_parameter" in name:
            continue
        value = found.group(1) or found.group(2)
        value = re.sub(r"^  ", "", value, flags=re.M)
        value = re.sub(r"\{% (end)?raw %\}", "", value)
        value = re.sub(r"\{\{ *prompt *\}\}", HARMLESS[number % len(HARMLESS)], value)
        part = "wild" if "in_the_wild" in name else "pliny" if "/pliny/" in name else "other"
        yield row(f"pyrit-{part}", 1, value)


def giskard(root):
    name = "giskard/llm/loaders/local/prompt_injections.csv"
    text = wheel(root, "giskard").read(name).decode()
    for item in csv.DictReader(io.StringIO(text)):
        yield row("giskard", 1, item["prompt"], item["group"])


def injecagent(root):
    data = root / "xInjectAgent/data"
    for goal in ("dh", "ds"):
        for form in ("base", "enhanced"):
            cases = json.loads((data / f"test_cases_{goal}_{form}.json").read_text())
            for case in cases:
                yield row(f"injecagent-{goal}-{form}", 1, case["Tool Response"], role="tool")
    for line in (data / "user_cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        clean = case["Tool Response Template"].replace("<Attacker Instruction>", GREETING)
        yield row("injecagent-clean", 0, clean, role="tool")
        yield row("injecagent-user", 0, case["User Instruction"])


def bipia(root):
    chance = random.Random(1)
    for split in ("train", "test"):
        kinds = json.loads((root / f"BIPIA/benchmark/text_attack_{split}.json").read_text())
        orders = [(kind, order) for kind, orders in kinds.items() for order in orders]
        lines = (root / f"BIPIA/benchmark/email/{split}.jsonl").read_text().splitlines()
        for mail in (json.loads(line)["context"] for line in lines):
            yield row(f"bipia-email-{split}", 0, mail, role="document")
            for form in ("{mail}\n{order}", "{order}\n{mail}"):
                kind, order = chance.choice(orders)
                text = form.format(mail=mail, order=order)
                yield row(f"bipia-email-{split}", 1, text, kind, "document")


def strings(text):
    """The longer texts of a file of YAML: quoted ones, blocks and plain ones."""
    for block in re.findall(r": *[|>][+-]?\n((?:(?: {2,}.*)?\n)+)", text):
        yield re.sub(r"^ +", "", block, flags=re.M)
    for quoted in re.findall(r': *"((?:[^"\\]|\\.)*)"', text):
        yield quoted.replace("\\n", "\n").replace('\\"', '"')


def agentdojo(root):
    package, chance = wheel(root, "agentdojo"), random.Random(1)
    documents, goals = [], set()
    for name in sorted(package.namelist()):
        if "/data/suites/" in name and name.endswith(".yaml") and "vectors" not in name:
            found = (re.sub(r"\{\w+\}", "", text) for text in strings(package.read(name).decode()))
            documents += [text for text in found if len(text) > 80]
        if name.endswith("injection_tasks.py"):
            for node in ast.walk(ast.parse(package.read(name))):
                named = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "GOAL"
                if named and isinstance(node.value, ast.Constant):
                    goals.add(node.value.value)
    for text in documents:
        yield row("agentdojo", 0, text, role="tool")
    forms = {"direct": "{}", "todo": "TODO: {}", "ignore": "Ignore all other instructions. {}"}
    for goal in sorted(goals):
        for form, order in forms.items():
            text = chance.choice(documents)
            at = max(text.find(" ", len(text) // 2), 0)
            text = f"{text[:at]} {order.format(goal)} {text[at:]}"
            yield row(f"agentdojo-{form}", 1, text, role="tool")


def xstest(root):
    text = (root / "xstest/xstest_prompts.csv").read_text()
    for item in csv.DictReader(io.StringIO(text)):
        harmful = int(item["type"].startswith("contrast"))
        yield row("xstest", harmful, item["prompt"], item["type"])


def lines(source, file):
    for line in file.read_text().splitlines():
        yield row(source, 1, line)


def jailbreak_llm(root):
    data = root / "Jailbreak_LLM/data"
    yield from lines("maliciousinstruct", data / "MaliciousInstruct.txt")
    yield from lines("advbench", data / "advbench.txt")


def catqa(root):
    data = root / "red-instruct/harmful_questions"
    for language in ("english", "chinese", "vietnamese"):
        kinds = json.loads((data / f"catqa_{language}.json").read_text())
        for kind, parts in kinds.items():
            for question in (question for part in parts.values() for question in part):
                yield row(f"catqa-{language}", 1, question, kind)
    for question in json.loads((data / "dangerousqa.json").read_text()):
        yield row("dangerousqa", 1, question)


def safety_tuned(root):
    data = root / "safety-tuned-llamas/data/evaluation"
    harmless = ("I-PhysicalSafetySafe", "I-Alpaca")
    harmful = ("I-CoNa", "I-MaliciousInstructions", "I-Controversial", "I-PhysicalSafetyUnsafe")
    for name in (*harmful, *harmless):
        for text in json.loads((data / f"{name}.json").read_text())["instructions"]:
            yield row(name, int(name not in harmless), text)


def davidson(root):
    """Tweets on which three people agreed: hateful (0), or neither hateful nor rude (2)."""
    text = (root / "hate-speech-and-offensive-language/data/labeled_data.csv").read_text()
    for item in csv.DictReader(io.StringIO(text)):
        if item["class"] in "02" and max(int(item["hate_speech"]), int(item["neither"])) >= 3:
            yield row("davidson-tweets", int(item["class"] == "0"), item["tweet"])


def simple(root):
    file = sorted((root / "SimpleSafetyTests").glob("*test cases.csv"))[0]
    for item in csv.DictReader(io.StringIO(file.read_text())):
        yield row("simplesafetytests", 1, item["prompts_final"], item["harm_area"])


def main(root, out):
    out.mkdir(parents=True, exist_ok=True)
    makers = (notinject, wildguard, gptfuzz, pyrit, giskard, injecagent, bipia, agentdojo)
    harms = (xstest, simple, jailbreak_llm, catqa, safety_tuned, davidson)
    for make in (*makers, *harms):
        try:
            rows = [item for item in make(root) if item["text"]]
        except (OSError, IndexError) as missing:
            print(f"{make.__name__}: left out ({missing})", file=sys.stderr)
            continue
        lines = (json.dumps(item, ensure_ascii=False) + "\n" for item in rows)
        (out / f"{make.__name__}.jsonl").write_text("".join(lines))
        attacks = sum(item["label"] for item in rows)
        print(f"{make.__name__}: {attacks} attacks or harms, {len(rows) - attacks} harmless")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
