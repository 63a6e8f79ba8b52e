package org.medley.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Who may call what: every endpoint of the OpenAPI document against every role and nobody, as authorization.csv says.
 * An endpoint without a row fails, and so does a row without an endpoint.
 */
@PlatformTest
class AuthorizationMatrixTest {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");
    private static final String ANYONE = "anyone";

    /** @param object kind of the thing that the address names and that belongs to a tenant; empty if there is none */
    private record Row(String method, String path, Set<String> roles, String object) {
        String endpoint() {
            return method + " " + path;
        }
    }

    @Test
    void everyEndpointHasARowAndEveryRowAnEndpoint() {
        assertThat(rows().map(Row::endpoint)).containsExactlyInAnyOrderElementsOf(documented());
    }

    @Test
    void rowsNameKnownRolesOnly() {
        assertThat(rows().flatMap(row -> row.roles.stream()))
                .allMatch(role -> role.equals(ANYONE) || Roles.ALL.contains(role));
    }

    @TestFactory
    Stream<DynamicTest> everyRoleMeetsWhatTheTableSays() {
        return rows().flatMap(row -> Stream.concat(
                Stream.of(dynamicTest(row.endpoint() + " as nobody", () -> {
                    int status = send(row, As.nobody(), anyId());
                    if (row.roles.contains(ANYONE)) {
                        assertThat(status).isLessThan(500);
                    } else {
                        assertThat(status).isEqualTo(401);
                    }
                })),
                Roles.ALL.stream()
                        .map(role -> dynamicTest(row.endpoint() + " as " + role, () -> {
                            int status = send(row, As.role(role), anyId());
                            if (row.roles.contains(role) || row.roles.contains(ANYONE)) {
                                assertThat(status).isNotIn(401, 403).isLessThan(500);
                            } else {
                                assertThat(status).isEqualTo(403);
                            }
                        }))));
    }

    /** What exists for its own tenant answers another one as if it were not there. */
    @TestFactory
    Stream<DynamicTest> noTenantReachesAnothersObjects() {
        return rows().filter(row -> !row.object.isEmpty())
                .map(row -> dynamicTest(row.endpoint() + " from another tenant", () -> {
                    for (String role : row.roles) {
                        Map<String, String> ids = Objects.of(row.object).make();
                        assertThat(send(row, As.in("elsewhere", role), ids)).isEqualTo(404);
                        assertThat(send(row, As.role(role), ids))
                                .isNotEqualTo(404)
                                .isLessThan(500);
                    }
                }));
    }

    private static int send(Row row, RequestSpecification as, Map<String, String> ids) {
        String path = row.path;
        for (Map.Entry<String, String> id : ids.entrySet()) {
            path = path.replace("{" + id.getKey() + "}", id.getValue());
        }
        path = path.replaceAll("\\{[^}]+}", UUID.randomUUID().toString());
        if (row.path.endsWith("/files/{file}")) {
            as = as.contentType(ContentType.BINARY).body(new byte[] {1});
        } else if (!row.method.equals("GET")) {
            as = row.path.equals("/api/session/login")
                    ? as.contentType(ContentType.URLENC)
                            .formParam("j_username", "x")
                            .formParam("j_password", "x")
                    : as.contentType(ContentType.JSON).body(Objects.body(row.endpoint()));
        }
        return as.request(row.method, path).statusCode();
    }

    private static Map<String, String> anyId() {
        return Map.of();
    }

    private static List<String> documented() {
        List<String> endpoints = new ArrayList<>();
        JsonNode paths = read(As.nobody()
                        .queryParam("format", "json")
                        .get("/q/openapi")
                        .asString())
                .path("paths");
        paths.properties()
                .forEach(path -> path.getValue().fieldNames().forEachRemaining(method -> {
                    if (METHODS.contains(method)) {
                        endpoints.add(method.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey());
                    }
                }));
        return endpoints;
    }

    private static JsonNode read(String json) {
        try {
            return new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<Row> rows() {
        try (var table = AuthorizationMatrixTest.class.getResourceAsStream("/authorization.csv")) {
            return new String(table.readAllBytes(), StandardCharsets.UTF_8)
                            .lines()
                            .skip(1)
                            .map(line -> line.split(",", -1))
                            .map(cells -> new Row(
                                    cells[0].strip(),
                                    cells[1].strip(),
                                    new TreeSet<>(Set.of(cells[2].strip().split(" "))),
                                    cells[3].strip()))
                            .toList()
                            .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
