package org.medley.runtime.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** Operators between two values, as in Python. */
final class Arithmetic {
    private Arithmetic() {}

    static Object binary(String operator, Object a, Object b) {
        if (operator.equals("~")) {
            return limited(Values.text(a), Values.text(b));
        }
        if (a instanceof Undefined || b instanceof Undefined) {
            throw Values.undefined(a, b);
        }
        if (operator.equals("+") && a instanceof String left && b instanceof String right) {
            return limited(left, right);
        }
        if (operator.equals("+") && a instanceof List<?> left && b instanceof List<?> right) {
            List<Object> all = new ArrayList<>(left);
            all.addAll(right);
            return all;
        }
        if (operator.equals("%") && a instanceof String format) {
            return Format.percent(format, b instanceof List<?> list ? new ArrayList<>(list) : List.of(b));
        }
        if (operator.equals("*") && (a instanceof String || b instanceof String)) {
            return repeat(a, b);
        }
        Number x = Values.number(a);
        Number y = Values.number(b);
        if (x == null || y == null) {
            throw new TemplateException(
                    "'" + operator + "' cannot be used with " + Values.kind(a) + " and " + Values.kind(b));
        }
        try {
            return x instanceof Long left && y instanceof Long right && !operator.equals("/")
                    ? whole(operator, left, right)
                    : real(operator, x.doubleValue(), y.doubleValue());
        } catch (ArithmeticException e) {
            throw new TemplateException(x + " " + operator + " " + y + ": " + e.getMessage());
        }
    }

    private static String limited(String left, String right) {
        if (left.length() + right.length() > Output.MOST) {
            throw new TemplateException("a string grows beyond " + Output.MOST + " characters");
        }
        return left + right;
    }

    private static String repeat(Object a, Object b) {
        String text = (String) (a instanceof String ? a : b);
        long times = Math.max(0, Values.integer(a instanceof String ? b : a, "how often to repeat"));
        if (!text.isEmpty() && times > Output.MOST / text.length()) {
            throw new TemplateException("a string grows beyond " + Output.MOST + " characters");
        }
        return text.repeat(text.isEmpty() ? 0 : (int) times);
    }

    private static Object whole(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> Math.addExact(a, b);
            case "-" -> Math.subtractExact(a, b);
            case "*" -> Math.multiplyExact(a, b);
            case "//" -> Math.floorDiv(a, b);
            case "%" -> Math.floorMod(a, b);
            default -> b < 0 ? (Object) Math.pow(a, b) : power(a, b);
        };
    }

    private static long power(long a, long b) {
        if (Math.abs(a) > 1 && b > 63) {
            throw new ArithmeticException("too large");
        }
        long result = 1;
        for (long i = 0; i < (Math.abs(a) > 1 ? b : Math.min(b, 2 - b % 2)); i++) {
            result = Math.multiplyExact(result, a);
        }
        return result;
    }

    private static double real(String operator, double a, double b) {
        if (b == 0 && "//%".contains(operator)) {
            throw new ArithmeticException("division by zero");
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - Math.floor(a / b) * b;
            default -> Math.pow(a, b);
        };
    }
}
