package org.medley.platform.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/** What a caller is told of an error (RFC 9457); {@code code} is what programs go by. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Problem(
        String type, String title, int status, String detail, String code, String instance, List<FieldError> errors) {
    public static final String MEDIA_TYPE = "application/problem+json";

    /** One field that cannot be used as it was given. */
    public record FieldError(String field, String message) {}
}
