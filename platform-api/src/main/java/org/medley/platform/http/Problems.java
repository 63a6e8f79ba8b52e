package org.medley.platform.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.Path;
import jakarta.validation.Path.Node;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;
import org.medley.runtime.api.OpenAiResource;
import org.medley.runtime.api.Refusals;
import org.medley.runtime.weights.BadModelException;
import org.medley.training.recipe.BadRecipeException;

/**
 * The one place where what went wrong becomes what the caller reads: no stack traces, no class names. Callers of the
 * models' API read it in that API's shape.
 */
final class Problems {
    private static final Logger LOG = Logger.getLogger(Problems.class);

    private final UriInfo uri;

    Problems(UriInfo uri) {
        this.uri = uri;
    }

    @ServerExceptionMapper
    Response known(ProblemException e) {
        return answer(e.status(), e.code(), e.getMessage(), e.errors());
    }

    @ServerExceptionMapper
    Response recipe(BadRecipeException e) {
        return answer(400, "BAD_RECIPE", e.getMessage());
    }

    @ServerExceptionMapper
    Response model(BadModelException e) {
        return answer(400, "BAD_MODEL", e.getMessage());
    }

    @ServerExceptionMapper({UnauthorizedException.class, AuthenticationFailedException.class})
    Response nobody() {
        return answer(
                401,
                "UNAUTHENTICATED",
                "log in at POST /api/session/login, or send an API key as Authorization: Bearer mdl_...");
    }

    @ServerExceptionMapper
    Response forbidden(ForbiddenException e) {
        return answer(403, "FORBIDDEN", "your roles do not allow this");
    }

    @ServerExceptionMapper
    Response violations(ConstraintViolationException e) {
        List<Problem.FieldError> errors = e.getConstraintViolations().stream()
                .map(v ->
                        new Problem.FieldError(field(v.getPropertyPath()), v.getMessage() + shown(v.getInvalidValue())))
                .sorted((a, b) -> a.field().compareTo(b.field()))
                .toList();
        String detail = errors.stream()
                .map(error -> error.field() + ": " + error.message())
                .collect(Collectors.joining("; "));
        return answer(400, "INVALID", detail, errors);
    }

    /** Of a path of method, parameter and what is in it: a body's fields go without the parameter's name. */
    private static String field(Path path) {
        List<String> names = StreamSupport.stream(path.spliterator(), false)
                .skip(1)
                .map(Node::toString)
                .toList();
        return String.join(".", names.size() > 1 ? names.subList(1, names.size()) : names);
    }

    @ServerExceptionMapper
    Response json(MismatchedInputException e) {
        return unreadable(e);
    }

    @ServerExceptionMapper
    Response web(WebApplicationException e) {
        if (e.getCause() instanceof JacksonException json) {
            return unreadable(json);
        }
        int status = e.getResponse().getStatus();
        if (status < 400) {
            return e.getResponse();
        }
        return switch (status) {
            case 400 -> answer(400, "BAD_REQUEST", "the request cannot be read");
            case 401 -> nobody();
            case 403 -> answer(403, "FORBIDDEN", "your roles do not allow this");
            case 404 -> answer(404, "NOT_FOUND", "there is nothing at " + uri.getPath());
            case 405 -> answer(405, "METHOD_NOT_ALLOWED", "this address does not know that method");
            case 406 -> answer(406, "NOT_ACCEPTABLE", "this address cannot answer in the format asked for");
            case 413 -> answer(413, "TOO_LARGE", "the request is larger than this address takes");
            case 415 -> answer(415, "UNSUPPORTED_MEDIA_TYPE", "send application/json");
            default -> status < 500 ? answer(status, "BAD_REQUEST", "the request cannot be answered") : unexpected(e);
        };
    }

    @ServerExceptionMapper
    Response unexpected(Throwable e) {
        UUID id = UUID.randomUUID();
        LOG.errorf(e, "request failed, told the caller incident %s", id);
        return answer(500, "INTERNAL", "something went wrong here; the log says what, under incident " + id);
    }

    private Response unreadable(JacksonException e) {
        String field = e instanceof JsonMappingException mapping ? path(mapping) : "";
        String message = switch (e) {
            case UnrecognizedPropertyException unknown ->
                "is not known; possible here: "
                        + unknown.getKnownPropertyIds().stream()
                                .map(String::valueOf)
                                .sorted()
                                .collect(Collectors.joining(", "));
            case InvalidFormatException invalid
            when invalid.getTargetType().isEnum() ->
                "is '" + invalid.getValue() + "'; possible: "
                        + Arrays.stream(invalid.getTargetType().getEnumConstants())
                                .map(String::valueOf)
                                .collect(Collectors.joining(", "));
            case InvalidFormatException invalid ->
                "is '" + invalid.getValue() + "', which is not a "
                        + invalid.getTargetType().getSimpleName();
            case MismatchedInputException mismatch
            when mismatch.getTargetType() != null ->
                "cannot be read as " + mismatch.getTargetType().getSimpleName();
            default -> "is not valid JSON";
        };
        String where = e.getLocation() == null || e.getLocation().getLineNr() < 1
                ? ""
                : " (line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr() + ")";
        return field.isEmpty()
                ? answer(400, "BAD_JSON", "the body " + message + where)
                : answer(
                        400,
                        "BAD_JSON",
                        field + ": " + message + where,
                        List.of(new Problem.FieldError(field, message)));
    }

    private static String path(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : e.getPath()) {
            if (step.getFieldName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.toString();
    }

    private static String shown(Object value) {
        return value instanceof Number || value instanceof Boolean ? ", is " + value : "";
    }

    private Response answer(int status, String code, String detail) {
        return answer(status, code, detail, List.of());
    }

    private Response answer(int status, String code, String detail, List<Problem.FieldError> errors) {
        if (OpenAiResource.isModelsApi(uri.getPath())) {
            return Response.status(status)
                    .type(MediaType.APPLICATION_JSON_TYPE)
                    .entity(Refusals.body(uri.getPath(), status, detail))
                    .build();
        }
        String title = Response.Status.fromStatusCode(status).getReasonPhrase();
        return Response.status(status)
                .header(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE)
                .entity(new Problem("about:blank", title, status, detail, code, uri.getPath(), errors))
                .build();
    }
}
