#!/usr/bin/python3
"""Small random encoders, and the hidden states and scores that PyTorch's own layers give for them.

Follows the papers (Devlin et al. 2019, Liu et al. 2019, Warner et al. 2024) with torch.nn.functional's norm and GELU,
and shares no code with the Java runtime.
"""
import json
import os

import torch
import torch.nn.functional as F

from make_decoder_golden import OUT, save_safetensors


def dense(w, name, x):
    return F.linear(x, w[name + ".weight"], w.get(name + ".bias"))


def norm(w, name, x, eps):
    weight = w.get(name + ".weight", w.get(name + ".gamma"))
    return F.layer_norm(x, weight.shape, weight, w.get(name + ".bias", w.get(name + ".beta")), eps)


def attend(c, q, k, v, mask=None, rope=None):
    heads = [x.view(x.shape[0], c["num_attention_heads"], -1).transpose(0, 1) for x in (q, k, v)]
    if rope is not None:
        heads[0], heads[1] = rotate(heads[0], rope), rotate(heads[1], rope)
    scores = heads[0] @ heads[1].transpose(1, 2) / heads[0].shape[2] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return (scores.softmax(-1) @ heads[2]).transpose(0, 1).reshape(q.shape)


def rotate(x, base):
    t, d = x.shape[1], x.shape[2]
    angles = torch.outer(torch.arange(t, dtype=x.dtype), base ** (-torch.arange(0, d, 2, dtype=x.dtype) / d))
    turn = torch.polar(torch.ones_like(angles), angles)
    turned = torch.complex(x[..., : d // 2], x[..., d // 2 :]) * turn
    return torch.cat([turned.real, turned.imag], -1)


def bert(c, w, ids, types):
    roberta = "Roberta" in c["architectures"][0]
    p = c["prefix"]
    first = c["pad_token_id"] + 1 if roberta else 0
    e = p + "embeddings."
    x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][first : first + len(ids)]
    x = x + w[e + "token_type_embeddings.weight"][[0] * len(ids) if roberta else types]
    x = norm(w, e + "LayerNorm", x, c["layer_norm_eps"])
    for i in range(c["num_hidden_layers"]):
        l = f"{p}encoder.layer.{i}."
        q, k, v = (dense(w, l + "attention.self." + n, x) for n in ("query", "key", "value"))
        x = norm(w, l + "attention.output.LayerNorm", x + dense(w, l + "attention.output.dense", attend(c, q, k, v)),
                 c["layer_norm_eps"])
        inner = F.gelu(dense(w, l + "intermediate.dense", x), approximate="tanh" if "new" in c["hidden_act"] else "none")
        x = norm(w, l + "output.LayerNorm", x + dense(w, l + "output.dense", inner), c["layer_norm_eps"])
    if not c["architectures"][0].endswith("Classification"):
        return x, None
    pooled = torch.tanh(dense(w, "classifier.dense" if roberta else p + "pooler.dense", x[:1]))
    return x, dense(w, "classifier.out_proj" if roberta else "classifier", pooled).item()


def modern(c, w, ids):
    p = c["prefix"]
    x = norm(w, p + "embeddings.norm", w[p + "embeddings.tok_embeddings.weight"][ids], c["norm_eps"])
    at = torch.arange(len(ids))
    near = (at[:, None] - at[None, :]).abs() <= c["local_attention"] // 2
    for i in range(c["num_hidden_layers"]):
        l = f"{p}layers.{i}."
        everywhere = c["layer_types"][i] == "full_attention" if "layer_types" in c else \
            i % c["global_attn_every_n_layers"] == 0
        h = x if i == 0 else norm(w, l + "attn_norm", x, c["norm_eps"])
        q, k, v = dense(w, l + "attn.Wqkv", h).chunk(3, -1)
        if "rope_parameters" in c:
            base = c["rope_parameters"]["full_attention" if everywhere else "sliding_attention"]["rope_theta"]
        else:
            base = c["global_rope_theta"] if everywhere else c["local_rope_theta"]
        x = x + dense(w, l + "attn.Wo", attend(c, q, k, v, None if everywhere else near, base))
        gate, up = dense(w, l + "mlp.Wi", norm(w, l + "mlp_norm", x, c["norm_eps"])).chunk(2, -1)
        x = x + dense(w, l + "mlp.Wo", F.gelu(gate) * up)
    x = norm(w, p + "final_norm", x, c["norm_eps"])
    if not c["architectures"][0].endswith("Classification"):
        return x, None
    pooled = x.mean(0, keepdim=True) if c["classifier_pooling"] == "mean" else x[:1]
    pooled = norm(w, "head.norm", F.gelu(dense(w, "head.dense", pooled)), c["norm_eps"])
    return x, dense(w, "classifier", pooled).item()


def add_dense(w, name, rows, cols, bias=True):
    w[name + ".weight"] = 0.2 * torch.randn(rows, cols)
    if bias:
        w[name + ".bias"] = 0.2 * torch.randn(rows)


def add_norm(w, name, n, bias=True, old=False):
    w[name + (".gamma" if old else ".weight")] = 1 + 0.2 * torch.randn(n)
    if bias:
        w[name + (".beta" if old else ".bias")] = 0.2 * torch.randn(n)


def save(name, c, w, run):
    ids = torch.randint(0, c["vocab_size"], (23,)).tolist()
    types = [0] * 14 + [1] * 9
    hidden, score = run(c, {k: v.double() for k, v in w.items()}, ids, types)
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    json.dump({k: v for k, v in c.items() if k != "prefix"}, open(os.path.join(folder, "config.json"), "w"), indent=1)
    save_safetensors(os.path.join(folder, "model.safetensors"), w)
    json.dump({"ids": ids, "types": types, "hidden": [[round(v, 7) for v in row] for row in hidden.tolist()],
               "score": score}, open(os.path.join(folder, "expected.json"), "w"))


def bert_model(name, seed, old=False, **over):
    c = dict(architectures=["BertModel"], vocab_size=61, hidden_size=40, intermediate_size=56, num_hidden_layers=2,
             num_attention_heads=4, max_position_embeddings=64, type_vocab_size=2, layer_norm_eps=1e-12,
             hidden_act="gelu", pad_token_id=0, prefix="")
    c.update(over)
    torch.manual_seed(seed)
    n, inner, p = c["hidden_size"], c["intermediate_size"], c["prefix"]
    w = {p + "embeddings.word_embeddings.weight": torch.randn(c["vocab_size"], n),
         p + "embeddings.position_embeddings.weight": 0.5 * torch.randn(c["max_position_embeddings"], n),
         p + "embeddings.token_type_embeddings.weight": 0.5 * torch.randn(c["type_vocab_size"], n)}
    add_norm(w, p + "embeddings.LayerNorm", n, old=old)
    for i in range(c["num_hidden_layers"]):
        l = f"{p}encoder.layer.{i}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            add_dense(w, l + part, n, n)
        add_norm(w, l + "attention.output.LayerNorm", n, old=old)
        add_dense(w, l + "intermediate.dense", inner, n)
        add_dense(w, l + "output.dense", n, inner)
        add_norm(w, l + "output.LayerNorm", n, old=old)
    if "Roberta" in c["architectures"][0]:
        add_dense(w, "classifier.dense", n, n)
        add_dense(w, "classifier.out_proj", 1, n)
    else:
        add_dense(w, p + "pooler.dense", n, n)
        if c["architectures"][0].endswith("Classification"):
            add_dense(w, "classifier", 1, n)
    save(name, c, w, bert)


def modern_model(name, seed, drop=(), **over):
    c = dict(architectures=["ModernBertModel"], vocab_size=61, hidden_size=40, intermediate_size=28, num_hidden_layers=4,
             num_attention_heads=4, max_position_embeddings=64, norm_eps=1e-5, norm_bias=False, mlp_bias=False,
             attention_bias=False, hidden_activation="gelu", global_rope_theta=160000.0, local_rope_theta=10000.0,
             local_attention=6, global_attn_every_n_layers=3, prefix="")
    c.update(over)
    for key in drop:
        del c[key]
    torch.manual_seed(seed)
    n, inner, p = c["hidden_size"], c["intermediate_size"], c["prefix"]
    w = {p + "embeddings.tok_embeddings.weight": torch.randn(c["vocab_size"], n)}
    add_norm(w, p + "embeddings.norm", n, c["norm_bias"])
    for i in range(c["num_hidden_layers"]):
        l = f"{p}layers.{i}."
        if i > 0:
            add_norm(w, l + "attn_norm", n, c["norm_bias"])
        add_dense(w, l + "attn.Wqkv", 3 * n, n, c["attention_bias"])
        add_dense(w, l + "attn.Wo", n, n, c["attention_bias"])
        add_norm(w, l + "mlp_norm", n, c["norm_bias"])
        add_dense(w, l + "mlp.Wi", 2 * inner, n, c["mlp_bias"])
        add_dense(w, l + "mlp.Wo", n, inner, c["mlp_bias"])
    add_norm(w, p + "final_norm", n, c["norm_bias"])
    if c["architectures"][0].endswith("Classification"):
        add_dense(w, "head.dense", n, n, False)
        add_norm(w, "head.norm", n, c["norm_bias"])
        add_dense(w, "classifier", 1, n)
    save(name, c, w, lambda config, weights, ids, types: modern(config, weights, ids))


if __name__ == "__main__":
    one = {"0": "LABEL_0"}
    bert_model("bert", 21)
    bert_model("bert-old", 22, old=True, architectures=["BertForMaskedLM"], hidden_act="gelu_new", prefix="bert.")
    bert_model("bert-scores", 23, architectures=["BertForSequenceClassification"], prefix="bert.", id2label=one)
    bert_model("xlm-roberta-scores", 24, architectures=["XLMRobertaForSequenceClassification"], prefix="roberta.",
               id2label=one, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5)
    modern_model("modernbert", 25)
    modern_model("modernbert-scores", 26, drop=("global_rope_theta", "local_rope_theta"), prefix="model.", id2label=one,
                 architectures=["ModernBertForSequenceClassification"], classifier_pooling="mean", norm_bias=True,
                 attention_bias=True, mlp_bias=True,
                 layer_types=["sliding_attention", "full_attention", "sliding_attention", "full_attention"],
                 rope_parameters={"full_attention": {"rope_theta": 160000.0}, "sliding_attention": {"rope_theta": 9000.0}})
    modern_model("modernbert-scores-first", 27, architectures=["ModernBertForSequenceClassification"], prefix="model.",
                 id2label=one, classifier_pooling="cls")
