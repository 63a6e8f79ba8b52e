package org.medley.runtime.api;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.medley.runtime.engine.Engine;
import org.medley.runtime.engine.SamplingParams;
import org.medley.runtime.engine.TokenListener;

/** Ready once the configured model, or else the first there is, has answered one token. */
@Readiness
@ApplicationScoped
class ModelReadiness implements HealthCheck {
    private static final long PATIENCE_SECONDS = 5;

    private final ModelHost host;
    private final Optional<String> wanted;
    private volatile String answered;

    ModelReadiness(ModelHost host, @ConfigProperty(name = "medley.runtime.ready-model") Optional<String> wanted) {
        this.host = host;
        this.wanted = wanted;
    }

    @Override
    public HealthCheckResponse call() {
        String model = wanted.or(() ->
                        host.list().stream().map(ModelDirectory.Entry::name).findFirst())
                .orElse(null);
        var response = HealthCheckResponse.named("model");
        if (model == null) {
            return response.down()
                    .withData("problem", "there is no model to answer with")
                    .build();
        }
        try {
            if (!model.equals(answered)) {
                selfTest(model);
                answered = model;
            }
            return response.up().withData("model", model).build();
        } catch (Exception e) {
            String problem = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            return response.down()
                    .withData("model", model)
                    .withData("problem", problem)
                    .build();
        }
    }

    private void selfTest(String model) throws Exception {
        Engine engine = host.engine(model)
                .orElseThrow(() -> new IllegalStateException("there is no model '" + model + "'"))
                .engine();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        engine.submit(engine.tokenizer().encode("ready?"), SamplingParams.greedy(1), new TokenListener() {
            @Override
            public void text(String piece) {}

            @Override
            public void end(FinishReason reason, Usage usage) {
                ended.complete(null);
            }

            @Override
            public void failed(RuntimeException cause) {
                ended.completeExceptionally(cause);
            }
        });
        ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
