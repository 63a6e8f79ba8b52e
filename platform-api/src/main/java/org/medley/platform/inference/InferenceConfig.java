package org.medley.platform.inference;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

/** Which server answers. Without a URL it is the runtime in this process. */
@ConfigMapping(prefix = "medley.inference")
public interface InferenceConfig {
    /** Base of an OpenAI-compatible API, such as {@code http://model-runtime:8081/v1}. */
    Optional<String> url();

    /** Bearer key of that server. */
    Optional<String> key();

    /** Name under which that server knows the model; without one the registered model's id is asked for. */
    Optional<String> model();
}
