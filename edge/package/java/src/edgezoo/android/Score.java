package edgezoo.android;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** One class and what the network thinks of it. */
public final class Score {
    /** The class's index in the network's output. */
    public final int index;

    /** The class's label, or its index as text where the package carries no labels. */
    public final String label;

    public final float value;

    private Score(int index, String label, float value) {
        this.index = index;
        this.label = label;
        this.value = value;
    }

    /**
     * The {@code k} best classes, best first; equal scores keep the order of the output, NaN comes last.
     *
     * @param labels one a score, or an empty list
     */
    public static List<Score> top(float[] scores, List<String> labels, int k) {
        if (!labels.isEmpty() && labels.size() != scores.length) {
            throw new IllegalArgumentException(scores.length + " scores, but " + labels.size() + " labels");
        }
        List<Integer> order = new ArrayList<>(scores.length);
        for (int i = 0; i < scores.length; i++) {
            order.add(i);
        }
        // The sort is stable, and 0.0 equals -0.0 here, unlike in Float.compare.
        Collections.sort(order, (a, b) -> descending(scores[a], scores[b]));
        List<Score> best = new ArrayList<>();
        for (int index : order.subList(0, Math.min(k, order.size()))) {
            best.add(new Score(index, labels.isEmpty() ? String.valueOf(index) : labels.get(index), scores[index]));
        }
        return best;
    }

    private static int descending(float a, float b) {
        if (a != a || b != b) {
            return Boolean.compare(a != a, b != b);
        }
        return a > b ? -1 : a < b ? 1 : 0;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%s (%.4f)", label, value);
    }
}
