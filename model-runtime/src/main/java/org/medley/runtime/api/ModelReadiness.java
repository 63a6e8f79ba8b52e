package org.medley.runtime.api;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.medley.runtime.embed.Embedder;
import org.medley.runtime.engine.EncoderEngine;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.engine.ServedModel;

/** Ready once the model that the directory names for it has answered once: with a token, a vector or a score. */
@Readiness
@ApplicationScoped
class ModelReadiness implements HealthCheck {
    private static final long PATIENCE_SECONDS = 30;

    private final ModelDirectory directory;
    private final ModelHost host;
    private volatile ModelDirectory.Entry answered;

    ModelReadiness(ModelDirectory directory, ModelHost host) {
        this.directory = directory;
        this.host = host;
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("model");
        if (Draining.begun()) {
            return response.down().withData("problem", "the server is stopping").build();
        }
        ModelDirectory.Entry model = directory.selfTest().orElse(null);
        if (model == null) {
            return response.down()
                    .withData("problem", "there is no model to answer with")
                    .build();
        }
        try {
            if (!model.equals(answered)) {
                selfTest(host.model(model));
                answered = model;
            }
            return response.up().withData("model", model.name()).build();
        } catch (Exception e) {
            String problem = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            return response.down()
                    .withData("model", model.name())
                    .withData("problem", problem)
                    .build();
        }
    }

    private static void selfTest(ServedModel model) throws Exception {
        switch (model) {
            case Engine engine ->
                engine.complete(engine.tokenizer().encodeFromBegin("ready?"), SamplingParams.greedy(1))
                        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            case EncoderEngine encoder when encoder.scores() -> encoder.score("ready?", List.of("yes"), 0);
            case EncoderEngine encoder -> encoder.embed(List.of("ready?"), Embedder.Reading.PASSAGE);
        }
    }
}
