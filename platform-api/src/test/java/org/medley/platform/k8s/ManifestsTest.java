package org.medley.platform.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.platform.training.WorkerCommand;

/** Reads every manifest with the model of the Kubernetes API: unknown fields and references into the void are refused. */
class ManifestsTest {
    private static final Path ROOT = Path.of("../k8s");
    /** Made by whoever installs, never kept here. */
    private static final Set<String> SECRETS = Set.of("medley-database", "medley-model-runtime");

    private static final ObjectMapper YAML = new YAMLMapper();

    private static List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(ROOT)) {
            return all.filter(file -> file.toString().endsWith(".yaml"))
                    .filter(file -> !file.endsWith("kustomization.yaml"))
                    .sorted()
                    .toList();
        }
    }

    private static List<HasMetadata> resources(Path file) throws IOException {
        List<HasMetadata> resources = new ArrayList<>();
        for (String document : Files.readString(file).split("(?m)^---$")) {
            resources.add((HasMetadata) Serialization.unmarshal(document));
        }
        return resources;
    }

    private static List<HasMetadata> base() throws IOException {
        List<HasMetadata> all = new ArrayList<>();
        for (Path file : files()) {
            if (file.startsWith(ROOT.resolve("base"))) {
                all.addAll(resources(file));
            }
        }
        return all;
    }

    private static <T> List<T> of(Class<T> kind) throws IOException {
        return base().stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Test
    void noManifestHasAFieldTheApiDoesNotKnow() throws IOException {
        for (Path file : files()) {
            String[] documents = Files.readString(file).split("(?m)^---$");
            List<HasMetadata> read = resources(file);
            for (int i = 0; i < documents.length; i++) {
                JsonNode written = YAML.readTree(documents[i]);
                JsonNode understood = YAML.readTree(Serialization.asYaml(read.get(i)));
                assertThat(lost(written, understood, "")).as(file.toString()).isEmpty();
            }
        }
    }

    /** What was written and is not in what the model serialises again, or landed among additional properties. */
    private static List<String> lost(JsonNode written, JsonNode understood, String path) {
        List<String> lost = new ArrayList<>();
        written.properties().forEach(entry -> {
            JsonNode same = understood.get(entry.getKey());
            String at = path + "/" + entry.getKey();
            if (same == null && !entry.getValue().isEmpty()) {
                lost.add(at);
            } else if (same != null) {
                lost.addAll(lost(entry.getValue(), same, at));
            }
        });
        for (int i = 0; written.isArray() && i < written.size(); i++) {
            lost.addAll(lost(written.get(i), understood.path(i), path + "/" + i));
        }
        return lost;
    }

    @Test
    void theCheckItselfFindsATypingError() throws IOException {
        String right = Files.readString(ROOT.resolve("base/platform.yaml")).split("(?m)^---$")[3];
        String wrong = right.replace("          image: ", "          imag: ");
        HasMetadata read = (HasMetadata) Serialization.unmarshal(wrong);
        Deployment deployment = (Deployment) read;
        Container container =
                deployment.getSpec().getTemplate().getSpec().getContainers().getFirst();
        assertThat(container.getAdditionalProperties()).containsKey("imag");
        assertThat(additional(deployment)).isNotEmpty();
    }

    @Test
    void noObjectKeepsAdditionalProperties() throws IOException {
        for (Deployment deployment : of(Deployment.class)) {
            assertThat(additional(deployment))
                    .as(deployment.getMetadata().getName())
                    .isEmpty();
        }
    }

    private static Map<String, Object> additional(Deployment deployment) {
        PodSpec pod = deployment.getSpec().getTemplate().getSpec();
        Stream<Map<String, Object>> all = Stream.of(
                        Stream.of(
                                deployment.getAdditionalProperties(),
                                deployment.getSpec().getAdditionalProperties()),
                        Stream.of(
                                pod.getAdditionalProperties(),
                                pod.getSecurityContext().getAdditionalProperties()),
                        pod.getVolumes().stream().map(v -> v.getAdditionalProperties()),
                        pod.getContainers().stream()
                                .flatMap(c -> Stream.of(
                                        c.getAdditionalProperties(),
                                        c.getResources().getAdditionalProperties(),
                                        c.getStartupProbe().getAdditionalProperties(),
                                        c.getSecurityContext().getAdditionalProperties())),
                        pod.getContainers().stream()
                                .flatMap(c -> c.getEnv().stream())
                                .map(e -> e.getAdditionalProperties()))
                .flatMap(s -> s);
        return all.flatMap(m -> m.entrySet().stream())
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a));
    }

    @Test
    void everyReferenceLeadsSomewhere() throws IOException {
        Set<String> accounts = names(ServiceAccount.class);
        Set<String> claims = names(PersistentVolumeClaim.class);
        for (Deployment deployment : of(Deployment.class)) {
            PodSpec pod = deployment.getSpec().getTemplate().getSpec();
            assertThat(accounts).contains(pod.getServiceAccountName());
            pod.getVolumes().stream()
                    .map(v -> v.getPersistentVolumeClaim())
                    .filter(Objects::nonNull)
                    .forEach(claim -> assertThat(claims).contains(claim.getClaimName()));
            Set<String> volumes =
                    pod.getVolumes().stream().map(v -> v.getName()).collect(Collectors.toSet());
            for (Container container : pod.getContainers()) {
                container.getVolumeMounts().forEach(m -> assertThat(volumes).contains(m.getName()));
                container.getEnv().stream()
                        .map(e -> e.getValueFrom())
                        .filter(Objects::nonNull)
                        .forEach(v ->
                                assertThat(SECRETS).contains(v.getSecretKeyRef().getName()));
                assertThat(container.getPorts()).extracting(p -> p.getName()).contains("http");
            }
        }
        List<Map<String, String>> labels = of(Deployment.class).stream()
                .map(d -> d.getSpec().getTemplate().getMetadata().getLabels())
                .toList();
        for (Service service : of(Service.class)) {
            assertThat(labels)
                    .anyMatch(l -> l.entrySet()
                            .containsAll(service.getSpec().getSelector().entrySet()));
        }
    }

    private static Set<String> names(Class<? extends HasMetadata> kind) throws IOException {
        return of(kind).stream().map(r -> r.getMetadata().getName()).collect(Collectors.toSet());
    }

    /** The worker of the component is held to what the pods of the base are, and takes the platform's own data and secret. */
    @Test
    void theTrainingWorkerIsRestrictedAndReadsWhatThePlatformWrites() throws IOException {
        List<HasMetadata> component = resources(ROOT.resolve("components/training-worker/worker.yaml"));
        Job job = (Job)
                component.stream().filter(Job.class::isInstance).findFirst().orElseThrow();
        PodSpec pod = job.getSpec().getTemplate().getSpec();
        assertThat(component.stream()
                        .filter(ServiceAccount.class::isInstance)
                        .map(r -> r.getMetadata().getName()))
                .containsExactly(pod.getServiceAccountName());
        assertThat(component.stream().filter(NetworkPolicy.class::isInstance)).hasSize(1);
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getRestartPolicy()).isEqualTo("OnFailure");
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        assertThat(pod.getVolumes().getFirst().getPersistentVolumeClaim().getClaimName())
                .isIn(names(PersistentVolumeClaim.class));
        Container worker = pod.getContainers().getFirst();
        assertThat(worker.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(worker.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(worker.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(worker.getResources().getLimits()).containsKeys("cpu", "memory");
        assertThat(worker.getArgs()).contains(WorkerCommand.class.getName());
        assertThat(worker.getEnv())
                .allSatisfy(variable -> assertThat(
                                variable.getValueFrom().getSecretKeyRef().getName())
                        .isIn(SECRETS));
        String platform = Files.readString(ROOT.resolve("components/training-worker/platform.yaml"));
        assertThat(platform).contains("MEDLEY_TRAINING_WORKER");
    }

    /** What kustomize makes of an overlay, where kubectl is there to say. */
    @ParameterizedTest
    @ValueSource(strings = {"base", "overlays/gpu", "overlays/gpu-training"})
    void kustomizeBuildsIt(String folder) throws Exception {
        Process kubectl;
        try {
            kubectl = new ProcessBuilder(
                            "kubectl", "kustomize", ROOT.resolve(folder).toString())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            abort("no kubectl is on the PATH");
            return;
        }
        String built = new String(kubectl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(kubectl.waitFor()).as(built).isZero();
        boolean trains = folder.endsWith("training");
        assertThat(built.contains("kind: Job")).isEqualTo(trains);
        assertThat(built.contains("ReadWriteMany")).isEqualTo(trains);
    }

    @Test
    void everyPodIsRestrictedProbedLimitedAndBehindAPolicy() throws IOException {
        Set<String> budgets = names(PodDisruptionBudget.class);
        Set<String> policies = names(NetworkPolicy.class);
        assertThat(policies).contains("default-deny");
        for (Deployment deployment : of(Deployment.class)) {
            String name = deployment.getMetadata().getName();
            assertThat(budgets).contains(name);
            assertThat(policies).contains(name);
            PodSpec pod = deployment.getSpec().getTemplate().getSpec();
            assertThat(pod.getAutomountServiceAccountToken()).isFalse();
            assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
            assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
            for (Container c : pod.getContainers()) {
                assertThat(c.getImage()).doesNotContain("latest");
                assertThat(c.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
                assertThat(c.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
                assertThat(c.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
                assertThat(c.getStartupProbe()).isNotNull();
                assertThat(c.getReadinessProbe()).isNotNull();
                assertThat(c.getLivenessProbe()).isNotNull();
                assertThat(c.getResources().getLimits()).containsKeys("cpu", "memory");
            }
        }
    }
}
