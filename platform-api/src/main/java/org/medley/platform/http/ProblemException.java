package org.medley.platform.http;

import java.util.List;

/** A request that cannot be answered as asked; carries what the caller is told. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;
    private final transient List<Problem.FieldError> errors;

    public ProblemException(int status, String code, String detail, List<Problem.FieldError> errors) {
        super(detail);
        this.status = status;
        this.code = code;
        this.errors = List.copyOf(errors);
    }

    /** The body is well-formed and one of its fields cannot be used; the message names the value and what would be. */
    public static ProblemException badField(String field, String message) {
        return new ProblemException(
                400, "INVALID", field + ": " + message, List.of(new Problem.FieldError(field, message)));
    }

    /** Nothing of this id that the caller may see; the same answer whether it is missing or somebody else's. */
    public static ProblemException notFound(String what, Object id) {
        return new ProblemException(404, "NOT_FOUND", "there is no " + what + " " + id, List.of());
    }

    public static ProblemException conflict(String code, String detail) {
        return new ProblemException(409, code, detail, List.of());
    }

    public int status() {
        return status;
    }

    public String code() {
        return code;
    }

    public List<Problem.FieldError> errors() {
        return errors;
    }
}
