package org.medley.runtime.grammar;

import java.util.Map;
import java.util.TreeMap;

/**
 * The values of JSON Schema's {@code format} that are held to, each as a pattern for the whole text. Where a standard
 * leaves room for spellings that some readers refuse, the common spelling is the one written.
 */
final class Formats {
    private static final String LEAP_YEAR =
            "(?:[1-9]\\d(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)";
    private static final String DATE = "(?:[1-9]\\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
            + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))|" + LEAP_YEAR + "-02-29)";
    private static final String TIME = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?"
            + "(?:Z|[+](?:0\\d|1[0-7]):[0-5]\\d|-(?:0[1-9]|1[0-7]):[0-5]\\d)";
    private static final String DURATION_TIME =
            "T(?:\\d{1,6}H(?:\\d{1,6}M(?:\\d{1,6}S)?)?|\\d{1,6}M(?:\\d{1,6}S)?|\\d{1,6}S)";
    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
    private static final String LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
    private static final String PATH_CHARACTER = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})";

    private static final Map<String, String> PATTERNS = new TreeMap<>(Map.ofEntries(
            Map.entry("date", DATE),
            Map.entry("time", TIME),
            Map.entry("date-time", DATE + "T" + TIME),
            Map.entry(
                    "duration",
                    "P(?:\\d{1,6}W|" + DURATION_TIME
                            + "|(?:\\d{1,6}Y(?:\\d{1,6}M(?:\\d{1,6}D)?)?|\\d{1,6}M(?:\\d{1,6}D)?|\\d{1,6}D)(?:"
                            + DURATION_TIME + ")?)"),
            Map.entry("uuid", "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
            Map.entry(
                    "email",
                    "[A-Za-z0-9_+-]{1,20}(?:\\.[A-Za-z0-9_+-]{1,20}){0,2}"
                            + "@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?\\.){1,4}[A-Za-z]{2,12}"),
            Map.entry("ipv4", IPV4),
            Map.entry("ipv6", ipv6()),
            Map.entry("hostname", "(?:" + LABEL + "\\.){0,2}" + LABEL),
            Map.entry(
                    "uri",
                    "[a-z][a-z0-9+.-]{0,15}://(?:" + LABEL + "\\.){0,2}" + LABEL
                            + "(?::[1-9]\\d{0,3})?(?:/" + PATH_CHARACTER + "*)*(?:\\?(?:" + PATH_CHARACTER
                            + "|[/?])*)?(?:#(?:" + PATH_CHARACTER + "|[/?])*)?")));

    private Formats() {}

    /** @param place of the keyword, for the refusal */
    static Dfa named(String name, String place, Limits.Budget budget) {
        String pattern = PATTERNS.get(name);
        if (pattern == null) {
            throw new GrammarException(
                    place,
                    "format '" + name + "' is not supported; supported are " + String.join(", ", PATTERNS.keySet()));
        }
        return Regex.whole(pattern, budget);
    }

    /** Eight groups, or fewer with one run of at least two zero groups left out. */
    private static String ipv6() {
        String group = "[0-9a-f]{1,4}";
        StringBuilder all = new StringBuilder("(?:" + group + ":){7}" + group);
        for (int before = 0; before <= 6; before++) {
            all.append('|');
            if (before > 0) {
                all.append("(?:")
                        .append(group)
                        .append(":){")
                        .append(before - 1)
                        .append('}')
                        .append(group);
            }
            all.append("::");
            if (before < 6) {
                all.append("(?:(?:")
                        .append(group)
                        .append(":){0,")
                        .append(5 - before)
                        .append('}')
                        .append(group)
                        .append(")?");
            }
        }
        return "(?:" + all + ")";
    }
}
