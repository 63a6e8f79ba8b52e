package org.medley.platform.inference;

import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.UUID;
import org.eclipse.microprofile.config.ConfigProvider;
import org.medley.platform.identity.ProcessKey;

/** Clients of the models' API. The runtime in this process is asked over the same protocol as one in a pod. */
@ApplicationScoped
public class ModelClient {
    private static final Duration TIMEOUT = Duration.ofMinutes(3);

    private final InferenceConfig config;
    private final ProcessKey processKey;

    ModelClient(InferenceConfig config, ProcessKey processKey) {
        this.config = config;
        this.processKey = processKey;
    }

    /** A client of one model that takes the most likely token each time, so that a case reads the same twice. */
    public OpenAiStreamingChatModel streaming(UUID model, int maxTokens) {
        return OpenAiStreamingChatModel.builder()
                .baseUrl(config.url().orElseGet(ModelClient::ownUrl))
                .apiKey(config.url().isPresent() ? config.key().orElse("none") : processKey.value())
                .modelName(config.model().orElse(model.toString()))
                .temperature(0.0)
                .maxTokens(maxTokens)
                .timeout(TIMEOUT)
                .build();
    }

    /** Known only when the server listens; a test's port is chosen by the system. */
    private static String ownUrl() {
        boolean test = io.quarkus.runtime.LaunchMode.current() == io.quarkus.runtime.LaunchMode.TEST;
        String port = ConfigProvider.getConfig()
                .getValue(test ? "quarkus.http.test-port" : "quarkus.http.port", String.class);
        return "http://127.0.0.1:" + port + "/v1";
    }
}
