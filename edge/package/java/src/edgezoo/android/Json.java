package edgezoo.android;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A strict reader of JSON (RFC 8259) into Map, List, String, Double, Boolean and null, within limits: no more than
 * {@link #MOST_LEVELS} in one another, and finite numbers.
 *
 * <p>Android's own org.json is a stub that throws in an app's local unit tests; this one runs on any JVM.
 */
final class Json {
    private static final int MOST_LEVELS = 64;

    private final String text;
    private int at;
    private int level;

    private Json(String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException if the text is no JSON object */
    static Map<String, Object> object(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.skipSpace();
        if (json.at != text.length() || !(value instanceof Map)) {
            throw json.error("a single JSON object was expected");
        }
        @SuppressWarnings("unchecked")
        Map<String, Object> object = (Map<String, Object>) value;
        return object;
    }

    /** The whole number in a field, which must be there. */
    static long whole(Map<?, ?> object, String name, long least, long most) {
        return whole(object.get(name), name, least, most);
    }

    /** @throws IllegalArgumentException for what is no whole number from {@code least} to {@code most} */
    static long whole(Object value, String name, long least, long most) {
        double number = value instanceof Double ? (Double) value : Double.NaN;
        if (!(number >= least && number <= most) || number != Math.rint(number)) {
            throw new IllegalArgumentException("the model's metadata is wrong: " + name + " is no whole number from "
                    + least + " to " + most);
        }
        return (long) number;
    }

    private Object value() {
        skipSpace();
        switch (peek()) {
            case '{':
            case '[':
                if (++level > MOST_LEVELS) {
                    throw error("more than " + MOST_LEVELS + " levels in one another");
                }
                Object inner = peek() == '{' ? members() : elements();
                level--;
                return inner;
            case '"':
                return string();
            case 't':
                return literal("true", Boolean.TRUE);
            case 'f':
                return literal("false", Boolean.FALSE);
            case 'n':
                return literal("null", null);
            default:
                return number();
        }
    }

    private Map<String, Object> members() {
        Map<String, Object> members = new LinkedHashMap<>();
        expect('{');
        if (accept('}')) {
            return members;
        }
        do {
            skipSpace();
            String key = string();
            expect(':');
            members.put(key, value());
        } while (accept(','));
        expect('}');
        return members;
    }

    private List<Object> elements() {
        List<Object> elements = new ArrayList<>();
        expect('[');
        if (accept(']')) {
            return elements;
        }
        do {
            elements.add(value());
        } while (accept(','));
        expect(']');
        return elements;
    }

    private String string() {
        if (peek() != '"') {
            throw error("a string was expected");
        }
        at++;
        StringBuilder out = new StringBuilder();
        for (char c = next(); c != '"'; c = next()) {
            if (c < ' ') {
                throw error("a control character stands in a string");
            }
            out.append(c == '\\' ? escape() : c);
        }
        return out.toString();
    }

    private char escape() {
        char c = next();
        switch (c) {
            case '"':
            case '\\':
            case '/':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(next(), 16);
                    if (digit < 0) {
                        throw error("a \\u escape needs four hexadecimal digits");
                    }
                    code = code * 16 + digit;
                }
                return (char) code;
            default:
                throw error("an unknown escape");
        }
    }

    private Double number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String digits = text.substring(start, at);
        if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
            throw error("a value was expected");
        }
        Double value = Double.valueOf(digits);
        if (value.isInfinite()) {
            throw error("a number is beyond those of 64 bits");
        }
        return value;
    }

    private Object literal(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw error("a value was expected");
        }
        at += word.length();
        return value;
    }

    private boolean accept(char c) {
        skipSpace();
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!accept(c)) {
            throw error("'" + c + "' was expected");
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw error("it ends too early");
        }
        return text.charAt(at);
    }

    private char next() {
        char c = peek();
        at++;
        return c;
    }

    private void skipSpace() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private IllegalArgumentException error(String what) {
        return new IllegalArgumentException("broken JSON at character " + at + ": " + what);
    }
}
