package org.medley.runtime.grammar;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Unicode's general categories as sets of code points. */
final class Categories {
    private static final Map<String, Byte> TYPES = Map.ofEntries(
            Map.entry("Lu", Character.UPPERCASE_LETTER),
            Map.entry("Ll", Character.LOWERCASE_LETTER),
            Map.entry("Lt", Character.TITLECASE_LETTER),
            Map.entry("Lm", Character.MODIFIER_LETTER),
            Map.entry("Lo", Character.OTHER_LETTER),
            Map.entry("Mn", Character.NON_SPACING_MARK),
            Map.entry("Mc", Character.COMBINING_SPACING_MARK),
            Map.entry("Me", Character.ENCLOSING_MARK),
            Map.entry("Nd", Character.DECIMAL_DIGIT_NUMBER),
            Map.entry("Nl", Character.LETTER_NUMBER),
            Map.entry("No", Character.OTHER_NUMBER),
            Map.entry("Pc", Character.CONNECTOR_PUNCTUATION),
            Map.entry("Pd", Character.DASH_PUNCTUATION),
            Map.entry("Ps", Character.START_PUNCTUATION),
            Map.entry("Pe", Character.END_PUNCTUATION),
            Map.entry("Pi", Character.INITIAL_QUOTE_PUNCTUATION),
            Map.entry("Pf", Character.FINAL_QUOTE_PUNCTUATION),
            Map.entry("Po", Character.OTHER_PUNCTUATION),
            Map.entry("Sm", Character.MATH_SYMBOL),
            Map.entry("Sc", Character.CURRENCY_SYMBOL),
            Map.entry("Sk", Character.MODIFIER_SYMBOL),
            Map.entry("So", Character.OTHER_SYMBOL),
            Map.entry("Zs", Character.SPACE_SEPARATOR),
            Map.entry("Zl", Character.LINE_SEPARATOR),
            Map.entry("Zp", Character.PARAGRAPH_SEPARATOR));
    private static final Map<String, CodeSet> SETS = new ConcurrentHashMap<>();

    private Categories() {}

    /** @param name such as L or Lu; null is returned for one that does not exist */
    static CodeSet named(String name) {
        List<Byte> types = TYPES.entrySet().stream()
                .filter(entry -> !name.isEmpty() && entry.getKey().startsWith(name))
                .map(Map.Entry::getValue)
                .toList();
        return types.isEmpty() ? null : SETS.computeIfAbsent(name, _ -> of(types));
    }

    private static CodeSet of(List<Byte> types) {
        CodeSet set = CodeSet.NONE;
        int begin = -1;
        for (int c = 0; c <= CodeSet.LAST + 1; c++) {
            boolean in = c <= CodeSet.LAST && types.contains((byte) Character.getType(c));
            if (in && begin < 0) {
                begin = c;
            } else if (!in && begin >= 0) {
                set = set.union(CodeSet.range(begin, c - 1));
                begin = -1;
            }
        }
        return set;
    }
}
