package org.medley.runtime.api;

import java.util.LinkedHashMap;
import java.util.Map;

/** What the body of a refusal looks like: in Anthropic's shape for its Messages API, in OpenAI's everywhere else. */
public final class Refusals {
    private Refusals() {}

    /** For what an address of the models' API refuses before its endpoint sees it. */
    public static Map<String, Object> body(String path, int status, String message) {
        String type = status < 500 ? "invalid_request_error" : "server_error";
        String code = switch (status) {
            case 401 -> "invalid_api_key";
            case 403 -> "insufficient_permissions";
            case 404 -> "not_found";
            case 413 -> "request_too_large";
            default -> status < 500 ? "invalid_request" : "internal_error";
        };
        return body(path, status, type, null, code, message);
    }

    /** @param param which field is wrong, or null */
    static Map<String, Object> body(String path, int status, String type, String param, String code, String message) {
        Map<String, Object> error = new LinkedHashMap<>();
        if (path.equals("/v1/messages") || path.startsWith("/v1/messages/")) {
            error.put("type", anthropicType(status));
            error.put("message", message);
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("type", "error");
            body.put("error", error);
            return body;
        }
        error.put("message", message);
        error.put("type", type);
        error.put("param", param);
        error.put("code", code);
        return Map.of("error", error);
    }

    /** What Anthropic's API calls an error of a status. */
    static String anthropicType(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            default -> status < 500 ? "invalid_request_error" : "api_error";
        };
    }
}
