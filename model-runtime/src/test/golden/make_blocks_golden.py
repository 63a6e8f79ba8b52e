"""Writes golden/blocks.json: random ggml blocks and what the gguf package (pip install gguf) decodes them to."""

import json
import pathlib

import gguf
import numpy

KINDS = {
    "Q8_0": (gguf.GGMLQuantizationType.Q8_0, [0]),
    "Q4_0": (gguf.GGMLQuantizationType.Q4_0, [0]),
    "Q4_K": (gguf.GGMLQuantizationType.Q4_K, [0, 2]),
    "Q5_K": (gguf.GGMLQuantizationType.Q5_K, [0, 2]),
    "Q6_K": (gguf.GGMLQuantizationType.Q6_K, [208]),
    "Q4_1": (gguf.GGMLQuantizationType.Q4_1, [0, 2]),
    "Q5_0": (gguf.GGMLQuantizationType.Q5_0, [0]),
    "Q5_1": (gguf.GGMLQuantizationType.Q5_1, [0, 2]),
    "Q2_K": (gguf.GGMLQuantizationType.Q2_K, [80, 82]),
    "Q3_K": (gguf.GGMLQuantizationType.Q3_K, [108]),
}

random = numpy.random.default_rng(20)
golden = {}
for name, (kind, halves) in KINDS.items():
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, size=(3, size), dtype=numpy.uint8)
    for at in halves:  # finite F16 scales
        blocks[:, at : at + 2] = random.normal(0, 0.1, (3, 1)).astype(numpy.float16).view(numpy.uint8)
    values = gguf.quants.dequantize(blocks, kind).reshape(-1)
    golden[name] = {"bytes": blocks.tobytes().hex(), "values": [float(v) for v in values]}
path = pathlib.Path(__file__).parent.parent / "resources/golden/blocks.json"
path.write_text(json.dumps(golden) + "\n")
