package org.medley.runtime.hub;

import java.util.regex.Pattern;

/** A model on a hub by its owner and name, at a branch, tag or commit. */
public record Repository(String owner, String name, String revision) {
    private static final String WORD = "[A-Za-z0-9_][A-Za-z0-9._-]{0,95}";
    private static final Pattern ADDRESS = Pattern.compile("(" + WORD + ")/(" + WORD + ")");
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}");

    public Repository {
        if (!ADDRESS.matcher(owner + "/" + name).matches() || (owner + "/" + name).contains("..")) {
            throw new IllegalArgumentException(
                    "'" + owner + "/" + name + "' is no model's address; it looks like ORG/NAME");
        }
        if (!REVISION.matcher(revision).matches() || revision.contains("..")) {
            throw new IllegalArgumentException("'" + revision + "' is no branch, tag or commit");
        }
    }

    /** @param address ORG/NAME */
    public static Repository of(String address, String revision) {
        String[] parts = address.split("/", -1);
        if (parts.length != 2) {
            throw new IllegalArgumentException("'" + address + "' is no model's address; it looks like ORG/NAME");
        }
        return new Repository(parts[0], parts[1], revision);
    }

    @Override
    public String toString() {
        return owner + "/" + name + " at " + revision;
    }
}
