"""Writes golden/tokenizers: small tokenizers of every kind in the shape in which published models have them.

Needs `pip install tokenizers`. Trained on the sample datasets of the starter; byte-level ones differ only in how they
cut words. The SentencePiece-like ones have, like Llama's and Gemma's, every merge that makes a piece from two others.
"""

import json
import pathlib

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

ROOT = pathlib.Path(__file__).parents[4]
OUT = ROOT / "model-runtime/src/test/resources/golden/tokenizers"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def texts():
    for path in sorted((ROOT / "starter/datasets").glob("*.jsonl")):
        for line in path.read_text().splitlines()[:120]:
            for message in json.loads(line)["messages"]:
                yield message["content"]
    for path in sorted((ROOT / "model-runtime/src/main/java").rglob("tensor/*.java")):
        yield path.read_text()


def added(contents, first, special=True):
    return [
        dict(id=first + i, content=c, single_word=False, lstrip=False, rstrip=False, normalized=False, special=special)
        for i, c in enumerate(contents)
    ]


def byte_level_step(use_regex):
    return dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=use_regex)


def byte_level(name, steps, normalizer=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1000, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts(), trainer)
    root = json.loads(tokenizer.to_str())
    root["model"]["ignore_merges"] = ignore_merges
    root["normalizer"] = normalizer
    root["pre_tokenizer"] = steps[0] if len(steps) == 1 else dict(type="Sequence", pretokenizers=steps)
    root["decoder"] = byte_level_step(True)
    size = len(root["model"]["vocab"])
    root["added_tokens"] = added(["<|begin|>", "<|finish|>"], size) + added(["<tool>", "</tool>"], size + 2, False)
    if name == "llama3":
        begin = {"SpecialToken": {"id": "<|begin|>", "type_id": 0}}
        a, b = ({"Sequence": {"id": i, "type_id": t}} for i, t in (("A", 0), ("B", 1)))
        entry = {"<|begin|>": {"id": "<|begin|>", "ids": [size], "tokens": ["<|begin|>"]}}
        root["post_processor"] = dict(
            type="TemplateProcessing", single=[begin, a], pair=[begin, a, b], special_tokens=entry
        )
    save(name, root)


def regex_step(regex):
    return dict(type="Split", pattern={"Regex": regex}, behavior="Isolated", invert=False)


def sentence_piece(name, prefix):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.train_from_iterator(texts(), trainers.BpeTrainer(vocab_size=900, show_progress=False))
    trained = json.loads(tokenizer.to_str())["model"]
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    rank = {}
    for i, (left, right) in enumerate(trained["merges"]):
        rank.setdefault(left + right, i)
    pieces += sorted(rank, key=rank.get)
    pieces += [p for p in trained["vocab"] if p not in rank]
    normal = set(pieces[259:])
    merges = []
    for piece, i in rank.items():
        for cut in range(1, len(piece)):
            if piece[:cut] in normal and piece[cut:] in normal:
                merges.append((i, -cut, piece[:cut], piece[cut:]))
    steps = [dict(type="Replace", pattern={"String": " "}, content="▁")]
    back = [
        dict(type="Replace", pattern={"String": "▁"}, content=" "),
        dict(type="ByteFallback"),
        dict(type="Fuse"),
    ]
    if prefix:
        steps.insert(0, dict(type="Prepend", prepend="▁"))
        back.append(dict(type="Strip", content=" ", start=1, stop=0))
    words = {p: i for i, p in enumerate(pieces)}
    begin = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    a, b = ({"Sequence": {"id": i, "type_id": t}} for i, t in (("A", 0), ("B", 1)))
    root = dict(
        version="1.0",
        truncation=None,
        padding=None,
        added_tokens=added(["<unk>", "<s>", "</s>"], 0) + added(["\n\n\n"], len(pieces), False),
        normalizer=dict(type="Sequence", normalizers=steps),
        pre_tokenizer=None,
        post_processor=dict(
            type="TemplateProcessing",
            single=[begin, a],
            pair=[begin, a, b],
            special_tokens={"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        ),
        decoder=dict(type="Sequence", decoders=back),
        model=dict(
            type="BPE",
            dropout=None,
            unk_token="<unk>",
            continuing_subword_prefix=None,
            end_of_word_suffix=None,
            fuse_unk=True,
            byte_fallback=True,
            ignore_merges=False,
            vocab=words | {"\n\n\n": len(pieces)},
            merges=[[left, right] for _, _, left, right in sorted(merges)],
        ),
    )
    save(name, root)


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=1000, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts(), trainer)
    root = json.loads(tokenizer.to_str())
    save("wordpiece", root)


def save(name, root):
    OUT.mkdir(parents=True, exist_ok=True)
    text = json.dumps(root, ensure_ascii=False) + "\n"
    Tokenizer.from_str(text)
    (OUT / f"{name}.json").write_text(text)


byte_level("gpt2", [byte_level_step(True)])
byte_level("llama3", [regex_step(LLAMA3), byte_level_step(False)], ignore_merges=True)
byte_level("qwen2", [regex_step(QWEN2), byte_level_step(False)], normalizer=dict(type="NFC"))
byte_level("digits", [dict(type="Digits", individual_digits=True), byte_level_step(True)])
byte_level("unnamed", [regex_step(r"\w+|\W+"), byte_level_step(False)])
sentence_piece("spm", True)
sentence_piece("spm-no-prefix", False)
word_piece()
