package org.medley.training.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.SafetensorsWriter;
import org.medley.training.recipe.AdapterSection;

/** An adapter by itself, in the form that PEFT reads and writes, to be served over the model it was trained on. */
final class AdapterFolder {
    /** Where it lies in the folder of the model that it is merged into. */
    static final String NAME = "adapter";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private AdapterFolder() {}

    /**
     * @param base name of the model that was trained on
     * @param values what was trained, by PEFT's names
     */
    static void write(Path folder, AdapterSection section, String base, Map<String, Tensor> values) throws IOException {
        Files.createDirectory(folder);
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        values.forEach((name, tensor) -> declared.put(name, new SafetensorsWriter.Declared(DType.F32, tensor.shape())));
        ModelWriter.writeTensors(folder.resolve("adapter_model.safetensors"), declared, values::get);
        ObjectNode config = JSON.createObjectNode()
                .put("peft_type", "LORA")
                .put("task_type", "CAUSAL_LM")
                .put("base_model_name_or_path", base)
                .put("r", section.rank())
                .put("lora_alpha", section.alpha())
                .put("lora_dropout", 0.0)
                .put("bias", "none")
                .put("use_dora", section.kind() == AdapterSection.Kind.dora)
                .put("use_rslora", false)
                .put("fan_in_fan_out", false)
                .put("inference_mode", true);
        section.targets().forEach(target -> config.withArray("target_modules").add(target + "_proj"));
        JSON.writeValue(folder.resolve("adapter_config.json").toFile(), config);
    }
}
