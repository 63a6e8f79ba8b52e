package org.medley.runtime.text;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Dates in the formats of C's {@code strftime}, English names. */
final class Strftime {
    private Strftime() {}

    static String format(String format, LocalDateTime time) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            boolean plain = format.charAt(i + 1) == '-' && i + 2 < format.length();
            i += plain ? 2 : 1;
            String field = field(format.charAt(i), time);
            out.append(plain ? field.replaceFirst("^0+(?=.)", "") : field);
        }
        return out.toString();
    }

    private static String field(char code, LocalDateTime time) {
        String pattern = switch (code) {
            case 'Y' -> "yyyy";
            case 'y' -> "yy";
            case 'm' -> "MM";
            case 'd' -> "dd";
            case 'e' -> "ppd";
            case 'B' -> "MMMM";
            case 'b', 'h' -> "MMM";
            case 'A' -> "EEEE";
            case 'a' -> "EEE";
            case 'H' -> "HH";
            case 'I' -> "hh";
            case 'M' -> "mm";
            case 'S' -> "ss";
            case 'p' -> "a";
            case 'j' -> "DDD";
            case 'F' -> "yyyy-MM-dd";
            case 'T' -> "HH:mm:ss";
            case 'R' -> "HH:mm";
            case 'D' -> "MM/dd/yy";
            default -> null;
        };
        if (pattern == null) {
            return code == '%' ? "%" : "%" + code;
        }
        return time.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
    }
}
