package edgezoo.android;

import java.util.List;
import java.util.Map;

/** What is known of a packaged model: the content of its model.json. Immutable, without Android classes. */
public final class ModelInfo {
    public final String name;

    /** Of model.nb, in lower-case hexadecimal. */
    public final String sha256;

    public final long bytes;

    /** The version of opt that wrote the file, e.g. "v2.13-rc"; the runtime library should be as new. */
    public final String optVersion;

    /** Valid targets as given to opt, e.g. "arm" or "opencl,arm". */
    public final String target;

    /** e.g. "fp32". */
    public final String precision;

    /** Which of the predictor's inputs the image is: not 0 where a detector has another one before it. */
    public final int inputIndex;

    public final String inputName;

    /** Of that input, in numpy's words: "float32", or "uint8" and the like; null where the metadata does not say. */
    public final String inputType;

    private final long[] inputShape;

    /** Null for a model whose input is no image, or of which nobody said how images are prepared. */
    public final Preprocessing preprocessing;

    /** 0 where it is not known. */
    public final int classCount;

    /** Top-1 accuracy on ImageNet-1k as published (0 to 1), NaN where nothing was; says nothing of random or own weights. */
    public final float publishedTop1;

    /** "published", "random", "own" or "checkpoint": where the weights come from. */
    public final String sourceKind;

    public final String licence;

    /** Whether labels.txt lies beside the model. */
    public final boolean hasLabels;

    private ModelInfo(Map<String, Object> json) {
        name = checked(json, "name", "[A-Za-z][A-Za-z0-9_]{0,199}"); // a directory is called so, and a file by the hash
        sha256 = checked(json, "sha256", "[0-9a-f]{64}");
        bytes = Json.whole(json, "bytes", 1, 1L << 53);
        optVersion = (String) json.get("opt_version");
        target = (String) json.get("target");
        precision = (String) json.get("precision");
        List<?> inputs = (List<?>) json.get("inputs");
        int image = 0;
        while (image < inputs.size() && ((Map<?, ?>) inputs.get(image)).get("layout") == null) {
            image++;
        }
        inputIndex = image < inputs.size() ? image : 0;
        Map<?, ?> input = (Map<?, ?>) inputs.get(inputIndex);
        inputName = (String) input.get("name");
        inputType = (String) input.get("dtype");
        List<?> shape = (List<?>) input.get("shape");
        inputShape = new long[shape.size()];
        for (int i = 0; i < inputShape.length; i++) {
            inputShape[i] = Json.whole(shape.get(i), "inputs[0].shape", 1, Integer.MAX_VALUE);
        }
        @SuppressWarnings("unchecked")
        Map<String, Object> steps = (Map<String, Object>) json.get("preprocessing");
        preprocessing = steps == null ? null : new Preprocessing(steps);
        classCount = json.get("class_num") == null ? 0 : (int) Json.whole(json, "class_num", 1, Integer.MAX_VALUE);
        Map<?, ?> published = (Map<?, ?>) json.get("published");
        Number top1 = published == null ? null : (Number) published.get("top1");
        publishedTop1 = top1 == null ? Float.NaN : top1.floatValue();
        sourceKind = (String) ((Map<?, ?>) json.get("source")).get("kind");
        licence = (String) json.get("licence");
        hasLabels = json.get("labels") != null;
    }

    /** @throws IllegalArgumentException if the text is no model.json of edgezoo */
    public static ModelInfo parse(String json) {
        try {
            return new ModelInfo(Json.object(json));
        } catch (ClassCastException | NullPointerException | IndexOutOfBoundsException error) {
            throw new IllegalArgumentException("the model's metadata is incomplete: " + error.getMessage(), error);
        }
    }

    private static String checked(Map<?, ?> json, String field, String form) {
        String text = (String) json.get(field);
        if (!text.matches(form)) {
            throw new IllegalArgumentException("the model's metadata is wrong: " + field);
        }
        return text;
    }

    /** The shape of that input, e.g. {1, 3, 224, 224}; what Tensor.resize of Paddle-Lite wants. */
    public long[] inputShape() {
        return inputShape.clone();
    }
}
