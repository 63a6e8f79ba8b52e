package org.medley.runtime.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A refusal of the models' API, with what its clients read of it. */
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final String param;
    private final String code;

    private ApiException(int status, String type, String param, String code, String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
    }

    static ApiException invalid(String param, String message) {
        return new ApiException(400, "invalid_request_error", param, "invalid_value", message);
    }

    static ApiException noModel(String model) {
        return new ApiException(
                404, "invalid_request_error", "model", "model_not_found", "there is no model '" + model + "'");
    }

    static ApiException busy(String message) {
        return new ApiException(429, "rate_limit_error", null, "queue_full", message);
    }

    static ApiException broken(String message) {
        return new ApiException(503, "server_error", "model", "model_unusable", message);
    }

    static ApiException stopping() {
        return new ApiException(503, "server_error", null, "shutting_down", "the server is stopping and takes no more");
    }

    /** The same refusal with fields called as the client called them. */
    ApiException calling(UnaryOperator<String> names) {
        String field = param == null ? null : names.apply(param);
        String message = param == null ? getMessage() : names.apply(getMessage());
        return new ApiException(status, type, field, code, message);
    }

    /** The refusal of a request to an address, whose API decides about its shape. */
    Map<String, Object> body(String path) {
        return Refusals.body(path, status, type, param, code, getMessage());
    }

    /** The same as part of a stream, in OpenAI's shape. */
    ObjectNode error() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("message", getMessage())
                .put("type", type)
                .put("param", param)
                .put("code", code);
    }

    int status() {
        return status;
    }

    String type() {
        return type;
    }

    /** Turns the refusal into its response. */
    @Provider
    static final class Mapper implements ExceptionMapper<ApiException> {
        private final UriInfo uri;

        Mapper(UriInfo uri) {
            this.uri = uri;
        }

        @Override
        public Response toResponse(ApiException e) {
            Response.ResponseBuilder response = Response.status(e.status)
                    .type(MediaType.APPLICATION_JSON_TYPE)
                    .entity(e.body(uri.getPath()));
            return e.status == 429 || e.status == 503
                    ? response.header("Retry-After", 1).build()
                    : response.build();
        }
    }
}
