"""Writes what the gguf package (pip install gguf numpy) makes of the golden models and of tensor names.

golden/llama3-scaled/model.gguf: the golden model's weights as llama.cpp lays them out.
golden/gguf-names.json: llama.cpp's names for Hugging Face's tensor names, by architecture.
"""

import json
import pathlib
import struct

import gguf
import numpy

RESOURCES = pathlib.Path(__file__).parent.parent / "resources/golden"


def safetensors(path):
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            assert entry["dtype"] == "F32"
            data = raw[8 + length + begin : 8 + length + end]
            yield name, numpy.frombuffer(data, numpy.float32).reshape(entry["shape"])


def interleaved(weights, heads):
    """The order of query and key rows that llama.cpp's converter gives Llama models."""
    rows = weights.shape[0]
    return weights.reshape(heads, 2, rows // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def llama():
    folder = RESOURCES / "llama3-scaled"
    config = json.loads((folder / "config.json").read_text())
    layers, heads, kv = config["num_hidden_layers"], config["num_attention_heads"], config["num_key_value_heads"]
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama")
    writer.add_name("golden")
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(layers)
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv)
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_eos_token_id(config["eos_token_id"])
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, layers)
    for name, tensor in safetensors(folder / "model.safetensors"):
        if name.endswith("q_proj.weight"):
            tensor = interleaved(tensor, heads)
        if name.endswith("k_proj.weight"):
            tensor = interleaved(tensor, kv)
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), numpy.ascontiguousarray(tensor))
    scaling = config["rope_scaling"]
    low = scaling["original_max_position_embeddings"] / scaling["low_freq_factor"]
    high = scaling["original_max_position_embeddings"] / scaling["high_freq_factor"]
    divisors = []
    for i in range(0, config["head_dim"], 2):
        wavelength = 2 * numpy.pi * config["rope_theta"] ** (i / config["head_dim"])
        if wavelength < high:
            divisors.append(1)
        elif wavelength > low:
            divisors.append(scaling["factor"])
        else:
            context, slow = scaling["original_max_position_embeddings"], scaling["low_freq_factor"]
            smooth = (context / wavelength - slow) / (scaling["high_freq_factor"] - slow)
            divisors.append(1 / ((1 - smooth) / scaling["factor"] + smooth))
    writer.add_tensor("rope_freqs.weight", numpy.array(divisors, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


LAYER = "self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj input_layernorm post_attention_layernorm"
DENSE = " mlp.gate_proj mlp.up_proj mlp.down_proj"
GEMMA = LAYER + DENSE + " pre_feedforward_layernorm post_feedforward_layernorm"
STEMS = {
    "llama": LAYER + DENSE,
    "mixtral": LAYER + " block_sparse_moe.gate" + "".join(f" block_sparse_moe.experts.w{i}" for i in (1, 2, 3)),
    "qwen2": LAYER + DENSE,
    "qwen3": LAYER + DENSE + " self_attn.q_norm self_attn.k_norm",
    "qwen3moe": LAYER
    + " self_attn.q_norm self_attn.k_norm mlp.gate"
    + "".join(f" mlp.experts.{m}_proj" for m in ("gate", "up", "down")),
    "gemma2": GEMMA,
    "gemma3": GEMMA + " self_attn.q_norm self_attn.k_norm",
    "phi3": "self_attn.qkv_proj self_attn.o_proj input_layernorm post_attention_layernorm"
    " mlp.gate_up_proj mlp.down_proj",
    "bert": "attention.self.query attention.self.key attention.self.value attention.output.dense"
    " attention.output.LayerNorm intermediate.dense output.dense output.LayerNorm",
}
WHOLE = {
    "bert": "embeddings.word_embeddings embeddings.position_embeddings embeddings.token_type_embeddings"
    " embeddings.LayerNorm"
}


def tensor_names():
    golden = {}
    for family, stems in STEMS.items():
        arch = getattr(gguf.MODEL_ARCH, {"mixtral": "LLAMA"}.get(family, family.upper()))
        names = gguf.get_tensor_name_map(arch, 4)
        layer = "encoder.layer.3." if family == "bert" else "model.layers.3."
        whole = WHOLE.get(family, "model.embed_tokens model.norm" + ("" if "gemma" in family else " lm_head"))
        all_names = [layer + stem for stem in stems.split()] + whole.split()
        golden[family] = {name: names.get_name(name) for name in all_names}
        assert all(golden[family].values()), (family, golden[family])
    (RESOURCES / "gguf-names.json").write_text(json.dumps(golden, indent=1) + "\n")


llama()
tensor_names()
